"""Tables as files that other programs read: Parquet or CSV, by the name."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from sb3_memaug.files import InputError, atomic_write, path_of, read_text

if TYPE_CHECKING:
    import pandas as pd

#: What a table may be called; Parquet needs pyarrow.
SUFFIXES = (".parquet", ".csv")


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
    kind = path.suffix[1:]
    if kind == "csv":
        text = read_text(path)
        heading = next(_rows(path, text), [])
        if len(set(heading)) < len(heading):
            raise InputError(path, f"expected columns with different names, got {heading}"[:300], "line 1")
    try:
        # Wherever the rows of a column are not of one kind, all of them are read as texts.
        table = pd.read_csv(StringIO(text), low_memory=False) if kind == "csv" else pd.read_parquet(path)
    except (FileNotFoundError, ImportError):
        raise
    except Exception as error:  # of pandas and of what it reads Parquet with, which has many kinds
        told = " ".join(f"{error}".split())
        raise InputError(
            path, f"expected a table in {kind.upper()}, got {type(error).__name__}: {told}"[:300]
        ) from error
    if not table.columns.is_unique or not all(isinstance(name, str) for name in table.columns):
        raise InputError(path, f"expected columns with different names, got {list(table.columns)}"[:300])
    return table


def read_rows(path: str | Path) -> Iterator[tuple[int, dict[str, str]]]:
    """
    :param path: of a CSV file
    :return: of each row the line in which it ends, and its texts by the names of the columns
    :raises FileNotFoundError: if there is no such file
    :raises InputError: if it is no CSV, or a row has not as many values as there are columns
    """
    rows = _rows(path, read_text(path))
    columns = next(rows, None)
    if columns is None:
        raise InputError(path, "expected a line with the names of the columns, got nothing")
    if len(set(columns)) < len(columns):
        raise InputError(path, f"expected columns with different names, got {columns}"[:300], "line 1")
    for line, row in enumerate(rows, 2):
        if len(row) != len(columns):
            raise InputError(path, f"expected {len(columns)} values, got {len(row)}", f"row {line - 1}")
        yield line - 1, dict(zip(columns, row, strict=True))


def _rows(path: str | Path, text: str) -> Iterator[list[str]]:
    try:
        yield from (row for row in csv.reader(StringIO(text, newline=""), strict=True) if row)
    except csv.Error as error:
        raise InputError(path, f"expected CSV, got {error}") from error


def _check_suffix(path: Path) -> None:
    if path.suffix not in SUFFIXES:
        raise ValueError(f"the name of a table must end in {' or '.join(SUFFIXES)}, got {str(path)!r}")
