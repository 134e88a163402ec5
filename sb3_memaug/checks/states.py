"""States of a robot from which episodes go on: drawn, or reached by random actions."""

from __future__ import annotations

import math

import numpy as np

from sb3_memaug.checks.actions import draw_actions
from sb3_memaug.checks.subject import Subject
from sb3_memaug.robots import RobotState
from sb3_memaug.symmetry import RobotGeometry, read_geometry

#: Of the base: how far from where it stood in m, how high above relative to the robot's size, turned and tilted by how
#: much in rad, and along and about each axis in m/s and rad/s.
DISTANCE, HEIGHT, TURN, TILT, SPEED, RATE = 0.5, 0.5, 3.0, 0.3, 0.5, 1.0
#: Of joints, to either side in rad or m: what has no narrower limits may reach through itself.
ANGLE = 1.5
#: How far to go with all of this, one after the other until the robot does not fall at once.
SPREADS = (1.0, 0.5, 0.2)
#: Most steps of random actions before a state is taken.
MAX_STEPS = 40


class States:
    """
    :param subject: whose robot it is
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._geometry = _geometry(subject)

    @property
    def size(self) -> float:
        """Of the robot in m, as far as it is known."""
        return self._geometry.size if self._geometry else 0.5

    @property
    def mass(self) -> float:
        """Of the robot in kg, as far as it is known."""
        return sum(link.mass for link in self._geometry.links) if self._geometry else 10.0

    def draw(self, rng: np.random.Generator, seed: int) -> RobotState | None:
        """
        Joints stand anywhere near where they stood and within their limits, and the robot falls from a little height.

        :param rng: of all random numbers
        :param seed: of the environment
        :return: a state in which the episode does not end at once; None where the robot's base does not float, its
            chains are closed, or no such state was found
        """
        geometry, subject = self._geometry, self._subject
        if geometry is None or not geometry.floating or geometry.closures:
            return None
        for spread in SPREADS:
            subject.reset(seed, "identity")
            state = _drawn(subject.robot.get_state(), subject.robot.joint_names, geometry, rng, spread)
            subject.robot.set_state(state)
            _, _, terminated, truncated, _ = subject.env.step(subject.neutral)
            if not (terminated or truncated):
                return state
        return None

    def reach(self, rng: np.random.Generator, seed: int) -> RobotState:
        """
        :param rng: of all random numbers
        :param seed: of the environment
        :return: a state that random actions lead to
        """
        subject = self._subject
        subject.reset(seed, "identity")
        state = subject.robot.get_state()
        for action in draw_actions(subject.action_space, rng, int(rng.integers(MAX_STEPS))):
            _, _, terminated, truncated, _ = subject.env.step(action)
            if terminated or truncated:
                break
            state = subject.robot.get_state()
        return state


def _drawn(
    state: RobotState, names: tuple[str, ...], geometry: RobotGeometry, rng: np.random.Generator, spread: float
) -> RobotState:
    limits = {joint.name: joint.limits for joint in geometry.joints}
    low, high = np.array([limits.get(name, (-np.inf, np.inf)) for name in names]).reshape(-1, 2).T
    angles = np.clip(state.joint_positions, low, high)
    low, high = np.maximum(low, angles - ANGLE), np.minimum(high, angles + ANGLE)
    shift = rng.uniform((-DISTANCE, -DISTANCE, 0.0), (DISTANCE, DISTANCE, HEIGHT * geometry.size))
    turn = rng.uniform(-1, 1, 3) * (TILT, TILT, TURN)
    return RobotState(
        state.base_position + spread * shift,
        _turned(state.base_orientation, spread * turn),
        spread * rng.uniform(-SPEED, SPEED, 3),
        spread * rng.uniform(-RATE, RATE, 3),
        angles + spread * (rng.uniform(low, high) - angles),
        spread * rng.uniform(-RATE, RATE, len(angles)),
    )


def _turned(orientation: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """
    :param orientation: (w, x, y, z)
    :param rotation: axis times angle, in the world
    """
    angle = float(np.linalg.norm(rotation))
    vector = math.sin(angle / 2) / max(angle, 1e-12) * rotation
    scalar, (w, axes) = math.cos(angle / 2), (orientation[0], orientation[1:])
    return np.array((scalar * w - vector @ axes, *(scalar * axes + w * vector + np.cross(vector, axes))))


def _geometry(subject: Subject) -> RobotGeometry | None:
    try:
        return read_geometry(subject.env)
    except (ValueError, NotImplementedError):
        return None
