"""What a task looks at: the robot's state, seen from its base."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sb3_memaug.robots import Robot
from sb3_memaug.robots.rotations import Vector, rotation_rows, to_body


class Motion(NamedTuple):
    """
    Base velocities (m/s, rad/s) and the direction of gravity in the base frame, as plain floats; heading (rad) and
    height (m) of the base; positions (rad) and velocities (rad/s) of the motors, as arrays.
    """

    linear_velocity: Vector
    angular_velocity: Vector
    gravity: Vector
    heading: float
    height: float
    motor_positions: np.ndarray
    motor_velocities: np.ndarray


def measure(robot: Robot) -> Motion:
    """
    :param robot: in its present state
    :return: the same, seen from its base
    """
    state = robot.get_state()
    rows = rotation_rows(state.base_orientation)
    up_x, up_y, up_z = rows[2]
    return Motion(
        linear_velocity=to_body(rows, state.base_linear_velocity.tolist()),
        angular_velocity=to_body(rows, state.base_angular_velocity.tolist()),
        gravity=(-up_x, -up_y, -up_z),
        heading=math.atan2(rows[1][0], rows[0][0]),
        height=state.base_position.item(2),
        motor_positions=state.joint_positions[robot.motor_indices],
        motor_velocities=state.joint_velocities[robot.motor_indices],
    )
