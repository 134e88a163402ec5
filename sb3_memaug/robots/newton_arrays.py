"""The numbers of a Newton model, or of the builder that makes one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sb3_memaug.robots.rotations import rotation_matrix
from sb3_memaug.symmetry.rigid_motion import RigidMotion


def rows(values: Any, indices: Sequence[int] | np.ndarray) -> np.ndarray:
    """
    :param values: an array of a model, or the list that its builder keeps in its place
    :param indices: of rows
    :return: these rows in double precision
    """
    chosen = values.numpy()[indices] if hasattr(values, "numpy") else np.array([values[i] for i in indices])
    return np.asarray(chosen, dtype=float)


def integers(values: Any) -> np.ndarray:
    """
    :param values: as of :func:`rows`
    :return: all of them
    """
    return np.array(values.numpy() if hasattr(values, "numpy") else values, dtype=int)


def motion(values: Any, index: int) -> RigidMotion:
    """
    :param values: transforms, each a position and a quaternion, scalar last
    :param index: of one
    :return: that one
    """
    transform = rows(values, [index])[0]
    x, y, z, w = transform[3:] / np.linalg.norm(transform[3:])
    return RigidMotion(rotation_matrix(np.array((w, x, y, z))), transform[:3])


def leaf(label: str) -> str:
    """
    :param label: a path of names
    :return: its last name, as Newton's and Isaac Lab's own selections call it
    """
    return label.rsplit("/", 1)[-1]
