"""How feet are lifted and put down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from sb3_memaug.evaluation.runners import Episode
from sb3_memaug.robots import Robot, find_robot


class Gait(NamedTuple):
    """
    Two metrics of the paper (A.2.2), at control steps; None where nobody can tell what the feet touch.

    :param air_time: in s that feet were off the ground, summed over them; None as well where the environment does not
        tell the length of a control step as ``env.unwrapped.dt``
    :param touchdowns: how often a foot that was off the ground touched it again
    """

    air_time: float | None = None
    touchdowns: int | None = None


class GaitRecorder:
    """Measures the gait of each episode; see :class:`~sb3_memaug.evaluation.episodes.Recorder`."""

    def __init__(self) -> None:
        self._feet: list[_Feet | None] = []

    @property
    def gaits(self) -> list[Gait]:
        """Of each episode, so far."""
        return [Gait() if feet is None else feet.gait for feet in self._feet]

    def begin(self, envs: Sequence[Any], episodes: Sequence[Episode]) -> None:
        robots = map(robot_with_feet, envs)
        self._feet = [
            None if robot is None else _Feet(robot, getattr(env.unwrapped, "dt", None))
            for robot, env in zip(robots, envs, strict=True)
        ]

    def after_step(self, index: int, memory: tuple[np.ndarray, ...] | None) -> None:
        feet = self._feet[index]
        if feet is not None:
            feet.after_step()


class _Feet:
    def __init__(self, robot: Robot, dt: float | None) -> None:
        self._robot, self._dt = robot, dt
        self._touching = robot.foot_contacts()
        self._steps_in_the_air = self._touchdowns = 0

    def after_step(self) -> None:
        before, self._touching = self._touching, self._robot.foot_contacts()
        self._steps_in_the_air += int(np.count_nonzero(~self._touching))
        self._touchdowns += int(np.count_nonzero(self._touching & ~before))

    @property
    def gait(self) -> Gait:
        return Gait(None if self._dt is None else self._steps_in_the_air * float(self._dt), self._touchdowns)


def robot_with_feet(env: gym.Env) -> Robot | None:
    """
    :param env: wrapped or not
    :return: its robot, if it has one with feet, and the simulator can tell what they touch
    """
    try:
        robot = find_robot(env)
        robot.foot_contacts()
    except (ValueError, NotImplementedError):
        return None
    return robot if robot.foot_names else None
