"""Plain data in files, JSON and YAML: bounded in depth and size, without keys that stand twice."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any

from sb3_memaug.files.text import LONGEST, InputError, read_text

#: Bytes of a file of plain data.
LARGEST = 2**24
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
    text = read_text(path, LARGEST)

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

    text = read_text(path, LARGEST)
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
