"""The mirror image of a robot's state."""

from __future__ import annotations

import numpy as np

from sb3_memaug.robots.robot import Robot, RobotState
from sb3_memaug.symmetry.reflection import Reflection


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
    axes = np.array(reflection.axes)
    axial = reflection.determinant * axes
    joints = reflection.joint_map(robot.joint_names)
    return RobotState(
        base_position=axes * state.base_position,
        base_orientation=np.concatenate((state.base_orientation[:1], axial * state.base_orientation[1:])),
        base_linear_velocity=axes * state.base_linear_velocity,
        base_angular_velocity=axial * state.base_angular_velocity,
        joint_positions=default + joints.apply(state.joint_positions - default),
        joint_velocities=joints.apply(state.joint_velocities),
    )
