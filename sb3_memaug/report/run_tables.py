"""The tables that runs leave behind, gathered from a folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sb3_memaug.evaluation.tables import SUFFIXES, VARIATION, read_table, write_table
from sb3_memaug.files import InputError, atomic_write, read_yaml, write_yaml

if TYPE_CHECKING:
    import pandas as pd


#: Which run a row is of.
RUN = ["env", "policy", "training_seed"]
#: The page of a report: what lies beside it was drawn from tables and is none of them.
PAGE = "report.html"


class RunTables(NamedTuple):
    """
    Each row begins with ``env``, ``policy`` and ``training_seed``: which run it is of. A table that no run left is
    empty. Rows with a ``variation`` say its ``kind`` (``"none"``, ``"joint_failure"``, ``"payload"``), the ``joints``
    that fail, with ``+`` between them, and its ``place`` on the robot, such as ``"front left"``, empty where unknown.

    :param episodes: a row for each episode of the evaluation, the fields of
        :class:`~sb3_memaug.evaluation.generalization.Result`
    :param learning: ``timesteps``, ``seconds``, ``split``, ``episode_return``: mean returns on none, ID and OOD tasks,
        measured now and then during training
    :param trajectories: ``split``, ``variation``, ``seed``, ``mirror``, ``time``, ``x``, ``y``, ``heading``, and for
        each foot ``contact_FOOT``, ``x_FOOT``, ``y_FOOT``, of one episode or a few for each variation
    :param latents: ``split``, ``variation``, ``seed``, ``mirror``, ``step``, ``pc1``, ``pc2``: outputs of the actor's
        LSTM on the two principal components of its run
    :param latent_symmetry: ``mirror``, ``asymmetry``, ``explained_variance``: of the clusters of latents
    :param settings: of each run, as it wrote them
    :param videos: paths, named ``ENV_POLICY_VARIATION.mp4``
    """

    episodes: pd.DataFrame
    learning: pd.DataFrame
    trajectories: pd.DataFrame
    latents: pd.DataFrame
    latent_symmetry: pd.DataFrame
    settings: list[dict[str, Any]]
    videos: list[Path]


#: The fields that are tables.
TABLES = RunTables._fields[:5]


def read_run_tables(folder: str | Path) -> RunTables:
    """
    :param folder: of an experiment, with a folder for each run however deep in it; or of tables that
        :func:`write_run_tables` merged
    :return: all that lies in it, but for reports and what is hidden
    :raises ValueError: if there is no table of episodes, a table is not one of runs, or two files hold the same run
    """
    import pandas as pd

    files = _files(Path(folder))
    tables = {}
    for name in TABLES:
        parts = _parts([path for path in files if path.stem == name and path.suffix in SUFFIXES])
        table = _with_booleans(pd.concat(parts, ignore_index=True)) if parts else pd.DataFrame(columns=RUN)
        tables[name] = table
    if tables["episodes"].empty:
        raise ValueError(
            f"there is no episode of any run in {str(folder)!r}: a run that has been evaluated leaves a table "
            f"{' or '.join('episodes' + suffix for suffix in SUFFIXES)}; name a folder with such files in it"
        )
    return RunTables(**tables, settings=_settings(files), videos=[path for path in files if path.suffix == ".mp4"])


def write_run_tables(tables: RunTables, folder: str | Path, suffix: str = ".parquet") -> Path:
    """
    :param tables: to write, merged into one file each, beside ``runs.yml`` and ``videos/``
    :param folder: to write them to; :func:`read_run_tables` reads them from there
    :param suffix: ``".parquet"`` or ``".csv"``
    :return: the folder
    """
    folder = Path(folder)
    for name in TABLES:
        if not getattr(tables, name).empty:
            write_table(getattr(tables, name), folder / f"{name}{suffix}")
    if tables.settings:
        write_yaml(folder / "runs.yml", tables.settings)
    copy_videos(tables.videos, folder / "videos")
    return folder


def copy_videos(videos: list[Path], folder: Path) -> list[Path]:
    """
    :param videos: to copy
    :param folder: for them
    :return: the copies, numbered where runs with different seeds gave theirs the same name
    """
    copies: list[Path] = []
    for path in videos:
        copy, n = folder / path.name, 1
        while copy in copies:
            n += 1
            copy = folder / f"{path.stem}_{n}{path.suffix}"
        with atomic_write(copy) as part:
            shutil.copyfile(path, part)
        copies.append(copy)
    return copies


def _files(folder: Path) -> list[Path]:
    """Those of runs, in an order that any machine gives them."""
    found = []
    for parent, folders, names in os.walk(folder):
        drawn = ("figures", "tables", "videos") if PAGE in names else ()
        folders[:] = sorted(name for name in folders if name not in drawn and not name.startswith("."))
        found += [Path(parent, name) for name in sorted(names) if not name.startswith(".")]
    return found


def _parts(paths: list[Path]) -> list[pd.DataFrame]:
    """What the files hold, each run in one of them only."""
    parts: list[pd.DataFrame] = []
    source: dict[Any, Path] = {}
    for path in paths:
        part = read_table(path)
        missing = [column for column in RUN if column not in part.columns]
        if missing:
            raise InputError(
                path, f"each row of {path.name} must say which run it is of; there is no column {', '.join(missing)}"
            )
        check_columns(part, path)
        for run in part[RUN].drop_duplicates().itertuples(index=False):
            env, policy, seed = run
            if run in source:
                raise ValueError(
                    f"{policy} on {env} with seed {seed} lies in both {source[run]} and {path}: leave one of them there"
                )
            source[run] = path
        if not part.empty:
            # Only Parquet distinguishes missing texts from missing numbers.
            unknown = part.columns[part.isna().all()]
            parts.append(part.astype(dict.fromkeys(unknown, float)))
    return parts


def _with_booleans(table: pd.DataFrame) -> pd.DataFrame:
    """CSV, Parquet and what joins tables differ in what stands beside True and False where nothing is known: None."""
    for column in table.select_dtypes("object").columns:
        known = table[column].notna()
        if not known.all() and table.loc[known, column].isin([True, False]).all():
            table[column] = table[column].map({True: True, False: False}).astype(object).where(known, None)
    return table


def _settings(files: list[Path]) -> list[dict[str, Any]]:
    found = []
    for path in files:
        if path.name in ("run.yml", "runs.yml"):
            content = read_yaml(path)
            runs = content if isinstance(content, list) else [content]
            for number, run in enumerate(runs):
                _check_settings(run, path, str(number) if isinstance(content, list) else "")
            found += runs
    return found


def _check_settings(run: Any, path: Path, place: str) -> None:
    if not isinstance(run, dict) or [key for key in RUN if key not in run]:
        raise InputError(path, f"expected the settings of a run, with {', '.join(RUN)}, got {run!r}"[:300], place)
    kinds = {"env": str, "policy": str, "training_seed": int, "command": str, "experiment": str}
    for key, kind in kinds.items():
        if key in run and (not isinstance(run[key], kind) or isinstance(run[key], bool) or run[key] == ""):
            expected = "a text that is not empty" if kind is str else "a whole number"
            raise InputError(path, f"expected {expected}, got {run[key]!r}"[:300], ".".join(filter(None, (place, key))))


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float | np.floating) and bool(np.isnan(value)))


def _is_bool(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not _is_bool(value) and -(2**63) <= int(value) < 2**63


def _is_number(value: Any) -> bool:
    return _is_whole(value) or _is_nothing(value) or isinstance(value, float | np.floating)


#: What a message calls them, and what a value of such a column is.
_TEXT: tuple[str, Callable[[Any], bool]] = "texts", lambda value: isinstance(value, str)
_TEXT_OR_NOTHING: tuple[str, Callable[[Any], bool]] = "texts", lambda v: isinstance(v, str) or _is_nothing(v)
_WHOLE: tuple[str, Callable[[Any], bool]] = "whole numbers", _is_whole
_BOOL: tuple[str, Callable[[Any], bool]] = "True or False", _is_bool
_UNKNOWN: tuple[str, Callable[[Any], bool]] = "True, False or nothing", lambda v: _is_bool(v) or _is_nothing(v)
_NUMBER: tuple[str, Callable[[Any], bool]] = "numbers", _is_number

#: What each column holds, in whichever table it is.
_COLUMNS = {
    **dict.fromkeys(("env", "policy", "split", "variation", "mirror", "memory"), _TEXT),
    **dict.fromkeys(VARIATION, _TEXT_OR_NOTHING),
    **dict.fromkeys(("training_seed", "seed", "timesteps", "step", "length"), _WHOLE),
    **dict.fromkeys(("deterministic", "terminated"), _BOOL),
    **dict.fromkeys(("success",), _UNKNOWN),
    **dict.fromkeys(("episode_return", "distance", "air_time", "touchdowns", "seconds"), _NUMBER),
    **dict.fromkeys(("time", "x", "y", "heading", "target_x", "target_y"), _NUMBER),
    **dict.fromkeys(("pc1", "pc2", "asymmetry", "explained_variance"), _NUMBER),
}
#: Of feet, by the beginnings of their names.
_OF_FEET = {"contact_": _UNKNOWN, "x_": _NUMBER, "y_": _NUMBER}

#: What a report needs of a table that is not empty; of episodes that is asked for where they are scored.
NEEDED = {
    "learning": ("timesteps", "seconds", "split", "episode_return"),
    "trajectories": ("split", "variation", "seed", "mirror", "time", "x", "y", "heading"),
    "latents": ("split", "variation", "seed", "mirror", "step", "pc1", "pc2"),
    "latent_symmetry": ("mirror", "asymmetry", "explained_variance"),
}


def check_columns(table: pd.DataFrame, path: Path) -> None:
    """
    :param table: of runs
    :param path: that it was read from
    :raises InputError: if a column of a known name holds something else than it should
    """
    for column in table.columns:
        of_feet = next((kind for start, kind in _OF_FEET.items() if column.startswith(start)), None)
        kind = _COLUMNS.get(column, of_feet)
        if kind is None:
            continue
        expected, holds = kind
        # Of the others, one value is as good as all.
        values = table[column] if table[column].dtype == object else table[column].iloc[:1]
        for number, value in enumerate(values, 1):
            if not holds(value):
                raise InputError(path, f"expected {expected}, got {value!r}"[:300], f"column {column}, row {number}")
