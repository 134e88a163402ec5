"""Rotations by unit quaternions, scalar first; in plain floats, which for single vectors beat arrays tenfold."""

from __future__ import annotations

import math

import numpy as np


def rotation_matrix(quaternion: np.ndarray) -> np.ndarray:
    """
    :param quaternion: orientation of a body, (w, x, y, z)
    :return: matrix whose columns are the body's axes in the world, (3, 3)
    """
    w, x, y, z = quaternion.tolist()
    return np.array(
        (
            (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
            (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
            (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
        )
    )


def heading(matrix: np.ndarray) -> float:
    """
    :param matrix: as by :func:`rotation_matrix`
    :return: direction of the body's x axis on the ground, in rad from the world's x axis towards its y axis
    """
    return math.atan2(matrix[1, 0], matrix[0, 0])
