"""The tasks of legged robots: track a velocity, reach a position."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from sb3_memaug.arguments import FINITE, NOT_NEGATIVE, POSITIVE, as_pair, checks_arguments
from sb3_memaug.robots import Motion
from sb3_memaug.symmetry import Reflection, Term


class RewardTerms(dict[str, float]):
    """
    Reward terms by name: a dict whose values are plain floats, so that a copy of it is a deep one.

    Stable-Baselines3 copies the infos of every step deeply, and for a dict of floats that takes longer than to make it.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> RewardTerms:
        return RewardTerms(self)


class Task(ABC):
    """
    A command, how it is observed, and what is rewarded. A task knows no simulator and no robot but by its motion.

    A robot starts near the origin of the world, looking along its x axis.
    """

    #: The terms that the command adds to the observation.
    terms: tuple[Term, ...]
    #: s since the episode's start; the environment keeps it.
    time: float = 0.0

    @abstractmethod
    def reset(self, rng: np.random.Generator) -> None:
        """
        Draw a new command, from a distribution that is closed under the robot's reflections.

        :param rng: source of randomness
        """

    @abstractmethod
    def reflect(self, reflection: Reflection) -> None:
        """
        Replace the command by its mirror image.

        :param reflection: of the robot
        """

    @abstractmethod
    def observe(self, motion: Motion) -> np.ndarray:
        """
        :param motion: of the robot
        :return: the entries of :attr:`terms`
        """

    @abstractmethod
    def rewards(self, motion: Motion, action: np.ndarray, previous_action: np.ndarray) -> dict[str, float]:
        """
        :param motion: of the robot after the step
        :param action: of this step, within the action space
        :param previous_action: of the step before
        :return: weighted reward terms by name
        """

    def measure(self, motion: Motion) -> dict[str, float]:
        """
        :param motion: of the robot
        :return: what ``info`` holds beside the rewards, to be looked at after an episode
        """
        return {}


#: Weights of the reward terms; the first two pull towards the commanded velocity, see :class:`VelocityTask`.
VELOCITY_WEIGHTS: dict[str, float] = {
    "velocity_progress": 1.0,
    "velocity_tracking": 0.5,
    "yaw_rate_tracking": 0.3,
    "lateral_velocity": -0.5,
    "linear_z_velocity": -0.05,
    "flat_orientation": -0.5,
    "action_rate": -0.01,
    "joint_velocity": -1e-4,
}


class VelocityTask(Task):
    """
    The command is a velocity on the plane and a yaw rate, the latter steering towards a target heading.

    Forward speeds of both signs are drawn alike, and so are headings, which closes the distribution of the commands
    under both reflections. Reward terms, before their weights: *velocity progress* is the velocity along the
    command, relative to it and clipped to ±1, without which standing still would be an optimum; *velocity tracking*
    is ``exp(-|v - v*|² / (0.25 |v*|²))``, *yaw rate tracking* ``exp(-(ω - ω*)² / 0.25)``; *lateral velocity* is the
    speed across the command; the others are sums of squares.

    :param speed: range of the forward speed in m/s, its sign being drawn as well
    :param heading: the target heading is drawn within ± this angle in rad
    :param heading_gain: yaw rate command per rad of heading error, in 1/s
    :param weights: of reward terms, in place of those of :data:`VELOCITY_WEIGHTS`
    :raises ValueError: if the range is empty, or a weight names no reward term
    """

    terms = (Term("velocity_command", "xy", 2), Term("yaw_rate_command", "pseudoscalar", 1))

    @checks_arguments({"heading": NOT_NEGATIVE, "heading_gain": FINITE})
    def __init__(
        self,
        speed: tuple[float, float] = (0.3, 0.6),
        heading: float = 0.5,
        heading_gain: float = 1.0,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        low, high = as_pair(speed) or (math.nan, math.nan)
        if not 0 < low <= high < math.inf:
            raise ValueError(f"`speed` must be a range 0 < low <= high in m/s, got {speed}")
        unknown = set(weights or {}) - set(VELOCITY_WEIGHTS)
        if unknown:
            raise ValueError(f"`weights` names the reward terms {sorted(unknown)}; there are {list(VELOCITY_WEIGHTS)}")
        for name, weight in (weights or {}).items():
            FINITE.check(f"weights[{name!r}]", weight)
        self.speed = (float(low), float(high))
        self.heading_range = heading
        self.heading_gain = heading_gain
        self.weights = {**VELOCITY_WEIGHTS, **(weights or {})}
        self.forward = 0.0
        self.heading = 0.0

    def reset(self, rng: np.random.Generator) -> None:
        self.forward = float(rng.uniform(*self.speed)) * (1.0 if rng.random() < 0.5 else -1.0)
        self.heading = float(rng.uniform(-self.heading_range, self.heading_range))

    def reflect(self, reflection: Reflection) -> None:
        self.forward *= reflection.axes[0]
        self.heading *= reflection.determinant

    def _yaw_rate(self, motion: Motion) -> float:
        error = math.remainder(self.heading - motion.heading, math.tau)
        return max(-1.0, min(1.0, self.heading_gain * error))

    def observe(self, motion: Motion) -> np.ndarray:
        return np.array((self.forward, 0.0, self._yaw_rate(motion)))

    def rewards(self, motion: Motion, action: np.ndarray, previous_action: np.ndarray) -> dict[str, float]:
        vx, vy, vz = motion.linear_velocity
        gx, gy, _ = motion.gravity
        speed = abs(self.forward)
        along = vx * math.copysign(1.0, self.forward)
        rate_error = motion.angular_velocity[2] - self._yaw_rate(motion)
        change = action - previous_action
        weights = self.weights
        return {
            "velocity_progress": weights["velocity_progress"] * max(-1.0, min(1.0, along / speed)),
            "velocity_tracking": weights["velocity_tracking"]
            * math.exp(-((along - speed) ** 2 + vy * vy) / (0.25 * speed * speed)),
            "yaw_rate_tracking": weights["yaw_rate_tracking"] * math.exp(-rate_error * rate_error / 0.25),
            "lateral_velocity": weights["lateral_velocity"] * abs(vy),
            "linear_z_velocity": weights["linear_z_velocity"] * vz * vz,
            "flat_orientation": weights["flat_orientation"] * (gx * gx + gy * gy),
            "action_rate": weights["action_rate"] * float(change.dot(change)),
            "joint_velocity": weights["joint_velocity"] * float(motion.motor_velocities.dot(motion.motor_velocities)),
        }


#: Weights of the reward terms, see :class:`PositionTask`.
POSITION_WEIGHTS: dict[str, float] = {
    "position_tracking": 2.0,
    "exploration": 1.0,
    "stalling": -0.5,
    "stand_still": -0.05,
    "linear_z_velocity": -0.05,
    "flat_orientation": -0.5,
    "action_rate": -0.01,
    "joint_velocity": -1e-4,
}


class PositionTask(Task):
    """
    The command is a target on the plane, drawn in polar coordinates around the robot's start, in all directions alike:
    that closes the distribution under both reflections. Observed are its x and y in the robot's heading frame, in m,
    and the time left, relative to the episode's.

    Reward terms, before their weights, with the distance ``d`` to the target, the velocity ``v`` on the plane and the
    radius ``r`` within which the target counts as reached. The first four are the paper's (arXiv 2502.01521, after
    Rudin et al. 2022, arXiv 2209.12827), made for a robot that is a tenth as fast:

    - *position tracking* is ``1 / (1 + (d / r)²)`` in the last ``window`` seconds; there it is ``1 / (1 + d²)``.
    - *exploration* is the cosine between the velocity and the direction to the target. Below the speed ``slow`` it
      fades with the speed, or trembling the right way would be worth as much as walking; and it is 1 where the target
      is reached, or arriving late would be worth more than arriving.
    - *stalling* is 1 where the robot is slower than ``slow`` and the target not reached.
    - *stand still* is, in the last window and where the target is reached, the sum of the squared actions: how far the
      motor targets are from the default pose, where the paper takes the motors themselves.
    - The others are sums of squares, as in :class:`~sb3_memaug.envs.tasks.VelocityTask`.

    ``info["distance"]`` is ``d``.

    :param radius: range of the target's distance from the start in m
    :param duration: of an episode in s, from which the time left is counted; the environment's time limit should agree
    :param window: how long before the end the target has to be reached in s
    :param reached: distance within which it counts as reached in m
    :param slow: speed below which the robot counts as stalling in m/s
    :param weights: of reward terms, in place of those of :data:`POSITION_WEIGHTS`
    :raises ValueError: if the range is empty, a number is not positive, the window is longer than the episode, or a
        weight names no reward term
    """

    terms = (Term("target", "xy", 2), Term("time_left", "scalar", 1))

    @checks_arguments(dict.fromkeys(("duration", "window", "reached", "slow"), POSITIVE))
    def __init__(
        self,
        radius: tuple[float, float] = (0.5, 1.5),
        duration: float = 8.0,
        window: float = 3.0,
        reached: float = 0.25,
        slow: float = 0.2,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        low, high = as_pair(radius) or (math.nan, math.nan)
        if not 0 <= low <= high < math.inf:
            raise ValueError(f"`radius` must be a range 0 <= low <= high in m, got {radius}")
        if window > duration:
            raise ValueError(f"`window` must not be longer than the `duration` of {duration} s, got {window} s")
        unknown = set(weights or {}) - set(POSITION_WEIGHTS)
        if unknown:
            raise ValueError(f"`weights` names the reward terms {sorted(unknown)}; there are {list(POSITION_WEIGHTS)}")
        for name, weight in (weights or {}).items():
            FINITE.check(f"weights[{name!r}]", weight)
        self.radius = (float(low), float(high))
        self.duration = duration
        self.window = window
        self.reached = reached
        self.slow = slow
        self.weights = {**POSITION_WEIGHTS, **(weights or {})}
        self.target = (0.0, 0.0)

    def reset(self, rng: np.random.Generator) -> None:
        radius, angle = float(rng.uniform(*self.radius)), float(rng.uniform(-math.pi, math.pi))
        self.target = (radius * math.cos(angle), radius * math.sin(angle))

    def reflect(self, reflection: Reflection) -> None:
        (x, y), (sign_x, sign_y, _) = self.target, reflection.axes
        self.target = (sign_x * x, sign_y * y)

    def _relative_target(self, motion: Motion) -> tuple[float, float]:
        """x and y of the target in the robot's heading frame."""
        x, y = self.target[0] - motion.position[0], self.target[1] - motion.position[1]
        cos, sin = math.cos(motion.heading), math.sin(motion.heading)
        return cos * x + sin * y, cos * y - sin * x

    def measure(self, motion: Motion) -> dict[str, float]:
        return {"distance": math.hypot(*self._relative_target(motion))}

    def observe(self, motion: Motion) -> np.ndarray:
        return np.array((*self._relative_target(motion), max(0.0, 1.0 - self.time / self.duration)))

    def rewards(self, motion: Motion, action: np.ndarray, previous_action: np.ndarray) -> dict[str, float]:
        x, y = self._relative_target(motion)
        vx, vy, vz = motion.linear_velocity
        gx, gy, _ = motion.gravity
        distance, speed = math.hypot(x, y), math.hypot(vx, vy)
        reached, late = distance <= self.reached, self.time > self.duration - self.window
        change = action - previous_action
        weights = self.weights
        return {
            "position_tracking": weights["position_tracking"] * late / (1.0 + (distance / self.reached) ** 2),
            "exploration": weights["exploration"]
            * (1.0 if reached else (vx * x + vy * y) / (distance * max(speed, self.slow))),
            "stalling": weights["stalling"] * (speed < self.slow and not reached),
            "stand_still": weights["stand_still"] * (float(action.dot(action)) if reached and late else 0.0),
            "linear_z_velocity": weights["linear_z_velocity"] * vz * vz,
            "flat_orientation": weights["flat_orientation"] * (gx * gx + gy * gy),
            "action_rate": weights["action_rate"] * float(change.dot(change)),
            "joint_velocity": weights["joint_velocity"] * float(motion.motor_velocities.dot(motion.motor_velocities)),
        }


#: The tasks by the names of their goals.
TASKS: dict[str, type[Task]] = {"velocity": VelocityTask, "position": PositionTask}


def task_class(goal: str) -> type[Task]:
    """
    :param goal: one of :data:`TASKS`
    :return: its task
    :raises ValueError: if there is no such goal
    """
    if goal not in TASKS:
        raise ValueError(f"`goal` must be one of {list(TASKS)}, got {goal!r}")
    return TASKS[goal]
