"""
Reading files that users wrote, text, JSON and YAML, with one error that says what is wrong and where.

Plain data is bounded in depth and size, and has no key twice.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

#: Bytes of a file that is read as text, by default.
LARGEST = 2**28
#: Bytes of a file of plain data.
LARGEST_PLAIN = 2**24
#: Characters of what came that a message shows.
LONGEST = 300
#: How deep lists and mappings may lie in one another.
DEEPEST = 50
#: Values that a file may hold, those that YAML's aliases repeat counted each time.
MOST = 1_000_000

_TOO_DEEP = f"expected lists and mappings at most {DEEPEST} deep in one another"


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
    Errors of a part of a file name the file and the place.

    :param source: of what is looked at meanwhile
    :param place: within it
    :raises InputError: in place of a :class:`ValueError`; of one that names a place, the place is below this one
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
    import yaml  # comes with the extras that need it

    text = read_text(path, LARGEST_PLAIN)
    try:
        content = yaml.load(text, _yaml_loader())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}"
        problem = " ".join(filter(None, (error.context, error.problem)))
        raise InputError(path, f"{_name(path)} is no YAML: {problem}"[:LONGEST], place) from error
    except yaml.YAMLError as error:
        problem = re.sub(r"\s+", " ", str(error))
        raise InputError(path, f"{_name(path)} is no YAML: {problem}"[:LONGEST]) from error
    except RecursionError as error:
        raise InputError(path, _TOO_DEEP) from error
    _check(path, content)
    return content


@cache
def _yaml_loader() -> Any:
    """PyYAML's safe loader, but for what it lets through: repeated keys, bombs of aliases, errors of Python."""
    import yaml

    composer_error, constructor_error = yaml.composer.ComposerError, yaml.constructor.ConstructorError

    def below(node: Any) -> list[Any]:
        if isinstance(node, yaml.MappingNode):
            return [part for pair in node.value for part in pair]
        return list(node.value) if isinstance(node, yaml.SequenceNode) else []

    def refuse_bombs(root: Any) -> None:
        """An alias repeats all that it stands for; one that stands for itself never ends."""
        sizes: dict[int, int] = {}
        begun: set[int] = set()
        stack = [root]
        while stack:
            node = stack[-1]
            children = below(node)
            if id(node) in sizes:
                stack.pop()
            elif id(node) in begun:
                if any(id(child) not in sizes for child in children):
                    raise composer_error(None, None, "found an alias to itself", node.start_mark)
                sizes[id(node)] = 1 + sum(sizes[id(child)] for child in children)
                if sizes[id(node)] > MOST:
                    raise composer_error(None, None, f"found more than {MOST} values", node.start_mark)
                stack.pop()
            else:
                begun.add(id(node))
                for child in children:
                    if id(child) in begun and id(child) not in sizes:
                        raise composer_error(None, None, "found an alias to itself", child.start_mark)
                stack += [child for child in children if id(child) not in sizes]

    class Loader(yaml.SafeLoader):
        """What it refuses, it refuses with an error of YAML and its place."""

        def get_single_node(self) -> Any:
            node = super().get_single_node()
            if node is not None:
                refuse_bombs(node)
            return node

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[tuple[str, Any]] = set()
            for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
                if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                    if (key.tag, key.value) in seen:
                        raise constructor_error(None, None, f"found the key {key.value!r} twice", key.start_mark)
                    seen.add((key.tag, key.value))
            return super().construct_mapping(node, deep)

        def construct_object(self, node: Any, deep: bool = False) -> Any:
            try:
                value = super().construct_object(node, deep)
            except (yaml.YAMLError, RecursionError):
                raise
            except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
                problem = f"found {str(node.value)[:50]!r}, which is no {node.tag.rpartition(':')[2]}"
                raise constructor_error(None, None, problem, node.start_mark) from error
            if isinstance(value, float) and math.isnan(value):
                raise constructor_error(None, None, "found NaN, which is no number", node.start_mark)
            return value

    return Loader


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
