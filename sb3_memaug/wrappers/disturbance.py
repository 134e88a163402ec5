"""What befalls a robot for the length of an episode, and the wrapper that brings it about."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import gymnasium as gym
import numpy as np

from sb3_memaug.robots import Robot


class Disturbance(ABC):
    """
    Something that befalls a robot in some episodes.

    :param robot: whom it befalls
    """

    #: The key of ``reset(options=…)`` by which it is decided.
    option: str

    def __init__(self, robot: Robot) -> None:
        self.robot = robot
        #: What ``info`` tells of it.
        self.info: dict[str, Any] = {}

    @abstractmethod
    def decide(self, given: Any) -> Any:
        """
        :param given: the value of the option
        :return: the same, as :meth:`begin` takes it; not None
        :raises ValueError: if it makes no sense
        """

    @abstractmethod
    def begin(self, rng: np.random.Generator, decision: Any) -> None:
        """
        An episode begins.

        :param rng: of the environment
        :param decision: what befalls the robot, from :meth:`decide`; None leaves it to chance
        """

    def before_step(self) -> None:
        """A control step begins."""

    @abstractmethod
    def lift(self) -> None:
        """Leave the robot and its simulator as they were before, bit for bit."""


class DisturbanceWrapper(gym.Wrapper):
    """
    Lets a disturbance befall the robot of an environment.

    :param env: of the robot
    :param disturbance: of it
    """

    #: It alters neither observations nor actions.
    commutes_with_mirrors = True

    def __init__(self, env: gym.Env, disturbance: Disturbance) -> None:
        gym.Wrapper.__init__(self, env)
        self.disturbance = disturbance
        #: What the next reset brings unless its options say something else, from :meth:`Disturbance.decide`.
        self.decision: Any = None

    @property
    def robot(self) -> Robot:
        """Whom it befalls."""
        return self.disturbance.robot

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        options, disturbance = dict(options or {}), self.disturbance
        decision = self.decision
        if disturbance.option in options:
            decision = disturbance.decide(options.pop(disturbance.option))
        # The environment may read and change its simulator at a reset, and shall find it as it has left it.
        disturbance.lift()
        observation, info = self.env.reset(seed=seed, options=options or None)
        disturbance.begin(self.np_random, decision)
        return observation, {**info, **disturbance.info}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        disturbance = self.disturbance
        disturbance.before_step()
        result = self.env.step(action)
        result[4].update(disturbance.info)
        return result

    def close(self) -> None:
        self.disturbance.lift()
        self.env.close()
