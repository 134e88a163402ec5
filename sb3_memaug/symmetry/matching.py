"""Which part of a robot is the mirror image of which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from sb3_memaug.symmetry.differences import axis_angle, axis_distance, inertia_difference, relative_difference
from sb3_memaug.symmetry.geometry import Link, RobotGeometry
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

    def __add__(self, other: Cost) -> Cost:  # type: ignore[override]
        return Cost(self.excess + other.excess, self.names + other.names, self.error + other.error)


NOTHING = Cost(0.0, 0.0, 0.0)
#: Of a link without partner, and the most that a bad one may cost: a limb that lacks a finger still has its partner,
#: and what is far away from it because it is long does not cost more than what is missing.
MISSING = 20.0
#: Parts on one link up to which all ways to pair them are tried; beyond, each is given its best partner.
MANY = 6


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

    def missing(part: int) -> Cost:
        return sum((missing(child) for child in children[part]), start=Cost(MISSING, 0.0, MISSING))

    @cache
    def tree_cost(a: int, b: int) -> Cost:
        """Of two links and all that hangs on them."""
        return _cost(links[a], links[b], space, tolerances) + matched_children(a, b)[0]

    def matched_children(a: int, b: int) -> tuple[Cost, tuple[tuple[int, int], ...]]:
        if a == b:
            return _best_involution(tuple(children[a]), tree_cost)
        return _best_assignment(tuple(children[a]), tuple(children[b]), tree_cost, missing)

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
        for partner in _promising(first, left, cost):
            rest, pairs = best(tuple(part for part in left if part not in (first, partner)))
            # Twice, for two partners are two parts that match.
            both = cost(first, partner) if partner == first else cost(first, partner) + cost(partner, first)
            options.append((both + rest, ((first, partner), *pairs)))
        return min(options, key=lambda option: _rounded(option[0]))

    return best(parts)


def _best_assignment(
    parts: tuple[int, ...],
    others: tuple[int, ...],
    cost: Callable[[int, int], Cost],
    missing: Callable[[int], Cost],
) -> _Matching:
    """Pair as many parts with others as there are, at the lowest cost; the others have no partners."""

    @cache
    def best(i: int, free: tuple[int, ...]) -> _Matching:
        if i == len(parts):
            return sum((missing(part) for part in free), start=NOTHING), ()
        options = []
        if len(free) < len(parts) - i:
            rest, pairs = best(i + 1, free)
            options.append((missing(parts[i]) + rest, pairs))
        for other in _promising(parts[i], free, cost):
            rest, pairs = best(i + 1, tuple(part for part in free if part != other))
            options.append((cost(parts[i], other) + rest, ((parts[i], other), *pairs)))
        return min(options, key=lambda option: _rounded(option[0]))

    return best(0, others)


def _promising(part: int, others: tuple[int, ...], cost: Callable[[int, int], Cost]) -> Sequence[int]:
    """Those that match within the tolerances, if there are any: names decide between them."""
    exact = [other for other in others if cost(part, other).excess == 0]
    if exact or len(others) <= MANY:
        return exact or others
    return [min(others, key=lambda other: _rounded(cost(part, other)))]


def _cost(link: Link, partner: Link, space: SpaceReflection, tolerances: Tolerances) -> Cost:
    errors: list[float] = []
    names = name_mismatch(link.name, partner.name, space.plane)
    if link.joint is not None and partner.joint is not None:
        names += name_mismatch(link.joint.name, partner.joint.name, space.plane)
        if link.joint.kind != partner.joint.kind:
            return Cost(MISSING / 2, names, MISSING / 2)
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
    return Cost(min(sum(max(0.0, error - 1.0) for error in errors), MISSING), names, sum(errors))


def _rounded(cost: Cost) -> tuple[float, ...]:
    """What rounding errors must not decide."""
    return tuple(round(value, 6) for value in cost)
