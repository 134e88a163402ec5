"""A wrapper that breaks motors."""

from __future__ import annotations

from collections.abc import Sequence

import gymnasium as gym

from sb3_memaug.disturbances.joint_failure import MotorFailures, joints_of
from sb3_memaug.disturbances.ranges import Range
from sb3_memaug.robots import find_robot
from sb3_memaug.wrappers.disturbance import DisturbanceWrapper


class JointFailure(DisturbanceWrapper, gym.utils.RecordConstructorArgs):
    """
    In an episode, with some probability, one joint's motor fails, or several do.

    ``reset(options={"failed_joint": name})`` decides it instead, for any motor of the robot; a list of names fails
    together, and with ``None`` none fails. ``info["failed_joint"]`` tells which one fails in the episode (or a tuple
    of them in the order of the motors, or None), ``info["failure_active"]`` whether it has failed in this step; the
    observation never does. Without failure, and after :meth:`close`, the simulator is exactly as it was.

    :param env: with a robot that :func:`sb3_memaug.robots.find_robot` finds
    :param joints: which may fail, all alike: names, or groups of names that fail together, such as those of a leg;
        every motor by itself by default
    :param probability: that a failure occurs in an episode
    :param strength: of a failed motor, relative to a sound one, or a range from which each failure draws it; 0 is a
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
        joints = None if joints is None else joints_of(joints)
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
        failures = MotorFailures(
            find_robot(env),
            getattr(env.unwrapped, "dt", None),
            joints,
            probability,
            strength,
            mode,
            n_failures,
            onset,
            duration,
        )
        DisturbanceWrapper.__init__(self, env, failures)
        self.joints = failures.joints
        self.probability = probability
        self.strength = strength
