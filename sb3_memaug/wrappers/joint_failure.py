"""A wrapper under which motors fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from sb3_memaug.disturbances.joint_failure import Failure, JointFailures, as_joints
from sb3_memaug.disturbances.ranges import Range
from sb3_memaug.robots import Robot, find_robot
from sb3_memaug.wrappers.disturbance import DisturbanceWrapper


class JointFailure(DisturbanceWrapper, gym.utils.RecordConstructorArgs):
    """
    In an episode, with some probability, one joint's motor fails, or several do.

    ``reset(options={"failed_joint": name})`` decides it instead, for any motor of the robot; a list of names fails
    together, and with ``None`` none fails. ``info["failed_joint"]`` names the one that fails in the episode (or a tuple
    of them in the order of the motors, or None), ``info["failure_active"]`` whether it has failed in this step; the
    observation never shows it. Without failure, and after :meth:`close`, the simulator is exactly as it was.

    :param env: with a robot that :func:`sb3_memaug.robots.find_robot` finds
    :param joints: which may fail, all alike: names, or groups of names that fail together, such as those of a leg;
        every motor by itself by default
    :param probability: that a failure occurs in an episode
    :param strength: of a failed motor, relative to a healthy one, or a range from which each failure draws it; 0 is a
        dead motor
    :param mode: ``"weak"``, the motor has that strength; or ``"locked"``, the joint stays where it stands
    :param n_failures: how many of ``joints`` fail at once, or a range from which each episode draws it
    :param onset: when the failure occurs, in s since the start of the episode, or a range from which each episode
        draws it; in whole control steps of ``env.unwrapped.dt``
    :param duration: how long it lasts, in s, likewise and at least one control step; to the end by default
    :raises ValueError: if a joint is no motor of the robot, a number lies outside its bounds, or a control step's
        length is needed and not known
    :raises NotImplementedError: if the robot's adapter cannot make motors fail like that
    """

    disturbance: JointFailures

    def __init__(
        self,
        env: gym.Env,
        joints: Sequence[str | Sequence[str]] | None = None,
        probability: float = 0.8,
        strength: Range = 0.0,
        mode: str = "weak",
        n_failures: int | Sequence[int] = 1,
        onset: Range = (0.0, 0.0),
        duration: Range | None = None,
    ) -> None:
        joints = None if joints is None else as_joints(joints)
        gym.utils.RecordConstructorArgs.__init__(
            self,
            joints=joints,
            probability=probability,
            strength=strength,
            mode=mode,
            n_failures=n_failures,
            onset=onset,
            duration=duration,
        )
        robot = find_robot(env)
        failures = JointFailures(
            robot.motor_names,
            joints,
            probability,
            strength,
            mode,
            n_failures,
            onset,
            duration,
            getattr(env.unwrapped, "dt", None),
            robot.joint_names,
        )
        DisturbanceWrapper.__init__(self, env, failures)
        for motors in failures.groups:
            self._check(robot, motors)
        self.joints = failures.joints
        self.probability = probability
        self.strength = strength

    def decide(self, given: Any) -> tuple[int, ...]:
        motors: tuple[int, ...] = super().decide(given)
        self._check(self._robot, motors)
        return motors

    def _check(self, robot: Robot, motors: Sequence[int]) -> None:
        if self.disturbance.locks:
            return
        low, high = self.disturbance.strength
        for strength in (low, (low + high) / 2):
            scale = np.ones(len(robot.motor_names))
            scale[list(motors)] = strength
            robot.check_motor_strength(scale)

    def begin(self, drawn: Failure | None) -> dict[str, Any]:
        self.drawn, self._step = drawn, 0
        names = tuple(self.disturbance.motor_names[motor] for motor in drawn.motors) if drawn else ()
        self._info = {
            "failed_joint": names if len(names) > 1 else names[0] if names else None,
            "failure_active": False,
        }
        self._fail_or_recover()
        return self._info

    def before_step(self) -> None:
        self._fail_or_recover()
        self._step += 1

    def _fail_or_recover(self) -> None:
        if self.drawn is None:
            return
        if self._step == self.drawn.start and not self.active:
            self.activate()
        elif self._step == self.drawn.end:
            self.clear()
        self._info["failure_active"] = self.active

    def apply(self, robot: Robot) -> None:
        if self.disturbance.locks:
            locked = np.zeros(len(robot.motor_names), dtype=bool)
            locked[list(self.drawn.motors)] = True
            robot.lock_motors(locked)
        else:
            robot.set_motor_strength(self.drawn.strength)

    def restore(self, robot: Robot) -> None:
        n = len(robot.motor_names)
        if self.disturbance.locks:
            robot.lock_motors(np.zeros(n, dtype=bool))
        else:
            robot.set_motor_strength(np.ones(n))

    def clear(self) -> None:
        super().clear()
        self.drawn = None
