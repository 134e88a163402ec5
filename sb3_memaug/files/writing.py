"""Files that appear complete or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def complete(path: str | Path) -> Iterator[Path]:
    """
    >>> with complete("table.csv") as part:  # doctest: +SKIP
    ...     table.to_csv(part)

    :param path: of a file to write, in a folder that is made where there is none
    :return: of the file to write meanwhile, in the same folder and with the same suffix; in the end it takes the place
        of the other, or is removed where something went wrong
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part.{path.name}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> Path:
    """
    :param path: of the file to write
    :param text: that it shall hold, in UTF-8
    :return: the path
    """
    with complete(path) as part:
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
    import yaml  # comes with the extras that have anything to do with it

    return write_text(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
