"""The mirror image of a robot's state."""

from __future__ import annotations

import numpy as np

from sb3_memaug.robots.robot import Robot, RobotState
from sb3_memaug.robots.rotations import rotation_matrix
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
