"""Tables of evaluation results: written for other programs, and shown to people."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from sb3_memaug.evaluation.generalization import Result

#: m, from a target.
REACHED = 0.25


def write_csv(results: Iterable[Result], path: str | Path) -> Path:
    """
    :param results: a row each
    :param path: to write; it appears complete or not at all
    :return: the path
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Result._fields)
        writer.writerows(results)
    os.replace(part, path)
    return path


def read_csv(path: str | Path) -> list[Result]:
    """
    :param path: of a file that :func:`write_csv` wrote; columns of others are left out, distances may be missing
    :return: its rows
    """
    with Path(path).open(newline="") as file:
        return [
            Result(**{name: read(row[name]) for name, read in _READERS.items() if name in row})
            for row in csv.DictReader(file)
        ]


def _as_bool(text: str) -> bool:
    return text == "True"


def _as_distance(text: str) -> float | None:
    return float(text) if text else None


#: How each column is read back.
_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(Result._fields, str),
    **{"seed": int, "length": int, "episode_return": float, "deterministic": _as_bool, "terminated": _as_bool},
    "distance": _as_distance,
}


def mean_return(results: Iterable[Result], **where: object) -> float:
    """
    :param results: to average
    :param where: values that fields must have, e.g. ``split="ood"``
    :return: mean episode return, nan where nothing matches
    """
    chosen = [r.episode_return for r in results if all(getattr(r, name) == value for name, value in where.items())]
    return fmean(chosen) if chosen else float("nan")


def success_rate(results: Iterable[Result], **where: object) -> float:
    """
    :param results: of tasks with a target
    :param where: values that fields must have, e.g. ``split="ood"``
    :return: share of episodes that end within :data:`REACHED` of it, without a fall; nan where nothing matches or there
        is no target
    """
    chosen = [
        r.distance <= REACHED and not r.terminated
        for r in results
        if r.distance is not None and all(getattr(r, name) == value for name, value in where.items())
    ]
    return fmean(chosen) if chosen else float("nan")


def variation_noun(results: Iterable[Result]) -> str:
    """
    :param results: of one or more environments
    :return: what varies in them: ``"failure"``, ``"payload"``, or ``"variation"`` where both do
    """
    nouns = {"payload" if r.variation.startswith("payload") else "failure" for r in results if r.split != "none"}
    return nouns.pop() if len(nouns) == 1 else "variation"


def split_table(results: Sequence[Result]) -> str:
    """
    :param results: of one or more policies
    :return: a Markdown table of mean returns, a row for each policy, environment and way of acting; beside them, where
        there is a target, the share of episodes that reached it
    """
    splits = [split for split in ("none", "id", "ood") if any(r.split == split for r in results)]
    noun = variation_noun(results)
    names = {"none": f"no {noun}", "id": f"ID {noun}s", "ood": f"OOD {noun}s"}
    rows = [["policy", "environment", "actions", *(names[split] for split in splits)]]
    for policy, env, deterministic in dict.fromkeys((r.policy, r.env, r.deterministic) for r in results):
        where = {"policy": policy, "env": env, "deterministic": deterministic}
        cells = []
        for split in splits:
            mean, success = (of(results, split=split, **where) for of in (mean_return, success_rate))
            cells.append(f"{mean:.1f}" + (f" ({success:.0%} there)" if success == success else ""))
        rows.append([policy, env, "mean" if deterministic else "sampled", *cells])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    )
