"""Rotations by unit quaternions, scalar first; in plain floats, which for single vectors beat arrays tenfold."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

#: A vector, and a matrix by its rows.
Vector = tuple[float, float, float]
Rows = tuple[Vector, Vector, Vector]


def rotation_rows(quaternion: Iterable[float]) -> Rows:
    """
    :param quaternion: orientation of a body, (w, x, y, z), in plain floats
    :return: rows of the matrix whose columns are the body's axes in the world
    """
    w, x, y, z = quaternion
    x2, y2, z2 = x + x, y + y, z + z
    xx, yy, zz = x * x2, y * y2, z * z2
    xy, xz, yz = x * y2, x * z2, y * z2
    wx, wy, wz = w * x2, w * y2, w * z2
    return (1 - (yy + zz), xy - wz, xz + wy), (xy + wz, 1 - (xx + zz), yz - wx), (xz - wy, yz + wx, 1 - (xx + yy))


def rotation_matrix(quaternion: np.ndarray) -> np.ndarray:
    """
    :param quaternion: orientation of a body, (w, x, y, z)
    :return: matrix whose columns are the body's axes in the world, (3, 3)
    """
    return np.array(rotation_rows(quaternion.tolist()))


def to_body(rows: Rows, vector: Iterable[float]) -> Vector:
    """
    :param rows: as by :func:`rotation_rows`
    :param vector: along the world's axes, in plain floats
    :return: the same along the body's axes
    """
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rows
    x, y, z = vector
    return xx * x + yx * y + zx * z, xy * x + yy * y + zy * z, xz * x + yz * y + zz * z
