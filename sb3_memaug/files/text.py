"""Reading files that users wrote: in UTF-8, and with one error that says what is wrong and where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

#: Bytes of a file that is read as text, by default.
LARGEST = 2**28
#: Characters of what came that a message shows.
LONGEST = 300


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


@contextmanager
def located(source: Any, place: str = "") -> Iterator[None]:
    """
    What is wrong with a part of a file is told with the file and the place.

    :param source: of what is looked at meanwhile
    :param place: within it
    :raises InputError: in place of a :class:`ValueError`; of one that tells a place, the place is below this one
    """
    try:
        yield
    except InputError as error:
        raise InputError(source, error.problem, ".".join(filter(None, (place, error.place)))) from error
    except ValueError as error:
        raise InputError(source, str(error), place) from error


def path_of(path: Any) -> Path:
    """
    :param path: of a file
    :return: the same
    :raises InputError: if it is neither a text nor a path
    """
    if not isinstance(path, str | PathLike):
        raise InputError("the path of a file", f"expected a text, got {path!r}"[:LONGEST])
    return Path(path)


def read_text(path: Any, largest: int = LARGEST) -> str:
    """
    :param path: of a file in UTF-8, on disk or in a package
    :param largest: number of bytes that it may have
    :return: what it holds, without a byte order mark
    :raises FileNotFoundError: if there is no such file
    :raises InputError: if it is in another encoding, too large, or no file that can be read
    """
    path = path if hasattr(path, "read_bytes") else path_of(path)
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"{path}"[:LONGEST], f"expected a file that can be read, got {error}"[:LONGEST]) from error
    if len(content) > largest:
        raise InputError(path, f"expected at most {largest} bytes, and there are more")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            path, f"expected text in UTF-8, got the byte 0x{error.object[error.start]:02x}", f"byte {error.start}"
        ) from error
