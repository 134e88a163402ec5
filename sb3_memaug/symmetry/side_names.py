"""What the names of two parts say about their sides."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

#: Words and letters for the sides that each plane exchanges.
_SIDES = {
    "left": "L",
    "l": "L",
    "right": "R",
    "r": "R",
    "front": "F",
    "fore": "F",
    "f": "F",
    "back": "B",
    "hind": "B",
    "rear": "B",
    "h": "B",
    "b": "B",
}
_OPPOSITES = {"sagittal": {"L": "R", "R": "L"}, "transverse": {"F": "B", "B": "F"}}
_OPPOSITES["half_turn"] = {**_OPPOSITES["sagittal"], **_OPPOSITES["transverse"]}


class _Name(NamedTuple):
    sides: tuple[str, ...]
    rest: tuple[str, ...]


def name_mismatch(name: str, other: str, plane: str) -> float:
    """
    :param name: of a part
    :param other: of what may be its mirror image
    :param plane: ``"sagittal"``, ``"transverse"`` or ``"half_turn"``
    :return: 0 if the names are those of partners (``LF_hip`` and ``RF_hip``, or twice ``neck``), a quarter where only
        one of them names a side (``leg`` and ``leg_left``), else 1
    """
    opposite = _OPPOSITES[plane]
    a, b = _parse(name, plane), _parse(other, plane)
    if a.rest != b.rest:
        return 1.0
    if sorted(opposite[side] for side in a.sides) == sorted(b.sides):
        return 0.0
    return 0.25 if bool(a.sides) != bool(b.sides) else 1.0


def side(name: str) -> int:
    """
    :param name: of a part
    :return: 1 if it names the left side, -1 if the right one, 0 if none or both
    """
    sides = set(_parse(name, "sagittal").sides)
    return {frozenset("L"): 1, frozenset("R"): -1}.get(frozenset(sides), 0)


def name_without_sides(name: str, plane: str) -> tuple[str, ...]:
    """
    :param name: of a part
    :param plane: ``"sagittal"``, ``"transverse"`` or ``"half_turn"``
    :return: what is equal for parts whose names differ in nothing but the sides that the plane exchanges
    """
    return _parse(name, plane).rest


@cache
def _parse(name: str, plane: str) -> _Name:
    """The sides that a plane exchanges, and the rest of the name, other sides among it."""
    exchanged = _OPPOSITES[plane]
    sides: list[str] = []
    rest: list[str] = []
    for word in (word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)):
        if word in _SIDES:
            sides.append(_SIDES[word])
        elif len(word) == 2 and set(word) <= set("lrfhb"):
            # Of two letters one tells left from right, the other front from back: an R beside an L or R is a "rear".
            first, second = word
            sides.append("B" if first == "r" and second in "lr" else _SIDES[first])
            sides.append("B" if word == "lr" else _SIDES[second])
        else:
            rest.append(word)
    rest += sorted(side for side in sides if side not in exchanged)
    return _Name(tuple(side for side in sides if side in exchanged), tuple(rest))
