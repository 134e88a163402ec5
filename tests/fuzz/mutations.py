"""Changes by chance: of bytes, and of plain data."""

from __future__ import annotations

import copy
import math
import random
from typing import Any

import numpy as np

#: Text that breaks what reads it: encodings, quotes, depth, numbers, tags and anchors of YAML, ends of lines.
TOKENS = (
    *(b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"\xed\xa0\x80", b"\x00", b"\x85", b"\r", b"\n", b"\t"),
    *(b"[" * 3000, b'{"a":' * 3000, b"- " * 3000, b"(" * 300, b"9" * 5000, b"1e999", b"NaN", b"-Infinity", b".nan"),
    *(mark.encode() for mark in "\"'{}[]:,#|>?!%@`"),
    *(b"\\u", b"\\ud800", b"&a ", b"*a", b"<<: ", b"!!python/object/apply:os.getcwd []", b"!!binary x", b"!!float x"),
    *(b"!!int 0x", b"---\n", b"!!set ", b"!!timestamp x", b"2001-13-45", b"2001-01-01 25:61:61", b"!!omap [a]"),
    *(b"!!null ", b"= ", b"~", b"0o9"),
    *(b"../", b"/", b"-1", b"0.5", b"true", b"null", b"1:2:3", b"None", b"1" * 60, "é".encode("latin-1"), "é".encode()),
)

#: In place of plain data: numbers out of any range, of the wrong kind, texts that are no names, other containers.
PLAIN = (
    *(None, True, False, 0, 1, -1, 2, 7, 2**31, 2**32, 2**63, 10**400, 0.5, -0.0, 1e308, math.nan, math.inf, -math.inf),
    *("", " ", "a", "nan", "1e3", "-1", "motors", "feet", ".", "..", "../../../x", "a/b", "/etc", "x\ny", "x\0y", "é"),
    *("\ud800", "A" * 300, "a\\b", "CON", "sagittal", "True", "__class__", "nn.ELU", "dict(a=1)", "__import__('os')"),
    "lambda: 0",
    *([], {}, [[]], [None], [1, 2], ["a", 1], {"a": 1}, {"": None}, {"a": {"a": {"a": []}}}, [[1, 0], [0, 1]]),
    *(["a"] * 50, {1: 2}, {None: 1}, {True: 0}, [math.nan], {"name": "a", "kind": "vector", "size": 3}),
)


class Unshowable:
    """A message that shows it would end in another error."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


#: So deep that Python cannot show it either, nor copy it.
DEEP: list[Any] = []
for _ in range(5000):
    DEEP = [DEEP]

#: In place of arguments of a call: what no file holds, too.
OBJECTS = (
    *(object(), object, print, b"bytes", {1, 2}, frozenset(), range(2), range(10), 1j, (), (1,), ("a", -1)),
    *(iter([1, 0]), np.array([1, 0]), np.array([[1, -1]]), np.array(1), np.float64(0.5), np.float32("nan")),
    *(np.int64(1), np.array([]), np.array(["a", "b"]), np.array([None, 1]), np.bool_(True), np.str_("a")),
    *(bytearray(b"a"), NotImplemented, Ellipsis, Unshowable()),
)


def mutated_bytes(rng: random.Random, data: bytes) -> bytes:
    """
    :param rng: of the changes
    :param data: of a file
    :return: the same with a few bytes changed, left out, repeated or put in, or cut short, or in another encoding
    """
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.choice((0, 1, 1, 2, 5, 20, 100)))
        kind = rng.randrange(8)
        if kind == 0:
            data = data[:start]
        elif kind == 1:
            data = data[:start] + data[end:]
        elif kind == 2:
            data = data[:start] + bytes(rng.randrange(256) for _ in range(end - start)) + data[end:]
        elif kind == 3:
            data = data[:end] + data[start:end] * rng.choice((1, 2, 50)) + data[end:]
        elif kind in (4, 5):
            data = data[:start] + rng.choice(TOKENS) + data[start if kind == 4 else end :]
        elif kind == 6:
            other = rng.randrange(len(data) + 1)
            data = data[:start] + data[other : other + 30] + data[end:]
        elif rng.random() < 0.2:
            data = data.decode("utf-8", "replace").encode(rng.choice(("utf-16", "utf-32", "cp1252")), "replace")
        data = data[:200_000]
    return data


def mutated(rng: random.Random, value: Any, others: tuple[Any, ...] = PLAIN) -> Any:
    """
    :param rng: of the changes
    :param value: plain data: dicts, lists, texts, numbers
    :param others: what may stand in its places
    :return: a copy in which one place, or a few, hold something else, nothing, or one thing more
    """
    value = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        value = _once(rng, value, others)
    return value


def _once(rng: random.Random, value: Any, others: tuple[Any, ...]) -> Any:
    odd = rng.choice(others)
    odd = copy.deepcopy(odd) if isinstance(odd, list | dict) else odd
    if not isinstance(value, list | dict) or not value or rng.random() < 0.12:
        return {0: odd, 1: [value], 2: {"a": value}}.get(rng.randrange(8), odd)
    key = rng.choice(list(value) if isinstance(value, dict) else range(len(value)))
    kind = rng.randrange(12)
    if kind < 7:  # further down
        value[key] = _once(rng, value[key], others)
    elif kind == 7:
        del value[key]
    elif kind == 8 and isinstance(value, dict):
        name = odd if isinstance(odd, str | int | float | bool | None) else "b"
        value[name] = value.pop(key)
    elif kind == 9 and isinstance(value, dict):
        value[rng.choice(("a", "names", "algo", "size", ""))] = odd
    elif kind >= 10 and isinstance(value, list):
        value.insert(key, odd if kind == 10 else copy.deepcopy(value[key]))
    else:
        value[key] = odd
    return value


def mutated_arguments(rng: random.Random, arguments: dict[str, Any]) -> dict[str, Any]:
    """
    :param rng: of the changes
    :param arguments: of a call
    :return: the same with other values, none of them left out or renamed
    """
    changed = dict(arguments)
    for name in rng.sample(list(changed), rng.choice((1, 1, 2)) if len(changed) > 1 else 1):
        changed[name] = mutated(rng, changed[name], PLAIN + OBJECTS)
    return changed


def mutated_text(rng: random.Random, text: str) -> str:
    """
    :param rng: of the changes
    :param text: of a command line
    :return: another one, without the characters that no command line has
    """
    if rng.random() < 0.2:
        return str(rng.choice(PLAIN)).replace("\0", "").encode("utf-8", "replace").decode()[:500]
    return mutated_bytes(rng, text.encode()).decode("utf-8", "replace").replace("\0", "")[:500]
