"""What befalls a robot for the length of an episode, and the wrapper that brings it about."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any

import gymnasium as gym
import numpy as np

from sb3_memaug.disturbances.assignments import assignments
from sb3_memaug.robots import Robot, find_robot
from sb3_memaug.robots.robot import name_changes


class Disturbance(ABC):
    """
    Something that befalls a robot in some episodes.

    :param robot: whom it befalls
    """

    #: The key of ``reset(options=…)`` by which it is decided.
    option: str

    def __init__(self, robot: Robot) -> None:
        self.robot = robot
        #: Whether anything is the matter with the robot at present.
        self.acts = False
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

    def turn_to(self, robot: Robot) -> None:
        """
        :param robot: of the environment at present: where it is another object, what is the matter with the one before
            is the matter with this one
        :raises ValueError: if it has other motors
        """
        before = self.robot
        if robot is before:
            return
        if robot.motor_names != before.motor_names:
            changes = name_changes("motors", before.motor_names, robot.motor_names)
            raise ValueError(f"the environment has another robot than when it was wrapped: {changes}")
        self.act(False)
        self.robot = robot
        self.act(True)

    @abstractmethod
    def act(self, on: bool) -> None:
        """
        Let what is the matter at present, if anything, act on the robot.

        :param on: or not, which leaves the robot and its simulator as they were before
        """

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
        """Whom it befalls, as the environment simulates it at present."""
        self._follow()
        return self.disturbance.robot

    def _follow(self) -> None:
        self.disturbance.turn_to(find_robot(self.env))

    def _follow_if_possible(self) -> None:
        # Between two assignments an environment may have half a simulation; what is wrong at the end, is told then.
        with suppress(Exception):
            self._follow()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        options, disturbance = dict(options or {}), self.disturbance
        decision = self.decision
        if disturbance.option in options:
            decision = disturbance.decide(options.pop(disturbance.option))
        # The environment may read and change its simulator at a reset, and shall find it as it has left it.
        disturbance.lift()
        observation, info = self.env.reset(seed=seed, options=options or None)
        self._follow()
        disturbance.begin(self.np_random, decision)
        return observation, {**info, **disturbance.info}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        disturbance = self.disturbance
        self._follow()
        disturbance.before_step()
        if disturbance.acts:
            # An environment may make its simulation anew in the middle of a step.
            with assignments(self.env.unwrapped, self._follow_if_possible):
                result = self.env.step(action)
            disturbance.robot.after_step()
            self._follow()
        else:
            result = self.env.step(action)
        result[4].update(disturbance.info)
        return result

    def close(self) -> None:
        try:
            self.disturbance.lift()
        finally:
            self.env.close()
