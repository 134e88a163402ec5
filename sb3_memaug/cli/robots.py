"""The robots that commands are about: of an environment, of a file, or of the MuJoCo Menagerie."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import gymnasium as gym

from sb3_memaug.cli.arguments import add_env_kwargs, environment
from sb3_memaug.envs.legged.robot_files import find_robot_file
from sb3_memaug.vec_env.registry import vec_env_maker


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
