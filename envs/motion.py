"""What a task looks at: the robot's state, seen from its base."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sb3_memaug.robots import Robot
from sb3_memaug.robots.rotations import rotation_rows, to_body


class Motion(NamedTuple):
    """Base velocities (m/s, rad/s) and the direction of gravity in the base frame; heading (rad) and motors (rad)."""

    linear_velocity: np.ndarray
    angular_velocity: np.ndarray
    gravity: np.ndarray
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
    forward_x, forward_y, (down_x, down_y, down_z) = rows[0][0], rows[1][0], rows[2]
    return Motion(
        np.array(to_body(rows, state.base_linear_velocity.tolist())),
        np.array(to_body(rows, state.base_angular_velocity.tolist())),
        np.array((-down_x, -down_y, -down_z)),
        math.atan2(forward_y, forward_x),
        state.base_position.item(2),
        state.joint_positions[robot.motor_indices],
        state.joint_velocities[robot.motor_indices],
    )
