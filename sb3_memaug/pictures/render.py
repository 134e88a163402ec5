"""A small renderer in NumPy: triangles, seen by a camera, on a ground with soft shadows. Needs no graphics library."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.colors import to_rgb

#: Where the light comes from, as the viewer sees it: beside, above, and towards the viewer; and what shade keeps of it.
LIGHT, SHADE = np.array((-0.45, 0.70, 0.55)), 0.5
#: Pictures are drawn that many times as large as they are shown, for smooth edges.
OVERSAMPLING = 2
#: Points along each side of the map of shadows.
RESOLUTION = 256
#: Colors of the ground, its grid, and its lines.
GROUND, GRID, INK = np.array((0.94, 0.952, 0.964)), np.array((0.84, 0.865, 0.89)), np.array((0.35, 0.39, 0.43))


class Surface(NamedTuple):
    """
    Triangles.

    :param corners: in m, (triangles, 3, 3)
    :param normals: outwards at each corner, of length 1, (triangles, 3, 3)
    """

    corners: np.ndarray
    normals: np.ndarray


class Camera(NamedTuple):
    """
    A camera that looks at a point.

    :param target: in m, (3,)
    :param azimuth: from where, in rad from the x axis
    :param elevation: above the horizon, in rad
    :param distance: in m
    """

    target: np.ndarray
    azimuth: float
    elevation: float
    distance: float

    @property
    def axes(self) -> np.ndarray:
        """To the right, up and towards the camera, in rows, (3, 3)."""
        sin, cos = np.sin(self.azimuth), np.cos(self.azimuth)
        rise, level = np.sin(self.elevation), np.cos(self.elevation)
        return np.array(((-sin, cos, 0.0), (-rise * cos, -rise * sin, level), (level * cos, level * sin, rise)))

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        :param points: in m, (…, 3)
        :return: where they appear, in m beside the target, (…, 2), and their distance from the camera, (…)
        """
        seen = (points - self.target) @ self.axes.T
        depth = self.distance - seen[..., 2]
        return seen[..., :2] * (self.distance / depth)[..., None], depth

    def on_ground(self, seen: np.ndarray, height: float) -> np.ndarray:
        """
        :param seen: in m beside the target, (…, 2)
        :param height: of the ground
        :return: the points of the ground that appear there, (…, 2); nan above the horizon
        """
        axes = self.axes
        ray = seen @ axes[:2] - self.distance * axes[2]
        position = self.target + self.distance * axes[2]
        with np.errstate(divide="ignore", invalid="ignore"):
            way = (height - position[2]) / ray[..., 2]
        return np.where(way[..., None] > 0, position[:2] + way[..., None] * ray[..., :2], np.nan)


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


def rasterize(corners: np.ndarray, depth: np.ndarray, width: int, height: int) -> Raster:
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


class Ground:
    """
    A disc with a grid, a soft shadow, the line of a mirror, and an arrow forwards.

    :param corners: of the triangles of what stands on it, (triangles, 3, 3)
    :param center: of it in m, (3,)
    :param radius: in m
    :param line: direction of the line through its center that is drawn on it, (2,); zero for none
    :param forward: whether an arrow points where x does
    """

    def __init__(self, corners: np.ndarray, center: np.ndarray, radius: float, line: np.ndarray, forward: bool) -> None:
        self.center, self.radius, self.line, self.forward = center, radius, line, forward
        self._shadow = _shadow(corners - center, radius)

    def colors(self, points: np.ndarray, width: float) -> np.ndarray:
        """
        :param points: of the ground in m, (points, 2)
        :param width: of a line in m
        :return: their colors, (points, 3); white outside
        """
        colors = np.ones((len(points), 3))
        points = points - self.center[:2]
        inside = np.linalg.norm(points, axis=1) < self.radius
        colors[inside] = self._inside(points[inside], width)
        return colors

    def _inside(self, points: np.ndarray, width: float) -> np.ndarray:
        spacing = self.radius / 4
        off_grid = np.abs((points + spacing / 2) % spacing - spacing / 2).min(axis=1)
        colors = np.where((off_grid < width / 2)[:, None], GRID, GROUND)
        x, y = ((points / self.radius + 1) * RESOLUTION / 2).astype(int).T
        shade = self._shadow[x, y][:, None]
        # Fades out towards its rim.
        visible = np.clip((1 - np.linalg.norm(points, axis=1) / self.radius) / 0.25, 0, 1)[:, None]
        colors = 1 - visible * (1 - colors * (1 - 0.55 * shade))
        marks = self._arrow(points) | self._dashes(points, width)
        return np.where(marks[:, None], 1 - (1 - INK) * (1 - 0.4 * shade), colors)

    def _dashes(self, points: np.ndarray, width: float) -> np.ndarray:
        along, across = points @ self.line, points @ (self.line[::-1] * (-1, 1))
        dash = (np.abs(along) < 0.78 * self.radius) & (along % (self.radius / 10) < self.radius / 16)
        return dash & (np.abs(across) < 0.6 * width) & self.line.any()

    def _arrow(self, points: np.ndarray) -> np.ndarray:
        x, y = points[:, 0] / self.radius, np.abs(points[:, 1]) / self.radius
        shaft = (x > 0.82) & (x < 0.92) & (y < 0.008)
        return (shaft | ((x > 0.91) & (y < 0.4 * (0.99 - x)))) & self.forward


def _shadow(corners: np.ndarray, radius: float) -> np.ndarray:
    """By x and y; darker below what is near the ground."""
    cells = (corners[..., 1::-1] / radius + 1) * RESOLUTION / 2
    raster = rasterize(cells, corners[..., 2], RESOLUTION, RESOLUTION)
    dark = np.where(raster.nearest >= 0, np.exp(-raster.depth / (0.4 * radius)), 0.0)
    frequencies = np.fft.fftfreq(RESOLUTION)
    blur = np.exp(-2 * (np.pi * 3.5) ** 2 * (frequencies[:, None] ** 2 + frequencies**2))
    return np.fft.ifft2(np.fft.fft2(dark) * blur).real.clip(0, 1)


class _Triangles(NamedTuple):
    """
    Corners and normals, (triangles, 3, 3); colors, (triangles, 3); which part they belong to, how far they are lifted,
    and whether they shine, (triangles,).
    """

    corners: np.ndarray
    normals: np.ndarray
    colors: np.ndarray
    parts: np.ndarray
    lifts: np.ndarray
    shining: np.ndarray


class Scene:
    """Surfaces that are drawn together; some of them shine through what hides them."""

    def __init__(self) -> None:
        self._triangles: list[_Triangles] = []

    def add(self, surface: Surface, color: Any, part: int, lift: float = 0.0, shining: bool = False) -> None:
        """
        :param surface: of a solid
        :param color: as matplotlib understands it
        :param part: that it belongs to; a line is drawn where one part ends and another begins
        :param lift: how much nearer than it is it counts, in m: of surfaces in one place, one is to win everywhere
        :param shining: whether it shines through what hides it
        """
        n = len(surface.corners)
        colors = np.tile(to_rgb(color), (n, 1))
        self._triangles.append(_Triangles(*surface, colors, np.full(n, part), np.full(n, lift), np.full(n, shining)))

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

        raster = rasterize(on_paper, depth, width, height)
        hit = raster.nearest >= 0
        picture = np.empty((height, width, 3))
        picture[hit] = _shaded(triangles, raster, hit, light)
        y, x = np.nonzero(~hit)
        paper = np.stack((left + (x + 0.5) * pixel, top - (y + 0.5) * pixel), axis=1)
        points = camera.on_ground(paper, ground.center[2])
        picture[~hit] = ground.colors(points, 2.5 * pixel)
        picture[_outlines(np.where(hit, triangles.parts[raster.nearest], -1))] *= 0.45

        s = triangles.shining
        behind = rasterize(on_paper[s], depth[s], width, height)
        hidden = (behind.nearest >= 0) & (behind.depth > raster.depth + 1e-9)
        shining = _Triangles(*(values[s] for values in triangles))
        picture[hidden] = 0.6 * picture[hidden] + 0.4 * _shaded(shining, behind, hidden, light)
        blocks = height // OVERSAMPLING, OVERSAMPLING, width // OVERSAMPLING, OVERSAMPLING, 3
        return picture.reshape(blocks).mean(axis=(1, 3)).clip(0, 1)


def _shaded(triangles: _Triangles, raster: Raster, points: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Colors of points at which a triangle is seen."""
    lit = np.clip(0.5 + 0.5 * raster.blend(points, triangles.normals @ light), 0, 1) ** 1.2
    return triangles.colors[raster.nearest[points]] * 1.08 * (SHADE + (1 - SHADE) * lit)[:, None]


def _outlines(parts: np.ndarray) -> np.ndarray:
    """Where one part ends and another begins."""
    edges = np.zeros(parts.shape, dtype=bool)
    edges[:, 1:] |= parts[:, 1:] != parts[:, :-1]
    edges[1:] |= parts[1:] != parts[:-1]
    return edges
