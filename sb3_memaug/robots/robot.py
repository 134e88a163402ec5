"""
How a robot in any simulator is read and acted on: protocol, state, motion and mirror images.

Rotations are unit quaternions, scalar first, in plain floats, which for single vectors are ten times as fast as arrays.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from sb3_memaug.symmetry.derivation.geometry import RobotGeometry
from sb3_memaug.symmetry.reflection import Reflection

#: A vector, and a matrix by its rows.
Vector = tuple[float, float, float]
Rows = tuple[Vector, Vector, Vector]


def rotation_rows(quaternion: Iterable[float]) -> Rows:
    """
    :param quaternion: orientation of a body, (w, x, y, z), in plain floats
    :return: rows of the matrix whose columns are the body's axes in the world
    """
    w, x, y, z = quaternion
    x2, y2, z2 = x + x, y + y, z + z
    xx, yy, zz = x * x2, y * y2, z * z2
    xy, xz, yz = x * y2, x * z2, y * z2
    wx, wy, wz = w * x2, w * y2, w * z2
    return (1 - (yy + zz), xy - wz, xz + wy), (xy + wz, 1 - (xx + zz), yz - wx), (xz - wy, yz + wx, 1 - (xx + yy))


def rotation_matrix(quaternion: np.ndarray) -> np.ndarray:
    """
    :param quaternion: orientation of a body, (w, x, y, z)
    :return: matrix whose columns are the body's axes in the world, (3, 3)
    """
    return np.array(rotation_rows(quaternion.tolist()))


def to_body(rows: Rows, vector: Iterable[float]) -> Vector:
    """
    :param rows: as by :func:`rotation_rows`
    :param vector: along the world's axes, in plain floats
    :return: the same along the body's axes
    """
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rows
    x, y, z = vector
    return xx * x + yx * y + zx * z, xy * x + yy * y + zy * z, xz * x + yz * y + zz * z


class Motion(NamedTuple):
    """
    What a robot notices of itself, in SI units: base velocities and the direction of gravity along the base's own axes,
    as plain floats; heading and position of the base in the world; positions and velocities of the motors, in the order
    of :attr:`Robot.motor_names`.
    """

    linear_velocity: Vector
    angular_velocity: Vector
    gravity: Vector
    heading: float
    position: Vector
    motor_positions: np.ndarray
    motor_velocities: np.ndarray

    @property
    def height(self) -> float:
        """Of the base above the world's origin."""
        return self.position[2]


def motion_of(
    rows: Rows,
    linear_velocity: Vector,
    angular_velocity: Vector,
    position: Vector,
    motor_positions: np.ndarray,
    motor_velocities: np.ndarray,
) -> Motion:
    """
    :param rows: of the base's orientation, as by :func:`~sb3_memaug.robots.robot.rotation_rows`
    :param linear_velocity: along the base's own axes
    :param angular_velocity: along the base's own axes
    :param position: of the base in the world
    :param motor_positions: in rad
    :param motor_velocities: in rad/s
    :return: all of it, with gravity and heading by the orientation
    """
    (forward_x, _, _), (forward_y, _, _), (up_x, up_y, up_z) = rows
    gravity, heading = (-up_x, -up_y, -up_z), math.atan2(forward_y, forward_x)
    # By position: by name it would take as long again as all of the above.
    return Motion(linear_velocity, angular_velocity, gravity, heading, position, motor_positions, motor_velocities)


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


def reflect_state(state: RobotState, reflection: Reflection, robot: Robot, default: np.ndarray) -> RobotState:
    """
    Where the robot would be, and how it would move, if the world were reflected in a vertical plane of its origin
    (or turned by half a turn about it).

    :param state: of the robot
    :param reflection: names a partner for every joint of the robot
    :param robot: whose joints the state lists
    :param default: joint positions from which the reflection measures angles
    :return: the reflected state
    """
    axes = np.array(reflection.world_axes)
    axial = reflection.determinant * axes
    joints = reflection.joint_map(robot.joint_names)
    orientation = reflection.orientation.apply(state.base_orientation)
    linear, angular = axes * state.base_linear_velocity, axial * state.base_angular_velocity
    position = axes * state.base_position
    if any(reflection.base.origin):
        # What the plane goes through is beside the origin of the base's frame.
        origin = np.array(reflection.base.origin)
        before = rotation_matrix(state.base_orientation) @ origin
        after = rotation_matrix(orientation) @ origin
        position = position + axes * before - after
        linear = linear + axes * np.cross(state.base_angular_velocity, before) - np.cross(angular, after)
    return RobotState(
        base_position=position,
        base_orientation=orientation,
        base_linear_velocity=linear,
        base_angular_velocity=angular,
        joint_positions=default + joints.apply(state.joint_positions - default),
        joint_velocities=joints.apply(state.joint_velocities),
    )
