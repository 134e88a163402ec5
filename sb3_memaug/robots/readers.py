"""Where a robot's geometry can be read from: what is registered here imports a simulator only when it meets one."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from importlib import import_module
from pathlib import Path
from typing import Any

import gymnasium as gym

from sb3_memaug.robots.registry import find_robot
from sb3_memaug.robots.urdf_geometry import urdf_geometry
from sb3_memaug.symmetry.geometry import RobotGeometry
from sb3_memaug.symmetry.geometry_readers import read_geometry, register_geometry_reader


@register_geometry_reader("an MJCF or URDF file, by its path or as text")
def _file_geometry(robot: Any) -> RobotGeometry | None:
    if not isinstance(robot, str | Path):
        return None
    text = robot.strip() if isinstance(robot, str) and robot.lstrip().startswith("<") else None
    where = "the text" if text is not None else str(robot)
    if text is None and not Path(robot).is_file():
        raise ValueError(f"expected an MJCF or URDF file, but there is no file {where!r}")
    try:
        root = ET.parse(robot).getroot() if text is None else ET.fromstring(text)
        if root.tag == "mujoco":
            return _mjcf_geometry(robot, text)
        if root.tag == "robot":
            return urdf_geometry(root)
        raise ValueError(f"expected <mujoco> or <robot> around everything, got <{root.tag}>")
    except (ET.ParseError, ValueError) as error:
        raise ValueError(f"{where} is no robot that can be read: {error}") from error


def _mjcf_geometry(path: str | Path, text: str | None) -> RobotGeometry:
    try:
        model = import_module("mujoco").MjModel
    except ImportError as error:
        raise ImportError("reading an MJCF file needs MuJoCo: pip install 'sb3-memaug[mujoco]'") from error
    return read_geometry(model.from_xml_path(str(path)) if text is None else model.from_xml_string(text))


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
