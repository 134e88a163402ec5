"""Finding the robot of an environment that somebody else wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym

from sb3_memaug.robots.robot import Robot

#: Makes the robot of an unwrapped environment, or returns None where the environment is not of its kind.
Adapter = Callable[[gym.Env], Robot | None]

_ADAPTERS: list[Adapter] = []


def register_adapter(adapter: Adapter) -> Adapter:
    """
    Teach :func:`find_robot` a new kind of environment; later adapters are asked first. Can be used as a decorator.

    >>> @register_adapter
    ... def my_robot(env):
    ...     return env.my_robot if hasattr(env, "my_robot") else None

    :param adapter: returns the robot of an unwrapped environment, or None where it is not of its kind
    :return: the adapter itself
    """
    _ADAPTERS.insert(0, adapter)
    return adapter


def find_robot(env: gym.Env) -> Robot:
    """
    The robot of an environment: its attribute ``robot``, what a registered adapter makes of it,
    or the first floating-base robot of a Gymnasium MuJoCo environment.

    :param env: wrapped or not
    :return: the robot, the same object at every call
    :raises ValueError: if there is none, with how to register an adapter
    """
    inner = env.unwrapped
    robot: Any = getattr(inner, "robot", None)
    if not isinstance(robot, Robot):
        robot = getattr(inner, "_memaug_robot", None) or _adapt(inner)
        inner._memaug_robot = robot  # type: ignore[attr-defined]
    return robot


def _adapt(env: gym.Env) -> Robot:
    for adapter in _ADAPTERS:
        robot = adapter(env)
        if robot is not None:
            return robot
    raise ValueError(
        f"no robot found in {type(env).__name__}: it has no attribute `robot` and is no MuJoCo environment. "
        "Subclass `sb3_memaug.robots.Robot` for its simulator and register it:\n\n"
        "    from sb3_memaug.robots import register_adapter\n\n"
        "    @register_adapter\n"
        "    def my_adapter(env):\n"
        "        return MyRobot(env) if isinstance(env, MyEnv) else None\n"
    )


@register_adapter
def _mujoco_environment(env: gym.Env) -> Robot | None:
    model, data = getattr(env, "model", None), getattr(env, "data", None)
    if type(model).__name__ != "MjModel" or type(data).__name__ != "MjData":
        return None
    from sb3_memaug.robots.mujoco_robot import MuJoCoRobot  # MuJoCo is an extra

    return MuJoCoRobot(model, data)
