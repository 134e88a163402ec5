"""Tables of evaluation results that are shown to people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from sb3_memaug.evaluation.generalization import Result

#: In the order in which they are shown.
SPLITS = ("none", "id", "ood")


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
    :return: share of episodes that succeed, see :func:`~sb3_memaug.evaluation.episodes.succeeded`; nan where nothing
        matches or there is no target
    """
    chosen = [r.success for r in results if all(getattr(r, name) == value for name, value in where.items())]
    told = [success for success in chosen if success is not None]
    return fmean(told) if told else float("nan")


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
    splits = _splits(results)
    names = _split_names(results)
    rows = [["policy", "environment", "actions", *(names[split] for split in splits)]]
    for policy, env, deterministic, memory in dict.fromkeys(
        (r.policy, r.env, r.deterministic, r.memory) for r in results
    ):
        where = {"policy": policy, "env": env, "deterministic": deterministic, "memory": memory}
        cells = []
        for split in splits:
            mean, success = (of(results, split=split, **where) for of in (mean_return, success_rate))
            cells.append(f"{mean:.1f}" + (f" ({success:.0%} there)" if success == success else ""))
        name = policy if memory == "kept" else f"{policy}, memory {memory}"
        rows.append([name, env, _actions(deterministic), *cells])
    return _markdown(rows)


def memory_table(results: Sequence[Result]) -> str:
    """
    :param results: of policies with memory, on the same episodes with memory kept and zeroed
    :return: a Markdown table of what the mean return loses without memory, a row for each policy, environment, way of
        acting and split, in % of the absolute value of that with memory; policies without memory are left out
    """
    names = _split_names(results)
    rows = [["policy", "environment", "actions", "tasks", "kept", "zeroed", "difference"]]
    for policy, env, deterministic in dict.fromkeys(
        (r.policy, r.env, r.deterministic) for r in results if r.memory == "zeroed"
    ):
        for split in _splits(results):
            where = {"policy": policy, "env": env, "deterministic": deterministic, "split": split}
            kept, zeroed = (mean_return(results, memory=memory, **where) for memory in ("kept", "zeroed"))
            if zeroed == zeroed:
                difference = f"{(zeroed - kept) / abs(kept):+.1%}" if kept else "nan"
                means = (f"{kept:.1f}", f"{zeroed:.1f}", difference)
                rows.append([policy, env, _actions(deterministic), names[split], *means])
    return _markdown(rows)


def _splits(results: Iterable[Result]) -> list[str]:
    found = {r.split for r in results}
    return [split for split in SPLITS if split in found]


def _split_names(results: Iterable[Result]) -> dict[str, str]:
    noun = variation_noun(results)
    return {"none": f"no {noun}", "id": f"ID {noun}s", "ood": f"OOD {noun}s"}


def _actions(deterministic: bool) -> str:
    return "mean" if deterministic else "sampled"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    """Of a heading and the rows below it."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    heading, *rest = rows
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (heading, ["-" * width for width in widths], *rest)
    )
