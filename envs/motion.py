"""What a task looks at: the robot's state, seen from its base."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sb3_memaug.robots import Robot
from sb3_memaug.robots.rotations import heading, rotation_matrix


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
    matrix = rotation_matrix(state.base_orientation)
    return Motion(
        linear_velocity=state.base_linear_velocity @ matrix,
        angular_velocity=state.base_angular_velocity @ matrix,
        gravity=-matrix[2],
        heading=heading(matrix),
        height=float(state.base_position[2]),
        motor_positions=state.joint_positions[robot.motor_indices],
        motor_velocities=state.joint_velocities[robot.motor_indices],
    )
