"""Which of many parts are likely to be the mirror image of one, without looking at each closely."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import count

import numpy as np

from sb3_memaug.symmetry.differences import mirrored_axis
from sb3_memaug.symmetry.geometry import RobotGeometry
from sb3_memaug.symmetry.side_names import name_without_sides
from sb3_memaug.symmetry.space_reflection import SpaceReflection
from sb3_memaug.symmetry.tolerances import Tolerances


class LikelyPartners:
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
