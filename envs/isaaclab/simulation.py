"""The tasks of this library in Isaac Lab, for policies to be evaluated in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import torch as th

from sb3_memaug.disturbances.variation import Variation, places_of, variations_of
from sb3_memaug.symmetry import Reflection

from .vec_env import IsaacLabVecEnv


class IsaacLabSimulation(IsaacLabVecEnv):
    """
    An :class:`~sb3_memaug.envs.isaaclab.vec_env.IsaacLabVecEnv` of a task of this library, which is a
    :class:`~sb3_memaug.evaluation.trials.Simulation` as well.
    """

    @property
    def reflections(self) -> Mapping[str, Reflection]:
        """Of the robot, by the names of their mirrors."""
        return self.env.unwrapped.reflections

    @cached_property
    def variations(self) -> list[Variation]:
        """Of the task."""
        from .mdp.disturbance import disturbance_events

        events = disturbance_events(self.env.unwrapped)
        splits = ("id", "ood") if events else ()
        disturbances = {split: [event.of_split(split) for event in events] for split in splits}
        return variations_of(disturbances, places_of(self.places[0].robot, self.reflections))

    @cached_property
    def places(self) -> Sequence[Place]:
        """The environments, to be looked at."""
        return [Place(self.env.unwrapped, index) for index in range(self.num_envs)]

    def distances(self) -> th.Tensor | None:
        """
        :return: from the target in m, (n_envs,); None where there is no target
        """
        commands = self.env.unwrapped.command_manager
        return commands.get_term("target").distance if "target" in commands.active_terms else None


class Place:
    """
    One of the environments of a simulation, as much of it as is looked at.

    :param env: ``isaaclab.envs.ManagerBasedRLEnv``
    :param index: of the environment
    """

    def __init__(self, env: Any, index: int) -> None:
        self.unwrapped = self
        self._env, self._index = env, index
        #: s, of a control step.
        self.dt: float = env.step_dt

    @cached_property
    def robot(self) -> Any:
        """Of this environment."""
        from .robot import IsaacLabRobot

        return IsaacLabRobot(self._env, self._index)

    @property
    def target(self) -> tuple[float, float]:
        """x and y of the target about the environment's origin in m, NaN where there is none."""
        commands = self._env.command_manager
        if "target" not in commands.active_terms:
            return float("nan"), float("nan")
        target = commands.get_term("target").pos_command_w[self._index] - self._env.scene.env_origins[self._index]
        return float(target[0]), float(target[1])
