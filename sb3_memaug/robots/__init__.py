"""How a robot in a simulator is read and acted on: one protocol, one adapter for each simulator."""

from sb3_memaug.robots.registry import find_robot, register_adapter
from sb3_memaug.robots.robot import Motion, Robot, RobotState

__all__ = ["Motion", "Robot", "RobotState", "find_robot", "register_adapter"]
