"""The partners of joints and bodies, by their names, once the links are matched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sb3_memaug.symmetry.differences import mirrored_axis
from sb3_memaug.symmetry.geometry import Link, RobotGeometry
from sb3_memaug.symmetry.side_names import name_mismatch
from sb3_memaug.symmetry.space_reflection import SpaceReflection
from sb3_memaug.symmetry.tolerances import Tolerances


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
