"""A pose to stand in: bent legs, with each foot under its hip."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sb3_memaug.symmetry import Joint, RobotGeometry
from sb3_memaug.symmetry.kinematics import posed

from .legs import Leg, tip

#: Length of a standing leg, relative to the stretched one: on a point, and on a foot that an ankle keeps level.
BENT, UPRIGHT = 0.85, 0.97
#: Other lengths, for where the joints' limits rule the first one out.
LENGTHS = (0.9, 0.8, 0.95, 0.7, 0.6, 0.5)
#: A joint bends a leg if its axis is that near to the y axis: the cosine between them.
PITCHING = 0.9
#: A hip lies in front of the others if it does by more than this part of the leg's length.
IN_FRONT = 0.1


def find_stance(geometry: RobotGeometry, legs: Sequence[Leg]) -> dict[str, float]:
    """
    Bend the legs in their hip and knee, the joints that turn about the y axis, so that each foot comes under its hip;
    an ankle turns back what they turn. Which way a knee points is decided by its limits; where these allow both, by
    where the leg is: knees point towards the robot's middle, and forwards in a robot that stands on one pair of legs.
    All other joints, and legs of another build, stay as the file has them, within their limits.

    :param geometry: of the robot, with its joints as its file has them
    :param legs: of the robot
    :return: angles of all joints by name
    """
    axes = {joint.name: joint.axis for joint in geometry.joints}
    bending = {leg: [name for name in leg.joints if abs(axes[name][1]) > PITCHING] for leg in legs}
    bent = {name for names in bending.values() if len(names) >= 2 for name in names}
    angles = {joint.name: float(np.clip(joint.angle, *joint.limits)) for joint in geometry.joints}
    # For the joints to be bent, the limits matter at the end only.
    straight = posed(geometry, {name: angle for name, angle in angles.items() if name not in bent})
    joints = {joint.name: joint for joint in straight.joints}
    middle = np.mean([joints[leg.joints[0]].position[0] for leg in legs])
    for leg, names in bending.items():
        if len(names) >= 2:
            chain = [joints[name] for name in names]
            angles.update(_bend(chain, tip(straight, leg), float(chain[0].position[0] - middle)))
    return angles


class _Segment(NamedTuple):
    """Part of a leg, seen from its left: its length in m and its angle from straight down about the y axis, in rad."""

    length: float
    angle: float

    @classmethod
    def between(cls, start: np.ndarray, end: np.ndarray) -> _Segment:
        x, _, z = end - start
        return cls(math.hypot(x, z), math.atan2(-x, -z))


def _bend(joints: Sequence[Joint], foot: np.ndarray, in_front: float) -> dict[str, float]:
    """
    Of one leg.

    :param joints: that turn about the y axis: hip, knee, and an ankle perhaps
    :param foot: its end
    :param in_front: how far the leg is in front of the robot's middle
    """
    hip, knee, *rest = joints
    thigh = _Segment.between(hip.position, knee.position)
    shank = _Segment.between(knee.position, rest[0].position if rest else foot)
    stretched = thigh.length + shank.length
    # 1 where the knee lies behind the line from hip to foot, -1 where before it.
    sides = (1, -1) if in_front > IN_FRONT * stretched else (-1, 1)
    for length in (UPRIGHT if rest else BENT, *LENGTHS):
        above = _corner(thigh.length, length * stretched, shank.length)
        below = _corner(shank.length, length * stretched, thigh.length)
        if above is None or below is None:
            continue
        for side in sides:
            first, second = side * above - thigh.angle, -side * below - shank.angle
            turns = {hip: first, knee: second - first, **dict.fromkeys(rest[:1], -second)}
            angles = {joint.name: _angle(joint, turn) for joint, turn in turns.items()}
            if None not in angles.values():
                return {name: angle for name, angle in angles.items() if angle is not None}
    return {joint.name: float(np.clip(joint.angle, *joint.limits)) for joint in joints}


def _corner(a: float, b: float, opposite: float) -> float | None:
    """Angle between the sides a and b of a triangle, if there is one."""
    if not a * b:
        return None
    cosine = (a * a + b * b - opposite * opposite) / (2 * a * b)
    return math.acos(cosine) if abs(cosine) <= 1 else None


def _angle(joint: Joint, turn: float) -> float | None:
    """Of a joint that is turned about the y axis, or None where it cannot be."""
    low, high = joint.limits
    angle = joint.angle + math.copysign(1.0, joint.axis[1]) * math.remainder(turn, math.tau)
    # A whole turn more is for a joint whose zero is elsewhere, not for one that may turn on and on.
    whole = (0.0, -math.tau, math.tau) if high - low < math.tau else (0.0,)
    return next((angle + more for more in whole if low <= angle + more <= high), None)
