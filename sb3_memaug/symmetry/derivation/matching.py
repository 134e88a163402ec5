"""Which link is the mirror image of which, at the lowest cost over the whole robot."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cache
from itertools import count
from typing import NamedTuple

import numpy as np

from sb3_memaug.symmetry.derivation.differences import (
    SpaceReflection,
    Tolerances,
    axis_angle,
    axis_distance,
    inertia_difference,
    mirrored_axis,
    relative_difference,
)
from sb3_memaug.symmetry.derivation.geometry import Link, RobotGeometry
from sb3_memaug.symmetry.derivation.partners import name_mismatch, name_without_sides


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
#: Parts on one link, or that could take one another's places, up to which all ways to pair them are tried; beyond, each
#: is given its best partner that is still free.
MANY = 6
#: Pairs of links up to which all parts of two links are compared, up to which the :data:`LIKELY` likeliest are, and the
#: likeliest one alone.
ALL_PAIRS, SOME_PAIRS = 20_000, 60_000
#: Partners that are tried for one of many parts.
LIKELY = 3

_Pair = tuple[int, int]
_Matching = tuple[Cost, tuple[_Pair, ...]]


def match_links(
    geometry: RobotGeometry, space: SpaceReflection, tolerances: Tolerances, notes: list[str] | None = None
) -> dict[int, int]:
    """
    Find for every link the one that is its mirror image, from the base outwards: partners have partners as parents.

    :param geometry: of the robot
    :param space: the reflection
    :param tolerances: within which two parts match
    :param notes: takes what was not tried, in words
    :return: index of the partner by index of the link, which may be its own; links without partner are missing
    """
    search = _Search(geometry, space, tolerances)
    if notes is not None:
        notes += search.notes
    return search.partners


class _Search:
    """
    From the base outwards, the pairs of links that may be partners; then, from the ends inwards, what each pair costs
    with all that hangs on it. Neither descends by recursion: chains may be long.
    """

    def __init__(self, geometry: RobotGeometry, space: SpaceReflection, tolerances: Tolerances) -> None:
        links = geometry.links
        self.notes: list[str] = []
        self._names = [link.name for link in links]
        self._children: list[list[int]] = [[] for _ in links]
        for i, link in enumerate(links[1:], 1):
            self._children[link.parent].append(i)
        self._missing = [Cost(MISSING, 0.0, MISSING) for _ in links]
        for i in range(len(links) - 1, 0, -1):
            self._missing[links[i].parent] += self._missing[i]
        self._likely = _LikelyPartners(geometry, space, tolerances)

        options = self._options()
        self._costs: dict[_Pair, Cost] = {}
        chosen: dict[_Pair, tuple[_Pair, ...]] = {}
        for (a, b), pairs in reversed(options.items()):
            below, chosen[a, b] = self._matched(a, b, pairs)
            self._costs[a, b] = _cost(links[a], links[b], space, tolerances) + below
        self.partners = {0: 0}
        queue = [(0, 0)]
        for pair in queue:
            for c, d in chosen[pair]:
                self.partners[c], self.partners[d] = d, c
                queue.append((c, d))

    def _options(self) -> dict[_Pair, list[_Pair]]:
        """Pairs of parts that may be partners, by the pair of links on which they hang, parents first."""
        options: dict[_Pair, list[_Pair]] = {}
        queue: list[_Pair] = [(0, 0)]
        for a, b in queue:
            own, theirs = self._children[a], self._children[b]
            if len(own) <= MANY and len(theirs) <= MANY and len(queue) <= ALL_PAIRS:
                pairs = [(c, d) for c in own for d in theirs if a != b or c <= d]
            else:
                most = LIKELY if len(queue) <= SOME_PAIRS else 1
                found = {(c, d) for c in own for d in self._likely.of(c, theirs, most)}
                # On one link, two that are partners are so either way, and each may be its own.
                found = {(min(pair), max(pair)) for pair in found} | {(c, c) for c in own} if a == b else found
                pairs = sorted(found)
                if most == 1:
                    self._note(f"of the parts on {self._names[a]}, only the likeliest partner of each was tried")
            options[a, b] = pairs
            queue += pairs
        return options

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _cost_of(self, a: int, b: int) -> Cost | None:
        """Of two links and all that hangs on them, if they were compared."""
        return self._costs.get((a, b))

    def _matched(self, a: int, b: int, pairs: Sequence[_Pair]) -> _Matching:
        """What hangs on a pair of links, in pairs."""
        own, theirs = self._children[a], self._children[b]
        if not own and not theirs:
            return NOTHING, ()
        if a == b:
            return self._paired_up(a, own, pairs)
        return self._assigned(a, own, theirs, pairs)

    def _paired_up(self, link: int, parts: Sequence[int], pairs: Sequence[_Pair]) -> _Matching:
        """Parts of one link with one another, or with themselves, at the lowest cost."""

        def cost(c: int, d: int) -> Cost | None:
            return self._costs.get((min(c, d), max(c, d)))

        if len(parts) <= MANY:
            return _best_involution(tuple(parts), cost)
        exact = [pair for pair in pairs if self._costs[pair].excess == 0]
        total = NOTHING
        found: list[_Pair] = []
        left = set(parts)
        for together in self._interchangeable(link, exact):
            if len(together) <= MANY:
                below, chosen = _best_involution(tuple(sorted(together)), cost)
                if below.excess == 0:
                    total, found = total + below, [*found, *chosen]
                    left -= together
        for c, d in sorted(pairs, key=lambda pair: _rounded(self._costs[pair])):
            if c in left and d in left:
                # Twice, for two partners are two parts that match.
                total += self._costs[c, d] if c == d else self._costs[c, d] + self._costs[c, d]
                found.append((c, d))
                left -= {c, d}
        return total, tuple(found)

    def _assigned(self, link: int, parts: Sequence[int], others: Sequence[int], pairs: Sequence[_Pair]) -> _Matching:
        """As many parts of one link as there are with parts of another, at the lowest cost."""
        if len(parts) <= MANY and len(others) <= MANY:
            return _best_assignment(tuple(parts), tuple(others), self._cost_of, self._missing)
        exact = [pair for pair in pairs if self._costs[pair].excess == 0]
        total = NOTHING
        found: list[_Pair] = []
        left, free = set(parts), set(others)
        for together in self._interchangeable(link, exact):
            own, theirs = tuple(sorted(together & left)), tuple(sorted(together & free))
            if len(own) == len(theirs) <= MANY:
                below, chosen = _best_assignment(own, theirs, self._cost_of, self._missing)
                if below.excess == 0:
                    total, found = total + below, [*found, *chosen]
                    left.difference_update(own)
                    free.difference_update(theirs)
        for c, d in sorted(pairs, key=lambda pair: _rounded(self._costs[pair])):
            if c in left and d in free:
                total += self._costs[c, d]
                found.append((c, d))
                left.discard(c)
                free.discard(d)
        return sum((self._missing[part] for part in (*left, *free)), start=total), tuple(found)

    def _interchangeable(self, link: int, exact: Sequence[_Pair]) -> list[set[int]]:
        """Sets of parts that could take one another's places; of large ones, those that are called alike."""
        found: list[set[int]] = []
        for together in _connected(exact):
            if len(together) <= MANY:
                found.append(together)
                continue
            called: dict[Hashable, set[int]] = {}
            for part in together:
                called.setdefault(self._likely.called(part), set()).add(part)
            found += called.values()
            if any(len(alike) > MANY for alike in called.values()):
                self._note(
                    f"{len(together)} parts on {self._names[link]} could take one another's places: not all ways to "
                    "pair them were tried"
                )
        return found


def _connected(edges: Iterable[tuple[int, int]]) -> list[set[int]]:
    """Sets of what edges connect."""
    neighbors: dict[int, list[int]] = {}
    for a, b in edges:
        neighbors.setdefault(a, []).append(b)
        neighbors.setdefault(b, []).append(a)
    found, seen = [], set()
    for start in neighbors:
        if start in seen:
            continue
        together, queue = {start}, [start]
        for node in queue:
            fresh = [other for other in neighbors[node] if other not in together]
            together.update(fresh)
            queue += fresh
        seen |= together
        found.append(together)
    return found


def _best_involution(parts: tuple[int, ...], cost: Callable[[int, int], Cost | None]) -> _Matching:
    """Pair parts with one another, or with themselves, at the lowest cost."""

    @cache
    def best(left: tuple[int, ...]) -> _Matching:
        if not left:
            return NOTHING, ()
        first, options = left[0], []
        for partner, one in _promising(first, left, cost):
            rest, pairs = best(tuple(part for part in left if part not in (first, partner)))
            # Twice, for two partners are two parts that match.
            both = one if partner == first else one + one
            options.append((both + rest, ((first, partner), *pairs)))
        return min(options, key=lambda option: _rounded(option[0]))

    return best(parts)


def _best_assignment(
    parts: tuple[int, ...],
    others: tuple[int, ...],
    cost: Callable[[int, int], Cost | None],
    missing: Sequence[Cost],
) -> _Matching:
    """Pair as many parts with others as there are, at the lowest cost; the others have no partners."""

    @cache
    def best(i: int, free: tuple[int, ...]) -> _Matching:
        if i == len(parts):
            return sum((missing[part] for part in free), start=NOTHING), ()
        options = []
        promising = _promising(parts[i], free, cost)
        if len(free) < len(parts) - i or not promising:
            rest, pairs = best(i + 1, free)
            options.append((missing[parts[i]] + rest, pairs))
        for other, one in promising:
            rest, pairs = best(i + 1, tuple(part for part in free if part != other))
            options.append((one + rest, ((parts[i], other), *pairs)))
        return min(options, key=lambda option: _rounded(option[0]))

    return best(0, others)


def _promising(part: int, others: Sequence[int], cost: Callable[[int, int], Cost | None]) -> Sequence[tuple[int, Cost]]:
    """Those that match within the tolerances, if there are any: names decide between them."""
    compared = [(other, one) for other in others if (one := cost(part, other)) is not None]
    return [(other, one) for other, one in compared if one.excess == 0] or compared


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


class _LikelyPartners:
    """
    :param geometry: of a robot
    :param space: the reflection
    :param tolerances: within which two parts match
    """

    def __init__(self, geometry: RobotGeometry, space: SpaceReflection, tolerances: Tolerances) -> None:
        self._links, self._space, self._tolerances = geometry.links, space, tolerances
        nowhere = np.zeros(3)
        joints = [link.joint for link in geometry.links]
        self._kinds = np.array([joint.kind if joint else "" for joint in joints])
        self._points = np.array([joint.position if joint else nowhere for joint in joints])
        self._axes = np.array([joint.axis if joint else nowhere for joint in joints])
        self._masses = np.array([link.mass for link in geometry.links])
        self._centres = np.array([link.centre for link in geometry.links])
        self._turns: dict[tuple[int, ...], Iterator[int]] = {}
        self._called: dict[tuple[int, ...], dict[Hashable, list[int]]] = {}

    def of(self, part: int, others: Sequence[int], most: int) -> list[int]:
        """
        :param part: index of a link
        :param others: indices of links
        :param most: how many to name
        :return: those of them that are nearest to its mirror image; of several that are within the tolerances, those
            that are called like it first
        """
        if not others:
            return []
        excess, error = self._errors(part, np.array(others))
        exact = np.flatnonzero(excess == 0)
        if len(exact) <= most:
            nearest = np.lexsort((error, excess))[: len(exact) or most]
            return [others[k] for k in nearest.tolist()]
        alike = [others[k] for k in exact[np.argsort(error[exact].round(6), kind="stable")].tolist()]
        among = set(alike)
        called = [other for other in self._called_like(part, others) if other in among][:most]
        # Not all of those that lie in one place the same ones.
        turn = self._turns.setdefault(tuple(alike), count())
        start = next(turn) if error[exact].max() - error[exact].min() < 1e-6 else 0
        return list(dict.fromkeys(called + [alike[(start + k) % len(alike)] for k in range(most)]))[:most]

    def _errors(self, part: int, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Beyond the tolerances, and all, as far as this needs no inertia, (others,)."""
        link, space, allowed = self._links[part], self._space, self._tolerances
        errors = []
        if link.joint is not None:
            axes = self._axes[others]
            if link.joint.kind == "hinge":
                arms = space.point(link.joint.position) - self._points[others]
                errors.append(np.linalg.norm(np.cross(arms, axes), axis=1) / allowed.position)
            image = mirrored_axis(link.joint, space)
            angles = np.arctan2(np.linalg.norm(np.cross(image, axes), axis=1), np.abs(axes @ image))
            errors.append(angles / allowed.angle)
            errors.append(np.where(self._kinds[others] == link.joint.kind, 0.0, 1e9))
        masses = self._masses[others]
        largest = np.maximum(masses, link.mass)
        some = largest > 0
        errors.append(np.where(some, np.abs(masses - link.mass) / np.where(some, largest, 1.0) / allowed.mass, 0.0))
        distances = np.linalg.norm(self._centres[others] - space.point(link.centre), axis=1)
        errors.append(np.where(some, distances / allowed.centre, 0.0))
        return sum(np.maximum(0.0, e - 1.0) for e in errors), sum(errors)

    def _called_like(self, part: int, others: Sequence[int]) -> list[int]:
        """Those whose names are like its own but for the side."""
        group = tuple(others)
        if group not in self._called:
            self._called[group] = {}
            for other in others:
                self._called[group].setdefault(self.called(other), []).append(other)
        return self._called[group].get(self.called(part), [])

    def called(self, part: int) -> Hashable:
        """
        :param part: index of a link
        :return: its names and those of its joint without their sides
        """
        link = self._links[part]
        names = (link.name, link.joint.name if link.joint else "")
        return tuple(name_without_sides(name, self._space.plane) for name in names)
