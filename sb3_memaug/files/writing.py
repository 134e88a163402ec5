"""Files that appear complete or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """
    >>> with atomic_write("table.csv") as part:  # doctest: +SKIP
    ...     table.to_csv(part)

    :param path: of a file or a folder to write; the folder that it is in is made where there is none
    :return: of the file or folder to write meanwhile, in the same folder and with the same suffix. In the end it takes
        the place of the other, or is removed where something went wrong. A folder takes the place of none or an empty
        one only
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part.{path.name}")
    _remove(part)
    try:
        yield part
        os.replace(part, path)
    finally:
        _remove(part)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> Path:
    """
    :param path: of the file to write
    :param text: that it shall hold, in UTF-8
    :return: the path
    """
    with atomic_write(path) as part:
        part.write_text(text, encoding="utf-8")
    return Path(path)


def write_json(path: str | Path, content: Any, indent: int | None = None) -> Path:
    """
    :param path: of the file to write
    :param content: plain data
    :param indent: of lines, None for a single one
    :return: the path
    """
    return write_text(path, json.dumps(content, indent=indent) + "\n")


def write_yaml(path: str | Path, content: Any) -> Path:
    """
    :param path: of the file to write
    :param content: plain data
    :return: the path
    """
    import yaml  # comes with the extras that need it

    return write_text(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
