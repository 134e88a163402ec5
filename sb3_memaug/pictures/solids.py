"""Surfaces of solids."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: How round a solid is from pole to pole and around its axis: 1 as an ellipsoid; towards 0 it gets edges.
ROUNDNESS = {
    "sphere": (1.0, 1.0),
    "ellipsoid": (1.0, 1.0),
    "capsule": (1.0, 1.0),
    "cylinder": (0.12, 1.0),
    "box": (0.12, 0.12),
    "mesh": (0.45, 0.45),
}


class Surface(NamedTuple):
    """
    Triangles.

    :param corners: in m, (triangles, 3, 3)
    :param normals: outwards at each corner, of length 1, (triangles, 3, 3)
    """

    corners: np.ndarray
    normals: np.ndarray


def solid(kind: str, centre: np.ndarray, extent: np.ndarray, steps: int = 13) -> Surface:
    """
    A superellipsoid: a box, a cylinder, an ellipsoid, or something between; or a capsule.

    :param kind: of a :class:`~sb3_memaug.symmetry.Shape`
    :param centre: (3,)
    :param extent: of a :class:`~sb3_memaug.symmetry.Shape`, (3, 3)
    :param steps: from pole to pole, an odd number
    :return: its surface
    """
    squares, axes = np.linalg.eigh(extent)
    half_sizes = np.sqrt(np.maximum(squares, 1e-12))
    if half_sizes[2] - half_sizes[1] < half_sizes[1] - half_sizes[0]:
        # A disc: its axis is the short one.
        half_sizes, axes = half_sizes[[1, 2, 0]], axes[:, [1, 2, 0]]
    if np.linalg.det(axes) < 0:
        axes = axes * (1, 1, -1)
    along, around = ROUNDNESS.get(kind, ROUNDNESS["mesh"])
    latitude = np.linspace(-np.pi / 2, np.pi / 2, steps + 1)[:, None]
    longitude = np.linspace(-np.pi, np.pi, 2 * steps + 1)[None]
    round_sizes, stretch = half_sizes, 0.0
    if kind == "capsule":
        round_sizes, stretch = np.repeat(half_sizes[1], 3), half_sizes[2] - half_sizes[1]
    points = round_sizes * _round(latitude, longitude, along, around)
    points[..., 2] += stretch * np.sign(latitude)
    normals = _round(latitude, longitude, 2 - along, 2 - around) / round_sizes
    return _surface(centre + points @ axes.T, normals @ axes.T)


def rod(start: np.ndarray, end: np.ndarray, radius: float) -> Surface:
    """
    :param start: of its axis, (3,)
    :param end: of its axis, another point, (3,)
    :param radius: in m
    :return: the surface of a cylinder
    """
    half = (end - start) / 2
    length = np.linalg.norm(half)
    along = np.outer(half, half) / length**2
    return solid("cylinder", (start + end) / 2, length**2 * along + radius**2 * (np.eye(3) - along), 7)


def _round(latitude: np.ndarray, longitude: np.ndarray, along: float, around: float) -> np.ndarray:
    level, height = _power(np.cos(latitude), along), _power(np.sin(latitude), along)
    x, y = _power(np.cos(longitude), around), _power(np.sin(longitude), around)
    return np.stack((level * x, level * y, height * np.ones_like(x)), axis=-1)


def _power(values: np.ndarray, exponent: float) -> np.ndarray:
    return np.sign(values) * np.abs(values) ** exponent


def _surface(points: np.ndarray, normals: np.ndarray) -> Surface:
    """Of a surface given on a grid, (rows, columns, 3)."""
    normals = normals / np.linalg.norm(normals, axis=-1, keepdims=True)

    def triangles(grid: np.ndarray) -> np.ndarray:
        a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
        return np.concatenate((np.stack((a, b, c), axis=2), np.stack((a, c, d), axis=2))).reshape(-1, 3, 3)

    return Surface(triangles(points), triangles(normals))
