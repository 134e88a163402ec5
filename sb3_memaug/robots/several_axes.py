"""Joints with several degrees of freedom as hinges and slides along the axes of the robot's base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sb3_memaug.symmetry.derivation.geometry import UNLIMITED, Joint


def ball_hinges(
    name: str, position: np.ndarray, limit: float = np.inf, properties: Sequence[Mapping[str, float]] = ({}, {}, {})
) -> list[Joint]:
    """
    Three hinges in the place of a ball joint, about the base's axes as they are in the pose in which it is read: a
    mirror image of the ball joint has the mirror images of these, however the frames of its bodies are turned.

    :param name: of the ball joint; those of the hinges end in ``:0``, ``:1`` and ``:2``
    :param position: of its centre in m, (3,)
    :param limit: of its angle in rad
    :param properties: of each of the three
    :return: the hinges, the first nearest to the parent
    """
    limits = (-limit, limit) if np.isfinite(limit) else UNLIMITED
    return [
        Joint(f"{name}:{k}", "hinge", position, axis, limits=limits, properties=dict(of))
        for k, (axis, of) in enumerate(zip(np.eye(3), properties, strict=True))
    ]


def free_axes(name: str, position: np.ndarray) -> list[Joint]:
    """
    Three slides and three hinges in the place of a free joint, along and about the base's axes.

    :param name: of the free joint; those of the others end in ``:0`` to ``:5``
    :param position: of its body in m, (3,)
    :return: the slides and then the hinges, the first nearest to the parent
    """
    kinds = ["slide"] * 3 + ["hinge"] * 3
    return [
        Joint(f"{name}:{k}", kind, position, axis)
        for k, (kind, axis) in enumerate(zip(kinds, np.eye(3)[[0, 1, 2, 0, 1, 2]], strict=True))
    ]


def hinge_angles(rotation: np.ndarray) -> tuple[float, float, float]:
    """
    :param rotation: of a ball joint from where it was read, along the base's axes, (3, 3)
    :return: angles of its three hinges in rad
    """
    about_y = np.arcsin(np.clip(rotation[0, 2], -1, 1))
    about_x = np.arctan2(-rotation[1, 2], rotation[2, 2])
    about_z = np.arctan2(-rotation[0, 1], rotation[0, 0])
    return float(about_x), float(about_y), float(about_z)
