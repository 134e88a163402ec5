"""What shows the minitaur, for its simulator and render mode."""

from __future__ import annotations

from sb3_memaug.robots import Robot
from sb3_memaug.robots.bullet_robot import BulletRobot

from .view import Renderer


def make_renderer(robot: Robot, render_mode: str, frame_time: float) -> Renderer:
    """
    :param robot: the minitaur in a simulator
    :param render_mode: ``"rgb_array"`` or ``"human"``
    :param frame_time: in s, which a window takes for each picture
    :return: what shows it
    """
    if isinstance(robot, BulletRobot):
        from .bullet_rendering import BulletCamera, BulletWindow

        return BulletCamera(robot) if render_mode == "rgb_array" else BulletWindow(robot, frame_time)
    from .mujoco_rendering import MuJoCoCamera, MuJoCoWindow

    return MuJoCoCamera(robot) if render_mode == "rgb_array" else MuJoCoWindow(robot, frame_time)
