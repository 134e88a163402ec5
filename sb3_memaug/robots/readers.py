"""Where a robot's geometry can be read from: what is registered here imports a simulator only when it meets one."""

from __future__ import annotations

from os import PathLike
from typing import Any

import gymnasium as gym

from sb3_memaug.files import InputError
from sb3_memaug.robots.mjcf import read_mjcf
from sb3_memaug.robots.registry import find_robot
from sb3_memaug.robots.robot_text import read_robot_text
from sb3_memaug.robots.urdf import read_urdf
from sb3_memaug.robots.urdf_geometry import urdf_geometry
from sb3_memaug.symmetry.geometry import RobotGeometry
from sb3_memaug.symmetry.geometry_readers import read_geometry, register_geometry_reader


@register_geometry_reader("an MJCF or URDF file, by its path or as text")
def _file_geometry(robot: Any) -> RobotGeometry | None:
    if not isinstance(robot, str | PathLike):
        return None
    try:
        text = read_robot_text(robot)
        if text.root.tag == "robot":
            return urdf_geometry(read_urdf(text))
        return read_geometry(read_mjcf(text)[1])
    except InputError as error:
        raise InputError(f"{error.source} is no robot that can be read", error.problem, error.place) from error


@register_geometry_reader("a mujoco.MjModel")
def _model_geometry(robot: Any) -> RobotGeometry | None:
    if type(robot).__name__ != "MjModel":
        return None
    from sb3_memaug.robots.mujoco_geometry import mujoco_geometry

    return mujoco_geometry(robot)


@register_geometry_reader("a pair of a PyBullet client and the id of a body")
def _bullet_geometry(robot: Any) -> RobotGeometry | None:
    if not (isinstance(robot, tuple) and len(robot) == 2 and hasattr(robot[0], "getDynamicsInfo")):
        return None
    from sb3_memaug.robots.bullet_geometry import bullet_geometry

    return bullet_geometry(*robot)


@register_geometry_reader("something with a method `geometry`")
def _own_geometry(robot: Any) -> RobotGeometry | None:
    method = getattr(robot, "geometry", None)
    geometry = method() if callable(method) else None
    return geometry if isinstance(geometry, RobotGeometry) else None


@register_geometry_reader("an environment that has a robot")
def _environment_geometry(robot: Any) -> RobotGeometry | None:
    if not isinstance(robot, gym.Env):
        return None
    try:
        return read_geometry(find_robot(robot))
    except (ValueError, NotImplementedError):
        # A robot whose base does not float has no adapter, but its model can be read.
        geometry = _model_geometry(getattr(robot.unwrapped, "model", None))
        if geometry is None:
            raise
        return geometry
