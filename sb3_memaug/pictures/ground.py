"""The ground that a robot stands on: a disc with a grid, a soft shadow, the line of a mirror, and an arrow forwards."""

from __future__ import annotations

import numpy as np

from sb3_memaug.pictures.raster import rasterise

#: Points along each side of the map of shadows.
RESOLUTION = 256
GROUND, GRID, INK = np.array((0.94, 0.952, 0.964)), np.array((0.84, 0.865, 0.89)), np.array((0.35, 0.39, 0.43))


class Ground:
    """
    :param corners: of the triangles of what stands on it, (triangles, 3, 3)
    :param centre: of it in m, (3,)
    :param radius: in m
    :param line: direction of the line through its centre that is drawn on it, (2,); zero for none
    :param forward: whether an arrow points where x does
    """

    def __init__(self, corners: np.ndarray, centre: np.ndarray, radius: float, line: np.ndarray, forward: bool) -> None:
        self.centre, self.radius, self.line, self.forward = centre, radius, line, forward
        self._shadow = _shadow(corners - centre, radius)

    def colours(self, points: np.ndarray, width: float) -> np.ndarray:
        """
        :param points: of the ground in m, (points, 2)
        :param width: of a line in m
        :return: their colours, (points, 3); white outside
        """
        colours = np.ones((len(points), 3))
        points = points - self.centre[:2]
        inside = np.linalg.norm(points, axis=1) < self.radius
        colours[inside] = self._inside(points[inside], width)
        return colours

    def _inside(self, points: np.ndarray, width: float) -> np.ndarray:
        spacing = self.radius / 4
        off_grid = np.abs((points + spacing / 2) % spacing - spacing / 2).min(axis=1)
        colours = np.where((off_grid < width / 2)[:, None], GRID, GROUND)
        x, y = ((points / self.radius + 1) * RESOLUTION / 2).astype(int).T
        shade = self._shadow[x, y][:, None]
        # Fades out towards its rim.
        visible = np.clip((1 - np.linalg.norm(points, axis=1) / self.radius) / 0.25, 0, 1)[:, None]
        colours = 1 - visible * (1 - colours * (1 - 0.55 * shade))
        marks = self._arrow(points) | self._dashes(points, width)
        return np.where(marks[:, None], 1 - (1 - INK) * (1 - 0.4 * shade), colours)

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
    raster = rasterise(cells, corners[..., 2], RESOLUTION, RESOLUTION)
    dark = np.where(raster.nearest >= 0, np.exp(-raster.depth / (0.4 * radius)), 0.0)
    frequencies = np.fft.fftfreq(RESOLUTION)
    blur = np.exp(-2 * (np.pi * 3.5) ** 2 * (frequencies[:, None] ** 2 + frequencies**2))
    return np.fft.ifft2(np.fft.fft2(dark) * blur).real.clip(0, 1)
