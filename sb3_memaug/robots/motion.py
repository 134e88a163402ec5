"""A robot's state, seen from its base."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sb3_memaug.robots.rotations import Rows, Vector


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
    :param rows: of the base's orientation, as by :func:`~sb3_memaug.robots.rotations.rotation_rows`
    :param linear_velocity: along the base's own axes
    :param angular_velocity: along the base's own axes
    :param position: of the base in the world
    :param motor_positions: in rad
    :param motor_velocities: in rad/s
    :return: all of it, with what the orientation tells of gravity and heading
    """
    (forward_x, _, _), (forward_y, _, _), (up_x, up_y, up_z) = rows
    gravity, heading = (-up_x, -up_y, -up_z), math.atan2(forward_y, forward_x)
    # By position: by name it would take as long again as all of the above.
    return Motion(linear_velocity, angular_velocity, gravity, heading, position, motor_positions, motor_velocities)
