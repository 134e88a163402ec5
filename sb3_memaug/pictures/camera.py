"""From points in space to points on paper."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Camera(NamedTuple):
    """
    Looks at a point.

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
