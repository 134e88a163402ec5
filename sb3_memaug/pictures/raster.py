"""Which triangle is the nearest one at each point of a picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Raster(NamedTuple):
    """
    :param nearest: index of the triangle that is seen at each point, -1 for none, (height, width)
    :param depth: of what is seen there, infinite for nothing, (height, width)
    :param maps: for each triangle, what multiplied by (x, y, 1) gives the weights of its corners, (triangles, 3, 3)
    """

    nearest: np.ndarray
    depth: np.ndarray
    maps: np.ndarray

    def blend(self, points: np.ndarray, values: np.ndarray) -> np.ndarray:
        """
        :param points: of the picture at which a triangle is seen, (height, width) in bool
        :param values: at the corners of each triangle, (triangles, 3)
        :return: the values at these points, (points,)
        """
        y, x = np.nonzero(points)
        triangles = self.nearest[points]
        across, down, constant = np.einsum("tij,tj->it", self.maps, values)[:, triangles]
        return across * (x + 0.5) + down * (y + 0.5) + constant


def rasterise(corners: np.ndarray, depth: np.ndarray, width: int, height: int) -> Raster:
    """
    :param corners: in pixels to the right of and below the picture's corner, (triangles, 3, 2)
    :param depth: of each corner, (triangles, 3)
    :param width: in pixels
    :param height: in pixels
    :return: what is seen
    """
    points = np.concatenate((corners, np.ones((len(corners), 3, 1))), axis=2)
    # Backs and edges of what is closed cannot be seen.
    seen = np.flatnonzero(np.linalg.det(points) < -1e-9)
    maps = np.zeros((len(corners), 3, 3))
    maps[seen] = np.linalg.inv(points[seen])
    low = np.clip(np.floor(corners.min(axis=1)), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(corners.max(axis=1)), 0, (width, height)).astype(int)
    depths = np.einsum("tij,tj->ti", maps, depth)
    nearest, nearest_depth = np.full((height, width), -1), np.full((height, width), np.inf)
    columns, rows = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
    for i in seen.tolist():
        (left, top), (right, bottom) = low[i], high[i]
        x, y = columns[left:right], rows[top:bottom]
        (ax, bx, cx), (ay, by, cy), (a, b, c) = maps[i].tolist()
        inside = (ax * x + (ay * y + a) >= 0) & (bx * x + (by * y + b) >= 0) & (cx * x + (cy * y + c) >= 0)
        dx, dy, d = depths[i].tolist()
        here, there = dx * x + (dy * y + d), nearest_depth[top:bottom, left:right]
        inside &= here < there
        there[inside] = here[inside]
        nearest[top:bottom, left:right][inside] = i
    return Raster(nearest, nearest_depth, maps)
