"""The robot of a MuJoCo environment that advances the physics by itself."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from sb3_memaug.robots.mujoco_robot import MuJoCoRobot


class MuJoCoEnvironmentRobot(MuJoCoRobot):
    """
    It is read and acted on in the model and the data that the environment has at present: one that compiles its model
    anew, at a reset or within an episode, is followed, as long as the robot has the same joints.

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

    def follow(self, env: gym.Env) -> bool:
        model, _ = self._present()
        if env is not self._env or (model is not self.model and self._changes(model)):
            return False
        self._follow()
        return True

    def _follow(self) -> None:
        model, data = self._present()
        if model is not self.model or data is not self.data:
            self._turn_to(model, data)

    def _present(self) -> tuple[Any, Any]:
        """Model and data of the environment; those before as long as it has but one of two that belong together."""
        model, data = getattr(self._env, "model", None), getattr(self._env, "data", None)
        if model is self.model and data is self.data:
            return model, data
        fitting = type(model) is type(self.model) and type(data) is type(self.data) and _fit(model, data)
        return (model, data) if fitting else (self.model, self.data)

    def after_step(self) -> None:
        model, data = self._present()
        motors = self._motors
        acts = bool((motors.strength != 1).any() or motors.locked_at or self._load.mass) and model is not self.model
        acts |= self._force is not None and data is not self.data
        if acts and data.timer[mujoco.mjtTimer.mjTIMER_STEP].number:
            raise NotImplementedError(
                f"{type(self._env).__name__} has exchanged its MuJoCo model or data within a step and simulated it, "
                "which could not be followed: failures and payloads did not act in it. Exchange them at a reset or "
                "between steps, or let `model` and `data` be plain attributes"
            )
        self._follow()
        super().after_step()

    def set_base_force(self, force: np.ndarray, point: np.ndarray) -> None:
        super().set_base_force(force, point)
        attributes = vars(self._env)
        if self._force is not None and self._own is None:
            self._own = {name: value for name, value in attributes.items() if name == self._method}
            self._original = getattr(self._env, self._method)
            attributes[self._method] = self._do_simulation if self._method == "do_simulation" else self._step
        elif self._force is None and self._own is not None:
            # A copy of the environment need not have it.
            attributes.pop(self._method, None)
            attributes.update(self._own)
            self._own = None

    def _do_simulation(self, ctrl: Any, n_frames: int) -> None:
        self._follow()
        for _ in range(n_frames):
            self._apply_force()
            self._original(ctrl, 1)

    def _step(self, action: Any) -> Any:
        self._follow()
        self._apply_force()
        return self._original(action)


def _fit(model: Any, data: Any) -> bool:
    """Whether data may be those of a model."""
    sizes = (model.nq, model.nv, model.nu, model.na, model.nbody, model.ngeom)
    return sizes == tuple(map(len, (data.qpos, data.qvel, data.ctrl, data.act, data.xpos, data.geom_xpos)))
