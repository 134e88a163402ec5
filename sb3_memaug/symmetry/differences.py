"""How far two parts of a robot are from being mirror images of each other."""

from __future__ import annotations

import math

import numpy as np

from sb3_memaug.symmetry.geometry import Joint, Link
from sb3_memaug.symmetry.space_reflection import SpaceReflection


def axis_distance(joint: Joint, partner: Joint, space: SpaceReflection) -> float:
    """
    :param joint: of a link
    :param partner: of the other
    :param space: the reflection
    :return: how far the mirror image of a hinge's axis is from its partner's, in m; 0 for slides, which have no place
    """
    if joint.kind != "hinge":
        return 0.0
    return _cross(space.point(joint.position) - partner.position, partner.axis)


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
    return math.atan2(_cross(image, partner.axis), abs(float(image @ partner.axis)))


def _cross(a: np.ndarray, b: np.ndarray) -> float:
    """Length of the cross product; NumPy's takes many times as long for a single one."""
    (ax, ay, az), (bx, by, bz) = a.tolist(), b.tolist()
    return math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)


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
    if (image == partner.inertia).all():
        return 0.0
    moments = np.linalg.eigvalsh((image - partner.inertia, image, partner.inertia))
    difference, *sizes = np.abs(moments).max(axis=1).tolist()
    return difference / max(sizes) if max(sizes) > 0 else 0.0
