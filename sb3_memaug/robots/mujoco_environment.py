"""The robot of a MuJoCo environment that advances the physics by itself."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from sb3_memaug.robots.mujoco_robot import MuJoCoRobot


class MuJoCoEnvironmentRobot(MuJoCoRobot):
    """
    A force on the base makes another moment wherever the base turns, so that it is applied anew before each physics
    step: while there is one, the environment's method ``do_simulation`` simulates one step at a time. In an
    environment without this method it is applied anew before each control step.

    :param env: unwrapped, with the attributes ``model`` and ``data``
    """

    def __init__(self, env: gym.Env) -> None:
        super().__init__(env.model, env.data)  # type: ignore[attr-defined]
        self._env = env
        self._method = "do_simulation" if hasattr(env, "do_simulation") else "step"
        self._original = getattr(env, self._method)
        #: What the environment itself has in the place of its class's method, if anything, while a force acts.
        self._own: dict[str, Any] | None = None

    def set_base_force(self, force: np.ndarray, point: np.ndarray) -> None:
        super().set_base_force(force, point)
        attributes = vars(self._env)
        if self._force is not None and self._own is None:
            self._own = {name: value for name, value in attributes.items() if name == self._method}
            self._original = getattr(self._env, self._method)
            attributes[self._method] = self._do_simulation if self._method == "do_simulation" else self._step
        elif self._force is None and self._own is not None:
            del attributes[self._method]
            attributes.update(self._own)
            self._own = None

    def _do_simulation(self, ctrl: Any, n_frames: int) -> None:
        for _ in range(n_frames):
            self._apply_force()
            self._original(ctrl, 1)

    def _step(self, action: Any) -> Any:
        self._apply_force()
        return self._original(action)
