"""What shows the minitaur, for its simulator and render mode."""

from __future__ import annotations

from sb3_memaug.robots import Robot
from sb3_memaug.robots.bullet.robot import BulletRobot

from ..view import Renderer, View

VIEW = View(distance=1.0, target_height=0.1)


def make_renderer(robot: Robot, render_mode: str, frame_time: float) -> Renderer:
    """
    :param robot: the minitaur in a simulator
    :param render_mode: ``"rgb_array"`` or ``"human"``
    :param frame_time: in s, which a window takes for each picture
    :return: what shows it
    """
    if isinstance(robot, BulletRobot):
        from .bullet_rendering import BulletCamera, BulletWindow

        return BulletCamera(robot, VIEW) if render_mode == "rgb_array" else BulletWindow(robot, VIEW, frame_time)
    from ..mujoco_rendering import MuJoCoCamera, MuJoCoWindow

    return MuJoCoCamera(robot, VIEW) if render_mode == "rgb_array" else MuJoCoWindow(robot, VIEW, frame_time)
