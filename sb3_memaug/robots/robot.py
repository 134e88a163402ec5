"""How a robot in any simulator is read and acted on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sb3_memaug.robots.motion import Motion, motion_of
from sb3_memaug.robots.rotations import rotation_rows, to_body
from sb3_memaug.symmetry.geometry import RobotGeometry


class RobotState(NamedTuple):
    """
    Everything that moves, in SI units and float64.

    ``base_*`` are those of the base in the world frame; the quaternion has its scalar first. A base that does not float
    stays where it is, whatever is set. Joints are in the order of :attr:`Robot.joint_names`.
    """

    base_position: np.ndarray
    base_orientation: np.ndarray
    base_linear_velocity: np.ndarray
    base_angular_velocity: np.ndarray
    joint_positions: np.ndarray
    joint_velocities: np.ndarray


class Robot:
    """
    One robot in one simulation. An adapter implements what it is used for; the rest says that it is missing.

    :param joint_names: every joint with one degree of freedom, in the simulator's order
    :param motor_names: the actuated joints, in the order of the actions
    :param foot_names: the parts that are meant to touch the ground
    """

    def __init__(self, joint_names: Sequence[str], motor_names: Sequence[str], foot_names: Sequence[str]) -> None:
        self.joint_names = tuple(joint_names)
        self.motor_names = tuple(motor_names)
        self.foot_names = tuple(foot_names)
        #: Indices of the motors among the joints.
        self.motor_indices = np.array([self.joint_names.index(name) for name in self.motor_names], dtype=np.intp)

    def get_state(self) -> RobotState:
        """
        :return: the present state, in arrays of its own
        :raises NotImplementedError: unless the adapter can do it
        """
        raise NotImplementedError(_cannot(self, "get_state", "read the robot's state"))

    def get_motion(self) -> Motion:
        """
        :return: the present state, seen from the base
        """
        state, motors = self.get_state(), self.motor_indices
        rows = rotation_rows(state.base_orientation.tolist())
        x, y, z = state.base_position.tolist()
        return motion_of(
            rows,
            to_body(rows, state.base_linear_velocity.tolist()),
            to_body(rows, state.base_angular_velocity.tolist()),
            (x, y, z),
            state.joint_positions[motors],
            state.joint_velocities[motors],
        )

    def set_state(self, state: RobotState) -> None:
        """
        Put the robot into a state at rest of all contacts and warm starts, as after a reset.

        :param state: where to put it
        :raises NotImplementedError: unless the adapter can do it
        """
        raise NotImplementedError(_cannot(self, "set_state", "put the robot into a state"))

    def foot_contacts(self) -> np.ndarray:
        """
        :return: for each of :attr:`foot_names`, whether it touches anything
        :raises NotImplementedError: unless the adapter can do it
        """
        raise NotImplementedError(_cannot(self, "foot_contacts", "tell what the feet touch"))

    def foot_positions(self) -> np.ndarray:
        """
        :return: where each of :attr:`foot_names` is at present: the middle of what it touches the ground with, in m in
            the world, (feet, 3)
        :raises NotImplementedError: unless the adapter can do it
        """
        raise NotImplementedError(_cannot(self, "foot_positions", "tell where the feet are"))

    def set_motor_targets(self, positions: np.ndarray) -> None:
        """
        :param positions: target angle of each motor in rad, held until the next call
        :raises NotImplementedError: unless the adapter can do it
        """
        raise NotImplementedError(_cannot(self, "set_motor_targets", "give motors a target"))

    def set_motor_strength(self, scale: np.ndarray) -> None:
        """
        :param scale: factor on the torque of each motor, held until the next call; 1 is a sound motor, 0 a dead one
        :raises NotImplementedError: unless the adapter can do it
        """
        raise NotImplementedError(_cannot(self, "set_motor_strength", "make motors weak"))

    def check_motor_strength(self, scale: np.ndarray) -> None:
        """
        :param scale: as for :meth:`set_motor_strength`
        :raises ValueError: if that would leave such a joint torque that is not its share, with how to mend it
        """

    def set_base_force(self, force: np.ndarray, point: np.ndarray) -> None:
        """
        :param force: on the base, in N in the world frame, held until the next call
        :param point: where it acts, in m in the base frame
        :raises NotImplementedError: unless the adapter can do it
        """
        raise NotImplementedError(_cannot(self, "set_base_force", "push the base"))

    def lock_motors(self, locked: np.ndarray) -> None:
        """
        :param locked: which motors stay where they stand now, until the next call; the others are free
        :raises NotImplementedError: unless the adapter can do it
        """
        raise NotImplementedError(_cannot(self, "lock_motors", "lock motors"))

    def set_base_load(self, mass: float, point: np.ndarray) -> None:
        """
        :param mass: of a point that is fixed to the base, in kg, until the next call; 0 takes it away
        :param point: where it is, in m in the base frame
        :raises NotImplementedError: unless the adapter can do it
        """
        raise NotImplementedError(_cannot(self, "set_base_load", "fix a mass to the base"))

    def gravity(self) -> np.ndarray:
        """
        :return: acceleration of free fall in the world, in m/s², (3,)
        """
        return np.array((0.0, 0.0, -9.81))

    def geometry(self) -> RobotGeometry:
        """
        :return: what the robot is made of, from which its symmetries follow
        :raises NotImplementedError: unless the adapter can do it
        """
        raise NotImplementedError(_cannot(self, "geometry", "describe the robot's geometry"))

    def advance(self, n_steps: int) -> None:
        """
        :param n_steps: number of physics steps to simulate
        :raises NotImplementedError: unless the adapter can do it
        """
        raise NotImplementedError(_cannot(self, "advance", "simulate"))

    def follow(self, env: Any) -> bool:
        """
        Turn to where the environment simulates its robot at present, which may be another model or another client than
        before. What is set acts there from now on, and no longer where it was.

        :param env: unwrapped
        :return: whether this is still the robot of the environment; if not, nothing is done
        """
        return True

    def after_step(self) -> None:
        """
        A control step of the environment is over.

        :raises NotImplementedError: if what is set could not act in it, with why, and how to mend it
        """

    def close(self) -> None:
        """Free what the simulator holds; the robot is of no use afterwards."""


def _cannot(robot: Robot, method: str, what: str) -> str:
    name = type(robot).__name__
    return f"the adapter {name} cannot {what}: implement `{name}.{method}` if its simulator can"


def name_changes(what: str, before: Sequence[str], now: Sequence[str]) -> str:
    """
    :param what: joints or motors
    :param before: their names
    :param now: other ones, or the same in another order
    :return: what has changed
    """
    gone = [name for name in before if name not in now]
    new = [name for name in now if name not in before]
    changes = [f"{word} {names}" for word, names in (("without", gone), ("with", new)) if names]
    return f"its {what} are {' and '.join(changes) if changes else f'in another order, {list(now)}'}"


def check_length(what: str, values: np.ndarray, expected: int) -> np.ndarray:
    """
    :param what: name of the argument
    :param values: one finite value for each of something
    :param expected: how many
    :return: the values as float64
    :raises ValueError: if there are more, fewer, or some are not finite
    """
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (expected,) or not np.isfinite(array).all():
        raise ValueError(f"`{what}` must hold {expected} finite values, got {values!r}")
    return array
