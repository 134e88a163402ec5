"""Legged environments that can be seen, alike in every simulator."""

from __future__ import annotations

import os
import sys
import time
from abc import abstractmethod
from typing import Any, NamedTuple, Protocol

import numpy as np

from .legged_env import LeggedEnv

#: Pixels.
WIDTH, HEIGHT = 480, 360
#: Degrees: the camera's opening, its direction from the world's y axis, and how far it looks down.
OPENING, YAW, PITCH = 45.0, 35.0, -20.0
#: What an environment can be asked to show itself by.
RENDER_MODES = ("human", "rgb_array")


class View(NamedTuple):
    """
    Where a camera follows a robot from.

    :param distance: from what it looks at in m
    :param target_height: of that above the ground in m
    """

    distance: float
    target_height: float


class Renderer(Protocol):
    """Shows a robot that it was made for."""

    def render(self) -> np.ndarray | None:
        """
        :return: the picture, (height, width, 3) in uint8, or None where a window shows it
        """

    def close(self) -> None:
        """Free what was opened."""


def check_render_mode(render_mode: str | None) -> None:
    """
    :param render_mode: of an environment
    :raises ValueError: if there is none of this name
    :raises RuntimeError: if it wants a window, and there is no screen; PyBullet would end the process
    """
    if render_mode is not None and render_mode not in RENDER_MODES:
        raise ValueError(f"`render_mode` must be None or one of {list(RENDER_MODES)}, got {render_mode!r}")
    if render_mode == "human" and sys.platform == "linux" and not os.environ.get("DISPLAY"):
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


class RenderedLeggedEnv(LeggedEnv):
    """
    Shows its robot as :attr:`render_mode` asks for: with ``"human"`` in a window, at every step; with ``"rgb_array"``
    by pictures, when :meth:`render` is called.

    :param render_mode: ``"human"``, ``"rgb_array"`` or None
    :param kwargs: arguments of :class:`~sb3_memaug.envs.legged_env.LeggedEnv`
    """

    def __init__(self, render_mode: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.render_mode = render_mode
        self._renderer: Renderer | None = None

    @abstractmethod
    def _make_renderer(self, render_mode: str) -> Renderer:
        """Make what shows the robot."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        result = super().reset(seed=seed, options=options)
        if self.render_mode == "human":
            self.render()
        return result

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        result = super().step(action)
        if self.render_mode == "human":
            self.render()
        return result

    def render(self) -> np.ndarray | None:
        """
        :return: the picture, (360, 480, 3) in uint8; None with a window, or without a render mode
        """
        if self.render_mode is None:
            return None
        if self._renderer is None:
            self._renderer = self._make_renderer(self.render_mode)
        return self._renderer.render()

    def close(self) -> None:
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
        super().close()
