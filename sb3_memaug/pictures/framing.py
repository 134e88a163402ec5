"""Where cameras stand for a robot and its mirror image, and how much of them a picture shows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sb3_memaug.pictures.camera import Camera
from sb3_memaug.pictures.mirrored_pose import MirroredPose

#: Of the first camera, in rad: the robot looks to the right, towards its mirror image.
AZIMUTH, ELEVATION = -0.66, 0.28


class Framing(NamedTuple):
    """
    :param floor: centre of the ground in m, (3,)
    :param radius: of the ground in m
    :param cameras: for the robot and for its mirror image
    :param bounds: of both pictures, in m beside the cameras' target: left, right, bottom, top
    """

    floor: np.ndarray
    radius: float
    cameras: tuple[Camera, Camera]
    bounds: tuple[float, float, float, float]


def frame(mirrored: MirroredPose, corners: np.ndarray) -> Framing:
    """
    :param mirrored: the robot and its image
    :param corners: of all that is to be seen of both, in m, (corners, 3)
    :return: views of the two that are flipped copies of one another, where the mirror is right
    """
    low, high = corners.min(axis=0), corners.max(axis=0)
    # The mirror must leave it where it is.
    middle = np.where(mirrored.axes < 0, mirrored.shift / 2, (low + high) / 2)
    floor = np.array((*middle[:2], low[2]))
    radius = 1.4 * float(np.linalg.norm((corners - middle)[:, :2], axis=1).max())
    distance = 3.5 * float(np.linalg.norm(high - low))
    x, y = np.cos(AZIMUTH), np.sin(AZIMUTH)
    first = Camera(middle, AZIMUTH, ELEVATION, distance)
    second = first._replace(azimuth=float(np.arctan2(mirrored.axes[1] * y, mirrored.axes[0] * x)))
    turn = np.linspace(0, 2 * np.pi, 73)
    rim = floor + radius * np.stack((np.cos(turn), np.sin(turn), np.zeros_like(turn)), axis=1)
    shown = np.concatenate((corners, rim))
    seen = np.concatenate([camera.project(shown)[0] for camera in (first, second)])
    side, bottom, top = float(np.abs(seen[:, 0]).max()), float(seen[:, 1].min()), float(seen[:, 1].max())
    return Framing(floor, radius, (first, second), (-side, side, bottom, top + 0.05 * side))
