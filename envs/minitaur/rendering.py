"""What a viewer sees of the minitaur: the same view in every simulator."""

from __future__ import annotations

import os
import sys
import time
from typing import Protocol

import numpy as np

from sb3_memaug.robots import Robot
from sb3_memaug.robots.bullet_robot import BulletRobot

#: Pixels.
WIDTH, HEIGHT = 480, 360
#: m, of the camera from what it looks at, and of that above the ground.
DISTANCE, TARGET_HEIGHT = 1.0, 0.1
#: Degrees: the camera's opening, its direction from the world's y axis, and how far it looks down.
OPENING, YAW, PITCH = 45.0, 35.0, -20.0


class Renderer(Protocol):
    """Shows a robot that it was made for."""

    def render(self) -> np.ndarray | None:
        """
        :return: the picture, (height, width, 3) in uint8, or None where a window shows it
        """

    def close(self) -> None:
        """Free what was opened."""


def make_renderer(robot: Robot, render_mode: str, frame_time: float) -> Renderer:
    """
    :param robot: the minitaur in a simulator
    :param render_mode: ``"rgb_array"`` or ``"human"``
    :param frame_time: in s, which a window takes for each picture
    :return: what shows it
    """
    if isinstance(robot, BulletRobot):
        from .bullet_rendering import BulletCamera, BulletWindow

        return BulletCamera(robot) if render_mode == "rgb_array" else BulletWindow(robot, frame_time)
    from .mujoco_rendering import MuJoCoCamera, MuJoCoWindow

    return MuJoCoCamera(robot) if render_mode == "rgb_array" else MuJoCoWindow(robot, frame_time)


def require_screen() -> None:
    """
    :raises RuntimeError: if there is none to open a window on, where PyBullet would end the process
    """
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        raise RuntimeError("render_mode='human' needs a screen, and DISPLAY names none; use render_mode='rgb_array'")


class Pace:
    """
    Holds a simulation back to real time.

    :param period: in s
    """

    def __init__(self, period: float) -> None:
        self._period = period
        self._next = time.perf_counter()

    def wait(self) -> None:
        """Until a period after the last time, or not at all where that has passed."""
        time.sleep(max(0.0, self._next - time.perf_counter()))
        self._next = max(self._next, time.perf_counter()) + self._period
