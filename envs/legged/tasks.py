"""The registered environments of any legged robot: what it is asked to do, by its size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium as gym

from sb3_memaug.wrappers import MirrorSpec

from ..tasks import PositionTask, Task, VelocityTask, task_class
from .robot_files import find_robot_file

if TYPE_CHECKING:
    from .legged_model import LeggedModel

#: s, of the physics.
PHYSICS_DT = 0.005
#: Robots that are kept, for the next environment of the same.
MAX_KEPT = 4
_KEPT: dict[tuple[Path, int, str], LeggedModel] = {}


def legged(
    robot: str | PathLike[str],
    goal: str,
    task: Mapping[str, Any] | None = None,
    pose: Mapping[str, float] | str | None = None,
    feet: list[str] | None = None,
    stiffness: float | Mapping[str, float] | None = None,
    damping: float | Mapping[str, float] | None = None,
    torque_limit: float | Mapping[str, float] | None = None,
    tolerances: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> gym.Env:
    """
    Numbers by joint are mappings from names of joints, or regular expressions that match all of a name, to numbers.

    :param robot: path of an MJCF or URDF file, or the name of a robot of the MuJoCo Menagerie. Its base has to look
        along its x axis, with z up
    :param goal: ``"velocity"`` or ``"position"``
    :param task: arguments of :class:`~sb3_memaug.envs.tasks.VelocityTask` or
        :class:`~sb3_memaug.envs.tasks.PositionTask`; speeds and distances are by default as fit the robot's height
    :param pose: the default pose: angles in rad by joint, for those that are not to be as in the stance that is found;
        or the name of a keyframe. By default the file's keyframe of a standing robot, or else the stance: legs bent,
        with each foot under its hip
    :param feet: names of the feet's bodies; by default the ends of the robot that reach the ground
    :param stiffness: of the motors' position control in N·m/rad, one for all or by joint
    :param damping: of the same in N·m·s/rad
    :param torque_limit: of the motors in N·m, in place of the file's
    :param tolerances: arguments of :class:`~sb3_memaug.symmetry.Tolerances`, for a robot whose sides differ by more
    :param kwargs: arguments of :class:`~sb3_memaug.envs.legged.legged_robot_env.LeggedRobotEnv`
    :return: the environment, with the symmetry group that was found
    :raises ValueError: if there is no such goal, the robot cannot be read, has no legs or no mirror image, or an
        argument does not fit it
    :raises FileNotFoundError: if there is no such file
    :raises ImportError: if MuJoCo is not installed
    """
    task_class(goal)
    try:
        from .legged_robot_env import LeggedRobotEnv
    except ImportError as error:
        raise ImportError('legged robots need MuJoCo: `pip install "sb3-memaug[mujoco]"`') from error

    model = _model(
        find_robot_file(robot),
        pose=pose,
        feet=feet,
        stiffness=stiffness,
        damping=damping,
        torque_limit=torque_limit,
        tolerances=tolerances,
    )
    if not model.symmetry.reflections:
        raise ValueError(
            f"{robot} has no mirror image in its default pose. If its sides differ by mistake or by little, allow it "
            "by `tolerances`, and mind that its base has to look along its x axis, with z up. "
            f"What was found:\n{model.symmetry}"
        )
    return MirrorSpec(LeggedRobotEnv(model, make_task(goal, model.hip_height, task or {}), **kwargs))


def make_task(goal: str, hip_height: float, given: Mapping[str, Any]) -> Task:
    """
    Animals of all sizes walk alike if their speeds are in proportion to the root of their legs' length.

    :param goal: ``"velocity"`` or ``"position"``
    :param hip_height: of the robot in m
    :param given: arguments of the task, in place of those that follow from the height
    :return: the task for a robot of that size
    :raises ValueError: if there is no such goal
    """
    kind, speed = task_class(goal), math.sqrt(9.81 * hip_height)
    scaled: dict[str, Any] = {}
    if issubclass(kind, VelocityTask):
        scaled = {"speed": _scaled(speed, 0.15, 0.45)}
    elif issubclass(kind, PositionTask):
        scaled = {"radius": _scaled(speed, 0.4, 1.5), "reached": round(0.12 * speed, 2), "slow": round(0.1 * speed, 2)}
    return kind(**{**scaled, **given})


def _scaled(speed: float, low: float, high: float) -> tuple[float, float]:
    return round(low * speed, 2), round(high * speed, 2)


def _model(path: Path, **settings: Any) -> LeggedModel:
    """As built before, if it was: meshes take seconds, and vectorized environments have many of one robot."""
    from .legged_model import build_legged_model

    key = path, path.stat().st_mtime_ns, repr(settings)
    if key not in _KEPT:
        while len(_KEPT) >= MAX_KEPT:
            del _KEPT[next(iter(_KEPT))]
        _KEPT[key] = build_legged_model(path, PHYSICS_DT, **settings)
    return _KEPT[key]
