"""Where on a robot something is: front or back, left or right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from sb3_memaug.symmetry import BaseAxes, Link, RobotGeometry

#: The two directions of each horizontal axis of the base: forward and to the left come first.
DIRECTIONS = (("front", "back"), ("left", "right"))
#: A foot is where a chain of joints ends within this part of the base's height above the lowest end.
NEAR_GROUND = 0.2
#: A foot nearer to the middle of the robot than this part of the robot's size is on neither side.
MIDDLE = 0.03


def words(signs: Iterable[int]) -> str:
    """
    :param signs: +1 for front and left, -1 for back and right, 0 for neither: first of the forward axis, then of the
        lateral one
    :return: such as ``"front left"``, empty where both are 0
    """
    return " ".join(pair[sign < 0] for sign, pair in zip(signs, DIRECTIONS, strict=True) if sign)


def reflected(place: str, signs: Sequence[int]) -> str:
    """
    :param place: as by :func:`words`
    :param signs: of the forward and the lateral axis under a reflection
    :return: the place's mirror image
    """
    opposite = {a: b for sign, pair in zip(signs, DIRECTIONS, strict=True) if sign < 0 for a, b in (pair, pair[::-1])}
    return " ".join(opposite.get(word, word) for word in place.split())


def section_signs(section: Iterable[tuple[float, float]]) -> list[int]:
    """
    :param section: ranges of x and y in m
    :return: for each, +1 where it lies on the positive side, -1 on the negative one, 0 where it spans both
    """
    return [1 if low >= 0 else -1 if high <= 0 else 0 for low, high in section]


class Places:
    """
    Where on a robot its joints and sections of its base are.

    A joint is where the feet are that it moves: in front or in the back if the robot has feet in front of its base and
    behind it, left or right if it has feet on both sides. A joint without a foot below it, as of an arm, is where its
    chain ends.

    :param geometry: of the robot, in a pose with its feet apart; None where it is not known
    :param base: which axes of the base's frame point forward and up
    """

    def __init__(self, geometry: RobotGeometry | None = None, base: BaseAxes | None = None) -> None:
        self._rotation = (base or BaseAxes()).rotation
        links = () if geometry is None else geometry.links
        size = 0.0 if geometry is None else geometry.size
        parents = {link.parent for link in links}
        ends = [i for i in range(1, len(links)) if i not in parents]
        #: Of each joint, the chains that it moves, by their last links.
        self._ends: dict[str, list[int]] = {}
        for end in ends:
            i = end
            while i > 0:
                joint = links[i].joint
                if joint is not None:
                    self._ends.setdefault(joint.name, []).append(end)
                i = links[i].parent
        # Forward, to the left and up.
        tips = {i: self._rotation @ _tip(links[i]) for i in ends}
        lowest = min((tip[2] for tip in tips.values()), default=0.0)
        # Where all legs point sideways, the ends are about as high as the base.
        highest = lowest + NEAR_GROUND * max(-lowest, 0.25 * size)
        self._feet = {i for i, tip in tips.items() if tip[2] <= highest}
        self._tips = {i: tip[:2] for i, tip in tips.items()}
        self._middle = MIDDLE * size
        feet = np.array([self._tips[i] for i in self._feet]).reshape(-1, 2)
        #: Of the forward and the lateral axis, whether there are feet on both sides.
        self._both_sides = [bool((x > self._middle).any() and (x < -self._middle).any()) for x in feet.T]

    def of_joints(self, joints: Iterable[str]) -> str:
        """
        :param joints: that are looked at together
        :return: such as ``"front left"`` or ``"left"``, empty where it is neither
        """
        ends = {end for joint in joints for end in self._ends.get(joint, ())}
        ends = ends & self._feet or ends
        if not ends:
            return ""
        middle = np.mean([self._tips[end] for end in sorted(ends)], axis=0)
        return words(
            int(np.sign(x)) if both and abs(x) > self._middle else 0
            for x, both in zip(middle, self._both_sides, strict=True)
        )

    def of_section(self, section: Iterable[tuple[float, float]]) -> str:
        """
        :param section: ranges of x and y in m in the base frame
        :return: as for joints
        """
        forward, lateral, _ = self._rotation @ (*section_signs(section), 0)
        return words((int(forward), int(lateral)))


def _tip(link: Link) -> np.ndarray:
    """The far end of a link, as seen from its joint: the middle of the shape that is farthest away."""
    assert link.joint is not None
    points = [shape.position for shape in link.shapes] or [link.centre, *link.frames.values()]
    return max(points, key=lambda point: float(np.linalg.norm(point - link.joint.position)))  # type: ignore[union-attr]
