"""A wrapper that breaks a motor."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from sb3_memaug.robots import find_robot


class JointFailure(gym.Wrapper, gym.utils.RecordConstructorArgs):
    """
    At the start of an episode, with some probability, one joint's motor loses its strength until the episode ends.

    ``reset(options={"failed_joint": name})`` decides it instead, for any motor of the robot; with ``None`` none fails.
    ``info["failed_joint"]`` tells which one failed, or None; the observation never does.

    :param env: with a robot that :func:`sb3_memaug.robots.find_robot` finds
    :param joints: which may fail, all alike; every motor by default
    :param probability: that one fails
    :param strength: of a failed motor, relative to a sound one; 0 is a dead motor
    :raises ValueError: if a joint is no motor of the robot, or a number lies outside 0 to 1
    """

    def __init__(
        self,
        env: gym.Env,
        joints: Sequence[str] | None = None,
        probability: float = 0.8,
        strength: float = 0.0,
    ) -> None:
        gym.utils.RecordConstructorArgs.__init__(self, joints=joints, probability=probability, strength=strength)
        gym.Wrapper.__init__(self, env)
        for name, value in (("probability", probability), ("strength", strength)):
            if not 0 <= value <= 1:
                raise ValueError(f"`{name}` must lie between 0 and 1, got {value}")
        self.robot = find_robot(env)
        self.joints = tuple(self.robot.motor_names if joints is None else joints)
        if not self.joints:
            raise ValueError("`joints` is empty: name at least one joint that may fail")
        for joint in self.joints:
            self._motor_index(joint)
        self.probability = probability
        self.strength = strength
        self.failed_joint: str | None = None

    def _motor_index(self, joint: str) -> int:
        motors = self.robot.motor_names
        if joint not in motors:
            near = difflib.get_close_matches(str(joint), motors, n=3, cutoff=0.3)
            raise ValueError(
                f"{joint!r} is no motor of the robot"
                + (f"; did you mean {' or '.join(map(repr, near))}?" if near else ".")
                + f" Its motors are {list(motors)}"
            )
        return motors.index(joint)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        options = dict(options or {})
        decided = "failed_joint" in options
        joint = options.pop("failed_joint", None)
        if joint is not None:
            self._motor_index(joint)
        observation, info = self.env.reset(seed=seed, options=options or None)
        if not decided and self.np_random.random() < self.probability:
            joint = self.joints[self.np_random.integers(len(self.joints))]
        scale = np.ones(len(self.robot.motor_names))
        if joint is not None:
            scale[self._motor_index(joint)] = self.strength
        self.robot.set_motor_strength(scale)
        self.failed_joint = joint
        return observation, {**info, "failed_joint": joint}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        info["failed_joint"] = self.failed_joint
        return observation, reward, terminated, truncated, info
