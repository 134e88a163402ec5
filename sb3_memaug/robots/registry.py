"""
Which adapter makes the robot of an environment, and which reader reads the geometry of a robot: in an explicit order.

What users register is asked first, the latest before the others; then what the library knows, in the order of
:class:`AdapterOrder` and :data:`GEOMETRY_READERS`, whatever was imported first.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from os import PathLike
from typing import Any

import gymnasium as gym

from sb3_memaug.files import InputError
from sb3_memaug.robots.description.mjcf import read_mjcf
from sb3_memaug.robots.description.text import read_robot_text
from sb3_memaug.robots.description.urdf import read_urdf
from sb3_memaug.robots.description.urdf_geometry import urdf_geometry
from sb3_memaug.robots.newton.geometry import read_newton
from sb3_memaug.robots.newton.isaaclab import read_isaaclab
from sb3_memaug.robots.robot import Robot
from sb3_memaug.symmetry.arguments import shown
from sb3_memaug.symmetry.derivation.geometry import (
    GeometryReader,
    RobotGeometry,
    read_geometry,
    register_geometry_reader,
)

#: Makes the robot of an unwrapped environment, or returns None where the environment is not of its kind.
Adapter = Callable[[gym.Env], Robot | None]


class AdapterOrder(IntEnum):
    """When an adapter is asked: the lowest first; of the same order, the latest first."""

    USER = 0
    ISAAC_LAB = 1
    MUJOCO = 2


_ADAPTERS: list[tuple[int, Adapter]] = []


def register_adapter(adapter: Adapter, order: int = AdapterOrder.USER) -> Adapter:
    """
    Teach :func:`find_robot` a new kind of environment. Users' adapters are asked before the library's, later ones
    first. Can be used as a decorator.

    >>> @register_adapter
    ... def my_robot(env):
    ...     return env.my_robot if hasattr(env, "my_robot") else None

    :param adapter: returns the robot of an unwrapped environment, or None where it is not of its kind
    :param order: when it is asked, as in :class:`AdapterOrder`
    :return: the adapter itself
    """
    _ADAPTERS.insert(0, (order, adapter))
    _ADAPTERS.sort(key=lambda entry: entry[0])
    return adapter


def find_robot(env: gym.Env) -> Robot:
    """
    The robot of an environment: its attribute ``robot``, what a registered adapter makes of it, or that of a MuJoCo
    environment with the attributes ``model`` and ``data``.

    :param env: wrapped or not
    :return: the robot as it is simulated at present, the same object at every call as long as it is the same robot
    :raises ValueError: if there is none, with how to register an adapter; or if the environment's attribute ``robot``
        is of a simulation that is gone
    """
    if not hasattr(env, "unwrapped"):
        raise ValueError(f"expected an environment of Gymnasium, got {shown(env)}")
    inner = env.unwrapped
    robot: Any = getattr(inner, "robot", None)
    if isinstance(robot, Robot):
        if not robot.follow(inner):
            raise ValueError(
                f"the attribute `robot` of {type(inner).__name__} is that of another simulation than its present one: "
                "let the environment make its robot anew where it makes its simulation anew"
            )
        return robot
    robot = getattr(inner, "_memaug_robot", None)
    if robot is None or not robot.follow(inner):
        robot = inner._memaug_robot = _adapt(inner)  # type: ignore[attr-defined]
    return robot


def _adapt(env: gym.Env) -> Robot:
    for _, adapter in _ADAPTERS:
        robot = adapter(env)
        if robot is not None:
            # From now on it knows what of the environment it belongs to.
            robot.follow(env)
            return robot
    raise ValueError(_HOW_TO_ADAPT.format(name=type(env).__name__))


_HOW_TO_ADAPT = """\
no robot found in {name}: it has no attribute `robot` and is no MuJoCo environment. Say once where its robot is.

If it has a PyBullet client, here `env.client`, that it calls to command and to simulate the body `env.body`:

    from sb3_memaug.robots import register_adapter
    from sb3_memaug.robots.bullet.environment import BulletEnvironmentRobot

    @register_adapter
    def my_robot(env):
        if type(env).__name__ == "{name}":
            return BulletEnvironmentRobot(env.client, env.body)

If it has a simulator of its own, let an adapter do there what shall be used:

    from sb3_memaug.robots import Robot, register_adapter

    class MyRobot(Robot):
        def __init__(self, env):
            super().__init__(env.joint_names, motor_names=env.joint_names, foot_names=[])
            self.env = env

        def set_motor_strength(self, scale):  # for JointFailure, one factor on the torque of each motor
            self.env.torque_factors = scale

        def set_base_force(self, force, point):  # for Payload, N in the world, m in the base frame
            self.env.push = force, point

    @register_adapter
    def my_robot(env):
        return MyRobot(env) if type(env).__name__ == "{name}" else None
"""


def _mujoco_environment(env: gym.Env) -> Robot | None:
    model, data = getattr(env, "model", None), getattr(env, "data", None)
    if type(model).__name__ != "MjModel" or type(data).__name__ != "MjData":
        return None
    from sb3_memaug.robots.mujoco.robot import MuJoCoEnvironmentRobot  # MuJoCo is an extra

    return MuJoCoEnvironmentRobot(env)


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


def _model_geometry(robot: Any) -> RobotGeometry | None:
    if type(robot).__name__ != "MjModel":
        return None
    from sb3_memaug.robots.mujoco.geometry import mujoco_geometry

    return mujoco_geometry(robot)


def _bullet_geometry(robot: Any) -> RobotGeometry | None:
    if not (isinstance(robot, tuple) and len(robot) == 2 and hasattr(robot[0], "getDynamicsInfo")):
        return None
    from sb3_memaug.robots.bullet.geometry import bullet_geometry

    return bullet_geometry(*robot)


def _own_geometry(robot: Any) -> RobotGeometry | None:
    method = getattr(robot, "geometry", None)
    geometry = method() if callable(method) else None
    return geometry if isinstance(geometry, RobotGeometry) else None


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


#: What a robot's geometry can be read from, in the order in which the readers are asked. An environment of Isaac Lab is
#: an environment of Gymnasium, too, and an environment may have a method `geometry` that means something else.
GEOMETRY_READERS: tuple[tuple[str, GeometryReader], ...] = (
    ("an Isaac Lab articulation or an environment that has one", read_isaaclab),
    ("a newton.Model or newton.ModelBuilder", read_newton),
    ("an environment that has a robot", _environment_geometry),
    ("something with a method `geometry`", _own_geometry),
    ("a pair of a PyBullet client and the id of a body", _bullet_geometry),
    ("a mujoco.MjModel", _model_geometry),
    ("an MJCF or URDF file, by its path or as text", _file_geometry),
)

register_adapter(_mujoco_environment, AdapterOrder.MUJOCO)
for _order, (_what, _reader) in enumerate(GEOMETRY_READERS, 1):
    register_geometry_reader(_what, _order)(_reader)
