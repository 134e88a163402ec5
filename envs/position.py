"""Position tracking: be at a target when the time is up, and stay there."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sb3_memaug.arguments import FINITE, POSITIVE, as_pair, checks_arguments
from sb3_memaug.robots import Motion
from sb3_memaug.symmetry import Reflection, Term

from .task import Task

#: Weights of the reward terms, see :class:`PositionTask`.
WEIGHTS: dict[str, float] = {
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
    - The others are sums of squares, as in :class:`~sb3_memaug.envs.velocity.VelocityTask`.

    ``info["distance"]`` tells ``d``.

    :param radius: range of the target's distance from the start in m
    :param duration: of an episode in s, from which the time left is counted; the environment's time limit should agree
    :param window: how long before the end the target has to be reached in s
    :param reached: distance within which it counts as reached in m
    :param slow: speed below which the robot counts as stalling in m/s
    :param weights: of reward terms, in place of those of :data:`WEIGHTS`
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
        unknown = set(weights or {}) - set(WEIGHTS)
        if unknown:
            raise ValueError(f"`weights` names the reward terms {sorted(unknown)}; there are {list(WEIGHTS)}")
        for name, weight in (weights or {}).items():
            FINITE.check(f"weights[{name!r}]", weight)
        self.radius = (float(low), float(high))
        self.duration = duration
        self.window = window
        self.reached = reached
        self.slow = slow
        self.weights = {**WEIGHTS, **(weights or {})}
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
