"""Rotations by unit quaternions, scalar first; in plain floats, which for single vectors beat arrays tenfold."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

Floats = tuple[float, float, float]
Rows = tuple[Floats, Floats, Floats]


def rotation_rows(quaternion: np.ndarray) -> Rows:
    """
    :param quaternion: orientation of a body, (w, x, y, z)
    :return: rows of :func:`rotation_matrix`: the world's axes, seen from the body
    """
    w, x, y, z = quaternion.tolist()
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )


def rotation_matrix(quaternion: np.ndarray) -> np.ndarray:
    """
    :param quaternion: orientation of a body, (w, x, y, z)
    :return: matrix whose columns are the body's axes in the world, (3, 3)
    """
    return np.array(rotation_rows(quaternion))


def to_world(rows: Rows, vector: Iterable[float]) -> Floats:
    """
    :param rows: as by :func:`rotation_rows`
    :param vector: in the frame of the body, of three
    :return: the same vector in the frame of the world
    """
    x, y, z = vector
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rows
    return xx * x + xy * y + xz * z, yx * x + yy * y + yz * z, zx * x + zy * y + zz * z


def to_body(rows: Rows, vector: Iterable[float]) -> Floats:
    """
    :param rows: as by :func:`rotation_rows`
    :param vector: in the frame of the world, of three
    :return: the same vector in the frame of the body
    """
    x, y, z = vector
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rows
    return xx * x + yx * y + zx * z, xy * x + yy * y + zy * z, xz * x + yz * y + zz * z
