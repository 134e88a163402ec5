"""One environment of Isaac Lab as Gymnasium has it: arrays, numbers, and episodes that end where they end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import gymnasium as gym
import numpy as np
import torch as th

from sb3_memaug.symmetry import Reflection, SymmetryGroup, Term
from sb3_memaug.vec_env.tensor_vec_env import map_observations

from .mirrors import isaaclab_reflections
from .robot import IsaacLabRobot
from .terms import action_terms, observation_terms
from .vec_env import IsaacLabVecEnv


class IsaacLabEnv(gym.Env[Any, np.ndarray]):
    """
    A manager-based environment of Isaac Lab with a single robot.

    .. code-block:: python

        env = IsaacLabEnv(gym.make("MemAug/AnymalD-Velocity-Payload-v0", num_envs=1, randomize=False))
        print(check_symmetry(env))

    Isaac Lab starts a new episode by itself where one ends. Here it does so at the next :meth:`reset`, and what is
    observed at the end of an episode is its end. Options of a reset are those of this library's tasks.

    ``info["rewards"]`` holds the reward terms, ``info["distance"]`` how far in m the target of position tracking is.

    :param env: Isaac Lab's environment, wrapped by Gymnasium or not, with ``num_envs=1``
    :param groups: which groups of observations the policy sees
    :param mirrors: names of the reflections that generate :attr:`symmetry_group`, by default all that the robot has
    :raises ValueError: if the environment is of another kind, is not single, or has no such groups
    """

    def __init__(
        self,
        env: Any,
        groups: Sequence[str] = ("policy",),
        mirrors: Sequence[str] | None = None,
    ) -> None:
        self._batch = IsaacLabVecEnv(env, groups, mirrors)
        self._batch.auto_reset = False
        if self._batch.num_envs != 1:
            raise ValueError(f"expected an environment with num_envs=1, got {self._batch.num_envs}: use IsaacLabVecEnv")
        #: Isaac Lab's environment.
        self.env: Any = env
        self._inner: Any = env.unwrapped
        self._mirrors = mirrors
        self.observation_space = self._batch.observation_space
        #: Without bounds, as Isaac Lab has it.
        self.action_space = self._inner.single_action_space
        self.render_mode = env.render_mode
        #: Length of a step in s.
        self.dt: float = self._inner.step_dt

    def __str__(self) -> str:
        spec = getattr(self.env, "spec", None)
        return f"<IsaacLabEnv {spec.id if spec else type(self._inner.cfg).__name__}>"

    @cached_property
    def robot(self) -> IsaacLabRobot:
        """The robot, which failures and forces can act on."""
        return IsaacLabRobot(self._inner)

    @cached_property
    def reflections(self) -> dict[str, Reflection]:
        """Of the robot, by the names of their mirrors; derived when first asked for."""
        return isaaclab_reflections(self._inner, self._mirrors)

    @property
    def symmetry_group(self) -> SymmetryGroup:
        """The mirrors of the robot, acting on observations and actions; derived when first asked for."""
        return self._batch.symmetry_group

    @property
    def observation_terms(self) -> tuple[Term, ...] | Mapping[str, tuple[Term, ...]]:
        """What the observation is made of; by key if it is a dict."""
        terms = observation_terms(self._inner, self._batch.groups)
        return terms if len(terms) > 1 else next(iter(terms.values()))

    @property
    def action_terms(self) -> tuple[Term, ...]:
        """What the action is made of."""
        return action_terms(self._inner)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        if options and not hasattr(self._inner, "reset_options"):
            raise ValueError(f"only this library's tasks in Isaac Lab have options, got {options} for {self._inner}")
        self._batch.set_options(options)
        return _array(self._batch.reset_tensors(seed)), self._measure()

    def step(self, action: np.ndarray) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        actions = th.as_tensor(np.asarray(action, np.float32)[None], device=self._batch.device)
        step = self._batch.step_tensors(actions)
        terms = self._inner.reward_manager.get_active_iterable_terms(0)
        # Isaac Lab gives them for a second.
        info = {"rewards": {name: self.dt * float(rate) for name, (rate,) in terms}, **self._measure()}
        return _array(step.observations), float(step.rewards), bool(step.terminated), bool(step.truncated), info

    def _measure(self) -> dict[str, Any]:
        manager = self._inner.command_manager
        commands = [manager.get_term(name) for name in manager.active_terms]
        targets = [command for command in commands if hasattr(command, "distance")]
        return {"distance": float(targets[0].distance)} if targets else {}

    def close(self) -> None:
        self._batch.close()


def _array(observations: Any) -> Any:
    # Isaac Lab goes on writing into the tensors that it gives.
    return map_observations(lambda x: x[0].to("cpu", copy=True).numpy(), observations)
