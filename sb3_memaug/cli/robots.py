"""Arguments of commands about a robot: which robot, its pose, and the axes of its base."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import gymnasium as gym

from sb3_memaug.cli.arguments import add_env_kwargs, environment, finite
from sb3_memaug.envs.legged.robot_files import find_robot_file
from sb3_memaug.symmetry import BaseAxes, RobotGeometry
from sb3_memaug.vec_env.registry import vec_env_maker

#: Names of poses, and of joints with their angles, in their order.
Pose = list[tuple[str, float | None]]

METAVAR = "NAME|JOINT=ANGLE[,…]"


def add_robot(parser: argparse.ArgumentParser) -> None:
    """
    :param parser: of a command about a robot
    """
    parser.add_argument(
        "robot",
        metavar="ROBOT",
        help="an MJCF or URDF file, the id of an environment such as Ant-v5, or a robot of the MuJoCo Menagerie such "
        "as go1",
    )
    add_env_kwargs(parser)


@contextmanager
def open_robot(text: str, env_kwargs: dict[str, Any]) -> Iterator[Path | gym.Env]:
    """
    :param text: a path, the id of an environment, or a name of the Menagerie
    :param env_kwargs: arguments of the environment, which is closed in the end
    :return: what :func:`~sb3_memaug.symmetry.derive_symmetry` reads
    :raises ValueError: if there is none of that name, or its file cannot be had
    """
    if re.search(r"-v\d+$", text) and not Path(text).exists():
        if vec_env_maker(environment(text)) is not None:
            env_kwargs = {"num_envs": 1, **env_kwargs}
        with closing(gym.make(text, **env_kwargs)) as env:
            yield env
        return
    if env_kwargs:
        raise ValueError(f"--env-kwargs are for environments, and {text!r} is none: their ids end in -v0, -v1 …")
    try:
        file = find_robot_file(text)
    except OSError as error:
        raise ValueError(str(error)) from error
    yield file


def pose(text: str) -> Pose:
    """
    :param text: ``home,FL_hip=0.2``: the name of a pose, and angles in rad or m that differ from it
    :return: its parts
    :raises argparse.ArgumentTypeError: if an angle is no number
    """
    parts: Pose = []
    for part in text.split(","):
        name, given, angle = part.partition("=")
        try:
            parts.append((name, finite(angle) if given else None))
        except argparse.ArgumentTypeError as error:
            raise argparse.ArgumentTypeError(f"expected JOINT=ANGLE with a number, got {part!r}") from error
    return parts


def angles_of(pose: Pose, geometry: RobotGeometry) -> dict[str, float]:
    """
    :param pose: from the command line
    :param geometry: of the robot
    :return: its angles in rad or m, by joint
    :raises ValueError: if the robot does not know a pose or a joint
    """
    joints = [joint.name for joint in geometry.joints]
    angles: dict[str, float] = {}
    for name, angle in pose:
        known = joints if angle is not None else list(geometry.poses)
        if name not in known:
            what = "joint" if angle is not None else "pose"
            near = get_close_matches(name, known, cutoff=0.3)
            raise ValueError(
                f"{geometry.name} has no {what} {name!r}; "
                + (f"did you mean {' or '.join(map(repr, near))}?" if near else f"it has {known or 'none'}")
            )
        angles |= geometry.poses[name] if angle is None else {name: angle}
    return angles


def add_axes(parser: argparse.ArgumentParser) -> None:
    """
    :param parser: of a command that derives mirrors
    """
    parser.add_argument(
        "--axes",
        type=base_axes,
        metavar="forward=x,up=y[,origin=X:Y:Z]",
        help="which axes of the base's frame point forward and up, where these are not x and z; and the point of that "
        "frame in m, from which the robot is looked at, where that is not its origin",
    )


def base_axes(text: str) -> BaseAxes:
    """
    :param text: ``forward=x,up=y,origin=0:0.1:0``, any of them
    :return: the axes
    :raises argparse.ArgumentTypeError: if they are none
    """
    axes: dict[str, object] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        axes[name] = value.split(":") if name == "origin" else value
    try:
        return BaseAxes.of(axes)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
