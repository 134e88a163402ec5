"""Reading files that users wrote: in UTF-8, and with one error that says what is wrong and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class InputError(ValueError):
    """
    A file, or a part of one, that cannot be used.

    :param source: the file, or what else was read, such as ``"the text"``
    :param problem: what was expected and what came, and how to mend it
    :param place: within the source, such as ``"line 3"`` or ``"policies.mine.algo"``; empty for all of it
    """

    def __init__(self, source: Any, problem: str, place: str = "") -> None:
        self.source, self.place, self.problem = str(source), place, problem
        super().__init__(f"{self.source}{f', {place}' if place else ''}: {problem}")

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str]]:
        # Runs of an experiment fail in processes of their own, and their errors are sent to the first one.
        return type(self), (self.source, self.problem, self.place)


def read_text(path: Any) -> str:
    """
    :param path: of a file in UTF-8, on disk or in a package
    :return: what it holds, without a byte order mark
    :raises FileNotFoundError: if there is no such file
    :raises InputError: if it is in another encoding
    """
    path = Path(path) if isinstance(path, str) else path
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            path, f"expected text in UTF-8, got the byte 0x{error.object[error.start]:02x}", f"byte {error.start}"
        ) from error
