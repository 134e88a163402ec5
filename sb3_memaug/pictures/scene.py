"""Coloured solids on the ground, and pictures of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.colors import to_rgb

from sb3_memaug.pictures.camera import Camera
from sb3_memaug.pictures.ground import Ground
from sb3_memaug.pictures.raster import Raster, rasterise
from sb3_memaug.pictures.solids import Surface

#: Where the light comes from, as the viewer sees it: beside, above, and towards the viewer; and what shade keeps of it.
LIGHT, SHADE = np.array((-0.45, 0.70, 0.55)), 0.5
#: Pictures are drawn that many times as large as they are shown, for smooth edges.
OVERSAMPLING = 2


class _Triangles(NamedTuple):
    """
    Corners and normals, (triangles, 3, 3); colours, (triangles, 3); which part they belong to, how far they are lifted,
    and whether they shine, (triangles,).
    """

    corners: np.ndarray
    normals: np.ndarray
    colours: np.ndarray
    parts: np.ndarray
    lifts: np.ndarray
    shining: np.ndarray


class Scene:
    """What is drawn together; some of it shines through what hides it."""

    def __init__(self) -> None:
        self._triangles: list[_Triangles] = []

    def add(self, surface: Surface, colour: Any, part: int, lift: float = 0.0, shining: bool = False) -> None:
        """
        :param surface: of a solid
        :param colour: as matplotlib understands it
        :param part: that it belongs to; a line is drawn where one part ends and another begins
        :param lift: how much nearer than it is it counts, in m: of surfaces in one place, one is to win everywhere
        :param shining: whether it shines through what hides it
        """
        n = len(surface.corners)
        colours = np.tile(to_rgb(colour), (n, 1))
        self._triangles.append(_Triangles(*surface, colours, np.full(n, part), np.full(n, lift), np.full(n, shining)))

    @property
    def corners(self) -> np.ndarray:
        """Of all triangles, (triangles, 3, 3)."""
        return np.concatenate([triangles.corners for triangles in self._triangles])

    def picture(
        self, camera: Camera, ground: Ground, bounds: tuple[float, float, float, float], pixel: float, mirrored: bool
    ) -> np.ndarray:
        """
        :param camera: from which it is seen
        :param ground: on which it stands
        :param bounds: of what is shown, in m beside the camera's target: left, right, bottom, top
        :param pixel: its size in m
        :param mirrored: whether it is lit as in the mirror
        :return: the picture, (height, width, 3), in 0 to 1
        """
        left, right, bottom, top = bounds
        width, height = (OVERSAMPLING * round(size / pixel) for size in (right - left, top - bottom))
        pixel = pixel / OVERSAMPLING
        light = LIGHT * (-1 if mirrored else 1, 1, 1) @ camera.axes
        triangles = _Triangles(*map(np.concatenate, zip(*self._triangles, strict=True)))
        seen, depth = camera.project(triangles.corners)
        depth = depth - triangles.lifts[:, None]
        on_paper = (seen - (left, top)) / (pixel, -pixel)

        raster = rasterise(on_paper, depth, width, height)
        hit = raster.nearest >= 0
        picture = np.empty((height, width, 3))
        picture[hit] = _shaded(triangles, raster, hit, light)
        y, x = np.nonzero(~hit)
        paper = np.stack((left + (x + 0.5) * pixel, top - (y + 0.5) * pixel), axis=1)
        points = camera.on_ground(paper, ground.centre[2])
        picture[~hit] = ground.colours(points, 2.5 * pixel)
        picture[_outlines(np.where(hit, triangles.parts[raster.nearest], -1))] *= 0.45

        s = triangles.shining
        behind = rasterise(on_paper[s], depth[s], width, height)
        hidden = (behind.nearest >= 0) & (behind.depth > raster.depth + 1e-9)
        shining = _Triangles(*(values[s] for values in triangles))
        picture[hidden] = 0.6 * picture[hidden] + 0.4 * _shaded(shining, behind, hidden, light)
        blocks = height // OVERSAMPLING, OVERSAMPLING, width // OVERSAMPLING, OVERSAMPLING, 3
        return picture.reshape(blocks).mean(axis=(1, 3)).clip(0, 1)


def _shaded(triangles: _Triangles, raster: Raster, points: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Colours of points at which a triangle is seen."""
    lit = np.clip(0.5 + 0.5 * raster.blend(points, triangles.normals @ light), 0, 1) ** 1.2
    return triangles.colours[raster.nearest[points]] * 1.08 * (SHADE + (1 - SHADE) * lit)[:, None]


def _outlines(parts: np.ndarray) -> np.ndarray:
    """Where one part ends and another begins."""
    edges = np.zeros(parts.shape, dtype=bool)
    edges[:, 1:] |= parts[:, 1:] != parts[:, :-1]
    edges[1:] |= parts[1:] != parts[:-1]
    return edges
