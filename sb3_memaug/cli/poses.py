"""Poses on the command line: by name, by angles, or both."""

from __future__ import annotations

import argparse
from difflib import get_close_matches

from sb3_memaug.cli.arguments import finite
from sb3_memaug.symmetry import RobotGeometry

#: Names of poses, and of joints with their angles, in their order.
Pose = list[tuple[str, float | None]]

METAVAR = "NAME|JOINT=ANGLE[,…]"


def pose(text: str) -> Pose:
    """
    :param text: ``home,FL_hip=0.2``: the name of a pose, and angles in rad or m that differ from it
    :return: its parts
    :raises argparse.ArgumentTypeError: if an angle is no number
    """
    parts: Pose = []
    for part in text.split(","):
        name, given, angle = part.partition("=")
        try:
            parts.append((name, finite(angle) if given else None))
        except argparse.ArgumentTypeError as error:
            raise argparse.ArgumentTypeError(f"expected JOINT=ANGLE with a number, got {part!r}") from error
    return parts


def angles_of(pose: Pose, geometry: RobotGeometry) -> dict[str, float]:
    """
    :param pose: from the command line
    :param geometry: of the robot
    :return: the angles that it tells, in rad or m, by joint
    :raises ValueError: if the robot does not know a pose or a joint
    """
    joints = [joint.name for joint in geometry.joints]
    angles: dict[str, float] = {}
    for name, angle in pose:
        known = joints if angle is not None else list(geometry.poses)
        if name not in known:
            what = "joint" if angle is not None else "pose"
            near = get_close_matches(name, known, cutoff=0.3)
            raise ValueError(
                f"{geometry.name} has no {what} {name!r}; "
                + (f"did you mean {' or '.join(map(repr, near))}?" if near else f"it has {known or 'none'}")
            )
        angles |= geometry.poses[name] if angle is None else {name: angle}
    return angles
