"""Evaluation results as files that other programs read: CSV, which needs nothing, or Parquet, by the name."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sb3_memaug.evaluation.episodes import succeeded
from sb3_memaug.evaluation.generalization import Result
from sb3_memaug.evaluation.table_files import read_rows, read_table, write_table
from sb3_memaug.files import InputError, atomic_write, path_of

if TYPE_CHECKING:
    import pandas as pd


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
    path = Path(path)
    if path.suffix != ".csv":
        return write_table(results_table(results), path)
    with atomic_write(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(Result._fields)
        writer.writerows(results)
    return path


def read_results(path: str | Path) -> list[Result]:
    """
    :param path: of a file that :func:`write_results` wrote; columns of others are left out, and those that came later
        than the first ones (``distance``, ``success``, ``air_time``, ``touchdowns``, ``memory``) may be missing
    :return: its rows
    :raises ValueError: if its name does not end in .csv or .parquet
    :raises FileNotFoundError: if there is no such file
    :raises InputError: if it is no such table: a column is missing, or a value is none of that column
    """
    path = path_of(path)
    if path.suffix == ".csv":
        return [_result(row, path, i) for i, row in read_rows(path)]
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
    **{"seed": int, "length": int, "episode_return": float, "deterministic": _as_bool, "terminated": _as_bool},
    **{"distance": _unless_empty(float), "success": _unless_empty(_as_bool)},
    # A table with gaps has no whole numbers.
    **{"air_time": _unless_empty(float), "touchdowns": _unless_empty(lambda text: int(float(text)))},
}

#: What a message says of them.
_EXPECTED = {
    **{"split": "none, id or ood", "memory": "kept or zeroed"},
    **dict.fromkeys(("seed", "length", "touchdowns"), "a whole number"),
    **dict.fromkeys(("deterministic", "terminated", "success"), "True or False"),
}

#: As they were called when there was CSV alone.
write_csv, read_csv = write_results, read_results
