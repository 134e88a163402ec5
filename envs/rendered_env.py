"""A legged environment that can be seen."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from .legged_env import LeggedEnv
from .view import Renderer


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
