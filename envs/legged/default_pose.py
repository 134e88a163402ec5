"""The pose that a robot starts in and moves about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sb3_memaug.symmetry import RobotGeometry
from sb3_memaug.symmetry.kinematics import posed

from .legs import Leg, bottom
from .servos import by_name
from .stance import find_stance

#: Keyframes that are taken for a stance, if the robot stands on all its feet in them.
STANDING_KEYS = ("home", "stand", "standing", "default")
#: Feet are level within this part of the base's height.
LEVEL = 0.1


def choose_default_pose(
    geometry: RobotGeometry,
    legs: Sequence[Leg],
    keyframes: Mapping[str, Mapping[str, float]],
    pose: Mapping[str, float] | str | None,
) -> dict[str, float]:
    """
    :param geometry: of the robot, with its joints as its file has them
    :param legs: of the robot
    :param keyframes: poses of the file
    :param pose: angles in rad by the names of joints (regular expressions that match all of a name), for those that are
        not to be as in the stance that is found; or the name of a keyframe; or None for the file's keyframe of a
        standing robot, or else the stance
    :return: angles of all joints by name
    :raises ValueError: if there is no such keyframe or joint
    """
    if isinstance(pose, str):
        if pose not in keyframes:
            raise ValueError(f"`pose` is {pose!r}, but the keyframes of {geometry.name!r} are {list(keyframes)}")
        return dict(keyframes[pose])
    if pose is None:
        for name, angles in keyframes.items():
            if name.lower() in STANDING_KEYS and _stands(geometry, legs, angles):
                return dict(angles)
    angles = find_stance(geometry, legs)
    return {**angles, **by_name("pose", pose, list(angles))}


def _stands(geometry: RobotGeometry, legs: Sequence[Leg], angles: Mapping[str, float]) -> bool:
    looked_at = posed(geometry, angles)
    bottoms = [bottom(looked_at.links[leg.link]) for leg in legs]
    return max(bottoms) < 0 and max(bottoms) - min(bottoms) < LEVEL * -min(bottoms)
