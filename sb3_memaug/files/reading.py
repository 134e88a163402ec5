"""Reading files that users wrote: in UTF-8, and with one error that says what is wrong and where."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
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


#: Bytes of a file of plain data.
LARGEST_PLAIN = 2**24
#: How deep lists and mappings may lie in one another.
DEEPEST = 50
#: Values that a file may hold, those that YAML's aliases repeat counted each time.
MOST = 1_000_000


def read_json(path: Any, finite: bool = True) -> Any:
    """
    :param path: of a JSON file, on disk or in a package
    :param finite: whether NaN and Infinity, which JSON itself does not know, are refused
    :return: what it holds
    :raises FileNotFoundError: if there is no such file
    :raises InputError: if it is no JSON, repeats a key, is too deep or too large, or holds such a number or half a
        character
    """
    text = read_text(path, LARGEST_PLAIN)

    def number(literal: str) -> float:
        value = float(literal)
        if finite and not math.isfinite(value):
            raise InputError(path, f"expected finite numbers, got {literal[:LONGEST]}")
        return value

    try:
        content = json.loads(
            text,
            object_pairs_hook=lambda pairs: _without_repetition(path, pairs),
            parse_float=number,
            parse_constant=number,
        )
    except json.JSONDecodeError as error:
        problem = f"{_name(path)} is no JSON file: {error.msg}"
        raise InputError(path, problem, f"line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise InputError(path, _TOO_DEEP) from error
    except InputError:
        raise
    except ValueError as error:  # a whole number of too many digits
        raise InputError(path, f"{_name(path)} is no JSON file: {error}") from error
    _check(path, content)
    return content


def read_yaml(path: Any) -> Any:
    """
    :param path: of a YAML file, on disk or in a package
    :return: what it holds
    :raises FileNotFoundError: if there is no such file
    :raises InputError: if it is no YAML, repeats a key, is too deep or, with its aliases written out, too large, or
        holds half a character or a number that is none
    """
    import yaml  # comes with the extras that have anything to do with it

    from sb3_memaug.files.yaml_loader import Loader

    text = read_text(path, LARGEST_PLAIN)
    try:
        content = yaml.load(text, Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}"
        told = " ".join(filter(None, (error.context, error.problem)))
        raise InputError(path, f"{_name(path)} is no YAML: {told}"[:LONGEST], place) from error
    except yaml.YAMLError as error:
        told = re.sub(r"\s+", " ", str(error))
        raise InputError(path, f"{_name(path)} is no YAML: {told}"[:LONGEST]) from error
    except RecursionError as error:
        raise InputError(path, _TOO_DEEP) from error
    _check(path, content)
    return content


_TOO_DEEP = f"expected lists and mappings at most {DEEPEST} deep in one another"


def _name(path: Any) -> str:
    return getattr(path, "name", str(path))


def _without_repetition(path: Any, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        key, n = Counter(key for key, _ in pairs).most_common(1)[0]
        raise InputError(path, f"expected each key once, got {key!r} {n} times in one object"[:LONGEST])
    return found


def _check(path: Any, content: Any) -> None:
    """Not too deep, and of characters that can be written again."""
    level = [content]
    for _ in range(DEEPEST + 1):
        if not level:
            return
        for text in (value for value in level if isinstance(value, str)):
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise InputError(path, f"expected whole characters, got half of one in {text!r}"[:LONGEST]) from error
        below = [key for value in level if isinstance(value, dict) for key in value]
        below += [one for value in level if isinstance(value, dict) for one in value.values()]
        level = below + [one for value in level if isinstance(value, list | tuple | set) for one in value]
    raise InputError(path, _TOO_DEEP)
