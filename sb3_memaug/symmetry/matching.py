"""Which part of a robot is the mirror image of which."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from sb3_memaug.symmetry.geometry import Joint, Link, RobotGeometry
from sb3_memaug.symmetry.side_names import name_mismatch
from sb3_memaug.symmetry.space_reflection import SpaceReflection
from sb3_memaug.symmetry.tolerances import Tolerances


class Cost(NamedTuple):
    """
    How badly parts match, compared from left to right: names only decide between what geometry leaves open.

    :param excess: sum of the errors beyond their tolerances, relative to them
    :param names: how many names disagree
    :param error: sum of all errors, relative to their tolerances
    """

    excess: float
    names: float
    error: float

    def plus(self, other: Cost) -> Cost:
        """
        :param other: of other parts
        :return: the cost of all of them
        """
        return Cost(self.excess + other.excess, self.names + other.names, self.error + other.error)


NOTHING = Cost(0.0, 0.0, 0.0)
#: Of a part that has no partner at all.
MISSING = Cost(1e6, 0.0, 0.0)


def match_links(geometry: RobotGeometry, space: SpaceReflection, tolerances: Tolerances) -> dict[int, int]:
    """
    Find for every link the one that is its mirror image, from the base outwards: partners have partners as parents.

    :param geometry: of the robot
    :param space: the reflection
    :param tolerances: within which two parts match
    :return: index of the partner by index of the link, which may be its own; links without partner are missing
    """
    links = geometry.links
    children: list[list[int]] = [[] for _ in links]
    for i, link in enumerate(links[1:], 1):
        children[link.parent].append(i)

    @cache
    def tree_cost(a: int, b: int) -> Cost:
        """Of two links and all that hangs on them."""
        return _cost(links[a], links[b], space, tolerances).plus(matched_children(a, b)[0])

    def matched_children(a: int, b: int) -> tuple[Cost, tuple[tuple[int, int], ...]]:
        if a == b:
            return _best_involution(tuple(children[a]), tree_cost)
        return _best_assignment(tuple(children[a]), tuple(children[b]), tree_cost)

    partners = {0: 0}
    queue = [(0, 0)]
    for a, b in queue:
        for c, d in matched_children(a, b)[1]:
            partners[c], partners[d] = d, c
            queue.append((c, d))
    return partners


_Matching = tuple[Cost, tuple[tuple[int, int], ...]]


def _best_involution(parts: tuple[int, ...], cost: Callable[[int, int], Cost]) -> _Matching:
    """Pair parts with one another, or with themselves, at the lowest cost."""

    @cache
    def best(left: tuple[int, ...]) -> _Matching:
        if not left:
            return NOTHING, ()
        first, options = left[0], []
        for partner in left:
            rest, pairs = best(tuple(part for part in left if part not in (first, partner)))
            # Twice, for two partners are two parts that match.
            both = cost(first, partner) if partner == first else cost(first, partner).plus(cost(partner, first))
            options.append((both.plus(rest), ((first, partner), *pairs)))
        return min(options, key=_rounded)

    return best(parts)


def _best_assignment(parts: tuple[int, ...], others: tuple[int, ...], cost: Callable[[int, int], Cost]) -> _Matching:
    """Pair parts with others at the lowest cost; what is left over costs as much as a missing part."""

    @cache
    def best(i: int, free: tuple[int, ...]) -> _Matching:
        if i == len(parts):
            return Cost(MISSING.excess * len(free), 0.0, 0.0), ()
        rest, pairs = best(i + 1, free)
        options = [(MISSING.plus(rest), pairs)]
        for other in free:
            rest, pairs = best(i + 1, tuple(part for part in free if part != other))
            options.append((cost(parts[i], other).plus(rest), ((parts[i], other), *pairs)))
        return min(options, key=_rounded)

    return best(0, others)


def axis_distance(joint: Joint, partner: Joint, space: SpaceReflection) -> float:
    """
    :param joint: of a link
    :param partner: of the other
    :param space: the reflection
    :return: how far the mirror image of a hinge's axis is from its partner's, in m; 0 for slides, which have no place
    """
    if joint.kind != "hinge":
        return 0.0
    return float(np.linalg.norm(np.cross(space.point(joint.position) - partner.position, partner.axis)))


def mirrored_axis(joint: Joint, space: SpaceReflection) -> np.ndarray:
    """
    :param joint: of a link
    :param space: the reflection
    :return: the axis about or along which the mirror image moves when the joint does, (3,)
    """
    return space.axial_vector(joint.axis) if joint.kind == "hinge" else space.vector(joint.axis)


def axis_angle(joint: Joint, partner: Joint, space: SpaceReflection) -> float:
    """
    :param joint: of a link
    :param partner: of the other
    :param space: the reflection
    :return: angle between the mirror image of its axis and its partner's, whichever way they point, in rad
    """
    image = mirrored_axis(joint, space)
    return math.atan2(float(np.linalg.norm(np.cross(image, partner.axis))), abs(float(image @ partner.axis)))


def relative_difference(a: float, b: float) -> float:
    """
    :param a: a size
    :param b: another
    :return: their difference, relative to the larger
    """
    largest = max(abs(a), abs(b))
    return abs(a - b) / largest if largest > 0 else 0.0


def inertia_difference(link: Link, partner: Link, space: SpaceReflection) -> float:
    """
    :param link: of a robot
    :param partner: another
    :param space: the reflection
    :return: difference between the mirror image of its inertia and its partner's, relative to the larger
    """
    image = space.tensor(link.inertia)
    largest = max(float(np.linalg.norm(image, 2)), float(np.linalg.norm(partner.inertia, 2)))
    return float(np.linalg.norm(image - partner.inertia, 2)) / largest if largest > 0 else 0.0


def _cost(link: Link, partner: Link, space: SpaceReflection, tolerances: Tolerances) -> Cost:
    errors: list[float] = []
    if link.joint is not None and partner.joint is not None:
        if link.joint.kind != partner.joint.kind:
            return MISSING
        errors += [
            axis_distance(link.joint, partner.joint, space) / tolerances.position,
            axis_angle(link.joint, partner.joint, space) / tolerances.angle,
        ]
    if link.mass or partner.mass:
        errors += [
            relative_difference(link.mass, partner.mass) / tolerances.mass,
            float(np.linalg.norm(space.point(link.centre) - partner.centre)) / tolerances.centre,
            inertia_difference(link, partner, space) / tolerances.inertia,
        ]
    names = name_mismatch(link.name, partner.name, space.plane)
    if link.joint is not None and partner.joint is not None:
        names += name_mismatch(link.joint.name, partner.joint.name, space.plane)
    return Cost(sum(max(0.0, error - 1.0) for error in errors), names, sum(errors))


def _rounded(matching: _Matching) -> tuple[float, ...]:
    """What rounding errors must not decide."""
    return tuple(round(value, 6) for value in matching[0])
