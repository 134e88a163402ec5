"""What a viewer sees of the minitaur: the same view in every simulator."""

from __future__ import annotations

import os
import sys
import time
from typing import Protocol

import numpy as np

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
