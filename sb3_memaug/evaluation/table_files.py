"""Tables as files that other programs read: Parquet or CSV, by the name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

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
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part.{path.name}")
    if path.suffix == ".csv":
        table.to_csv(part, index=False)
    elif path.suffix == ".parquet":
        table.to_parquet(part, index=False)
    else:
        raise ValueError(f"the name of a table must end in {' or '.join(SUFFIXES)}, got {str(path)!r}")
    os.replace(part, path)
    return path


def read_table(path: str | Path) -> pd.DataFrame:
    """
    :param path: of a file that :func:`write_table` wrote
    :return: its rows
    :raises ValueError: if its name does not end in .parquet or .csv
    """
    import pandas as pd

    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise ValueError(f"the name of a table must end in {' or '.join(SUFFIXES)}, got {str(path)!r}")
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
