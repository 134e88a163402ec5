"""Tables of results: as files (Parquet or CSV, by the name), and as they are shown."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from sb3_memaug.disturbances.variation import OPTIONS
from sb3_memaug.evaluation.episodes import succeeded
from sb3_memaug.evaluation.generalization import Result
from sb3_memaug.files import InputError, atomic_write, path_of, read_text

if TYPE_CHECKING:
    import pandas as pd


#: What a table may be called; Parquet needs pyarrow.
SUFFIXES = (".parquet", ".csv")
#: Columns about the variation of a row.
VARIATION_COLUMNS = ("split", "kind", "variation", "joints", "place")
#: Those that older tables lack.
VARIATION = ["kind", "joints", "place"]


def write_table(table: pd.DataFrame, path: str | Path) -> Path:
    """
    :param table: to write, without its index
    :param path: ends in .parquet or .csv; it appears complete or not at all
    :return: the path
    :raises ValueError: if it ends otherwise
    :raises ImportError: if it is Parquet and pyarrow is not installed
    """
    path = Path(path)
    _check_suffix(path)
    with atomic_write(path) as part:
        if path.suffix == ".csv":
            table.to_csv(part, index=False)
        else:
            table.to_parquet(part, index=False)
    return path


def read_table(path: str | Path) -> pd.DataFrame:
    """
    :param path: of a file that :func:`write_table` wrote
    :return: its rows
    :raises ValueError: if its name does not end in .parquet or .csv
    :raises FileNotFoundError: if there is no such file
    :raises InputError: if it is no such table, or two of its columns have the same name
    """
    import pandas as pd

    path = path_of(path)
    _check_suffix(path)
    if path.suffix == ".csv":
        text = read_text(path)
        _csv_texts(text, path, 1)
    try:
        # Wherever the rows of a column are not of one kind, all of them are read as texts.
        table = pd.read_csv(StringIO(text), low_memory=False) if path.suffix == ".csv" else pd.read_parquet(path)
    except (FileNotFoundError, ImportError):
        raise
    except Exception as error:  # of pandas and of what it reads Parquet with, which has many kinds
        message = " ".join(f"{error}".split())
        raise InputError(
            path, f"expected a table in {path.suffix[1:].upper()}, got {type(error).__name__}: {message}"[:300]
        ) from error
    if not table.columns.is_unique or not all(isinstance(name, str) for name in table.columns):
        raise InputError(path, f"expected columns with different names, got {list(table.columns)}"[:300])
    return with_variation_columns(table)


def _csv_texts(text: str, path: Path, n_rows: int | None = None) -> pd.DataFrame:
    """The rows of a CSV file with their names of columns, all of them texts, refused unless each row has as many."""
    import pandas as pd

    how: dict[str, Any] = {"header": None, "dtype": str, "keep_default_na": False, "engine": "python", "nrows": n_rows}
    try:
        rows = pd.read_csv(StringIO(text), **how)
    except pd.errors.EmptyDataError as error:
        raise InputError(path, "expected a line with the names of the columns, got nothing") from error
    except pd.errors.ParserError as error:
        found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", f"{error}")
        if found is None:
            raise InputError(path, f"expected CSV, got {error}"[:300]) from error
        expected, line, given = map(int, found.groups())
        raise InputError(path, f"expected {expected} values, got {given}", f"row {line - 1}") from error
    heading = rows.iloc[0].tolist()
    if len(set(heading)) < len(heading):
        raise InputError(path, f"expected columns with different names, got {heading}"[:300], "line 1")
    # The texts of a row that ends too early are filled up with None.
    for number in rows.index[rows.isna().any(axis=1)]:
        given = int(rows.loc[number].notna().sum())
        raise InputError(path, f"expected {len(heading)} values, got {given}", f"row {number}")
    return rows.iloc[1:].set_axis(heading, axis=1)


def with_variation_columns(table: pd.DataFrame) -> pd.DataFrame:
    """
    :param table: of runs, new or from before there were the columns :data:`VARIATION`
    :return: the same with these columns where it has a column ``variation``; what they lack is read off its names
    """
    if "variation" not in table:
        return table
    table = table.assign(**{name: table[name].astype(object) if name in table else None for name in VARIATION})
    old = table["kind"].isna() | (table["kind"] == "")
    for variation in table.loc[old, "variation"].unique():
        rows = old & (table["variation"] == variation)
        table.loc[rows, VARIATION] = _read_variation(str(variation))
    return table.fillna(dict.fromkeys(VARIATION, ""))


def _read_variation(name: str) -> tuple[str, str, str]:
    """Kind, joints and place of ``"motor_front_leftL_joint"``, ``"payload_front_left"`` and the like."""
    if name == "none":
        return "none", "", ""
    words = [word.rstrip("LR") for word in re.split("[_+]", name)]
    sides = [{word for word in words if word in pair} for pair in (("front", "back"), ("left", "right"))]
    place = " ".join(word for side in sides for word in side) if max(map(len, sides)) < 2 else ""
    return ("payload", "", place) if name.startswith("payload") else ("joint_failure", name, place)


def _check_suffix(path: Path) -> None:
    if path.suffix not in SUFFIXES:
        raise ValueError(f"the name of a table must end in {' or '.join(SUFFIXES)}, got {str(path)!r}")


def results_table(results: Iterable[Result]) -> pd.DataFrame:
    """
    :param results: a row each
    :return: the same with a column for each field of :class:`~sb3_memaug.evaluation.generalization.Result`; of
        distances, air times and touch-downs what is not known is NaN
    """
    import pandas as pd

    table = pd.DataFrame(list(results), columns=list(Result._fields))
    table["success"] = table["success"].astype(object)
    return table.astype(dict.fromkeys(("distance", "air_time", "touchdowns"), float))


def write_results(results: Iterable[Result], path: str | Path) -> Path:
    """
    :param results: a row each
    :param path: to write, ends in .csv or .parquet; it appears complete or not at all
    :return: the path
    :raises ValueError: if it ends otherwise
    :raises ImportError: if it is Parquet, and pandas or pyarrow is not installed
    """
    table = results_table(results)
    if Path(path).suffix == ".csv":
        table = table.astype({"touchdowns": "Int64"})  # whole numbers beside gaps
    return write_table(table, path)


def read_results(path: str | Path) -> list[Result]:
    """
    :param path: of a file that :func:`write_results` wrote; columns of others are left out, and those that came later
        than the first ones (``distance``, ``success``, ``air_time``, ``touchdowns``, ``memory``, ``kind``, ``joints``,
        ``place``) may be missing
    :return: its rows
    :raises ValueError: if its name does not end in .csv or .parquet
    :raises FileNotFoundError: if there is no such file
    :raises InputError: if it is no such table: a column is missing, or a value is none of that column
    """
    path = path_of(path)
    if path.suffix == ".csv":
        records = with_variation_columns(_csv_texts(read_text(path), path)).to_dict("records")
    else:
        records = read_table(path).to_dict("records")
    return [_result({n: _text(value) for n, value in row.items()}, path, i) for i, row in enumerate(records, 1)]


def _text(value: Any) -> str:
    """As CSV has it."""
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)


def _result(row: dict[str, str], path: Path, number: int) -> Result:
    missing = [name for name in Result._fields if name not in row and name not in Result._field_defaults]
    if missing:
        raise InputError(path, f"expected the columns {', '.join(Result._fields)}; it lacks {', '.join(missing)}")
    values = {}
    for name, read in _READERS.items():
        if name in row:
            try:
                values[name] = read(row[name])
            except (ValueError, OverflowError) as error:
                told = f"expected {_EXPECTED.get(name, 'a number')}, got {row[name]!r}"[:300]
                raise InputError(path, told, f"row {number}, column {name}") from error
    result = Result(**values)
    if "success" in row:
        return result
    return result._replace(success=succeeded(result.distance, result.terminated))


def _as_bool(text: str) -> bool:
    if text not in ("True", "False"):
        raise ValueError(text)
    return text == "True"


def _one_of(*texts: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in texts:
            raise ValueError(text)
        return text

    return read


def _unless_empty(read: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: read(text) if text else None


#: How each column is read back.
_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(Result._fields, str),
    **{"split": _one_of("none", "id", "ood"), "memory": _one_of("kept", "zeroed")},
    "kind": _one_of("none", *OPTIONS),
    **{"seed": int, "length": int, "episode_return": float, "deterministic": _as_bool, "terminated": _as_bool},
    **{"distance": _unless_empty(float), "success": _unless_empty(_as_bool)},
    # A table with gaps has no whole numbers.
    **{"air_time": _unless_empty(float), "touchdowns": _unless_empty(lambda text: int(float(text)))},
}

#: What a message says of them.
_EXPECTED = {
    **{"split": "none, id or ood", "memory": "kept or zeroed", "kind": f"none, {' or '.join(OPTIONS)}"},
    **dict.fromkeys(("seed", "length", "touchdowns"), "a whole number"),
    **dict.fromkeys(("deterministic", "terminated", "success"), "True or False"),
}

#: As they were called when there was CSV alone.
write_csv, read_csv = write_results, read_results


#: In the order in which they are shown.
SPLITS = ("none", "id", "ood")
#: What a disturbance is called, by its kind.
NOUNS = {"none": "variation", "joint_failure": "failure", "payload": "payload"}


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
    nouns = {NOUNS.get(r.kind, "variation") for r in results if r.split != "none"}
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
