"""How a robot in a simulator is read and acted on: one protocol, one adapter for each simulator."""

import sb3_memaug.robots.readers  # noqa: F401, which registers them
from sb3_memaug.robots import isaaclab_geometry  # noqa: F401, registered last: asked first about environments
from sb3_memaug.robots.motion import Motion
from sb3_memaug.robots.registry import find_robot, register_adapter
from sb3_memaug.robots.robot import Robot, RobotState

__all__ = ["Motion", "Robot", "RobotState", "find_robot", "register_adapter"]
