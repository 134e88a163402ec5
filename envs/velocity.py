"""Velocity tracking: walk forwards or backwards at a commanded speed, and keep a heading."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sb3_memaug.arguments import FINITE, NOT_NEGATIVE, as_pair, checks_arguments
from sb3_memaug.robots import Motion
from sb3_memaug.symmetry import Reflection, Term

from .task import Task

#: Weights of the reward terms; the first two pull towards the commanded velocity, see :class:`VelocityTask`.
WEIGHTS: dict[str, float] = {
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
    :param weights: of reward terms, in place of those of :data:`WEIGHTS`
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
        unknown = set(weights or {}) - set(WEIGHTS)
        if unknown:
            raise ValueError(f"`weights` names the reward terms {sorted(unknown)}; there are {list(WEIGHTS)}")
        for name, weight in (weights or {}).items():
            FINITE.check(f"weights[{name!r}]", weight)
        self.speed = (float(low), float(high))
        self.heading_range = heading
        self.heading_gain = heading_gain
        self.weights = {**WEIGHTS, **(weights or {})}
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
