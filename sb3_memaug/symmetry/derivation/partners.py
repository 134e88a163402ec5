"""Which joints and bodies of two links are partners, and what their names say about their sides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from sb3_memaug.symmetry.derivation.differences import SpaceReflection, Tolerances, mirrored_axis
from sb3_memaug.symmetry.derivation.geometry import Link, RobotGeometry

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
            # Of two letters one is for left or right, the other for front or back: an R beside an L or R is a "rear".
            first, second = word
            sides.append("B" if first == "r" and second in "lr" else _SIDES[first])
            sides.append("B" if word == "lr" else _SIDES[second])
        else:
            rest.append(word)
    rest += sorted(side for side in sides if side not in exchanged)
    return _Name(tuple(side for side in sides if side in exchanged), tuple(rest))


def joint_partners(
    geometry: RobotGeometry, partners: Mapping[int, int], space: SpaceReflection
) -> dict[str, tuple[str, int]]:
    """
    :param geometry: of the robot
    :param partners: index of the partner by index of the link
    :param space: the reflection
    :return: partner of each joint, and +1 if the mirror image of a positive angle is one, else -1
    """
    joints = {}
    for i, partner in sorted(partners.items()):
        joint, other = geometry.links[i].joint, geometry.links[partner].joint
        if joint is not None and other is not None:
            joints[joint.name] = (other.name, 1 if mirrored_axis(joint, space) @ other.axis > 0 else -1)
    return joints


def body_partners(
    geometry: RobotGeometry, partners: Mapping[int, int], space: SpaceReflection, tolerances: Tolerances
) -> dict[str, str]:
    """
    Of the bodies that a link consists of, the main one is the partner of the other link's; of those fixed to it, the
    ones that lie where they should. A camera on one side has no partner.

    :param geometry: of the robot
    :param partners: index of the partner by index of the link
    :param space: the reflection
    :param tolerances: within which bodies lie where they should
    :return: partner of each body that has one
    """
    bodies: dict[str, str] = {}
    for i, partner in sorted(partners.items()):
        link, other = geometry.links[i], geometry.links[partner]
        if link.name in link.frames and other.name in other.frames:
            bodies[link.name] = other.name
        own, theirs = ([name for name in part.frames if name != part.name] for part in (link, other))
        for name in own:
            found = _image(name, link, theirs, other, space, tolerances)
            # A reflection undone gives every body back.
            if found is not None and _image(found, other, own, link, space, tolerances) == name:
                bodies[name] = found
    return bodies


def _image(
    name: str, link: Link, candidates: Sequence[str], other: Link, space: SpaceReflection, tolerances: Tolerances
) -> str | None:
    """The body that lies where the mirror image of a body's frame and centre of mass are."""
    errors = {
        candidate: max(
            float(np.linalg.norm(space.point(own[name]) - theirs[candidate])) / tolerance
            for own, theirs, tolerance in (
                (link.frames, other.frames, tolerances.position),
                (link.centres, other.centres, tolerances.centre),
            )
        )
        for candidate in candidates
    }
    near = [candidate for candidate in candidates if errors[candidate] <= 1]
    return min(near, key=lambda n: (name_mismatch(name, n, space.plane), errors[n]), default=None)
