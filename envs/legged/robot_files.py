"""Which file a robot is described in: a path, or a name of the MuJoCo Menagerie."""

from __future__ import annotations

import difflib
import re
from os import PathLike
from pathlib import Path

from sb3_memaug.robots.description.text import expanded_path

#: What a robot's description is written in, by the end of its name.
ENDINGS = (".urdf", ".xml", ".mjcf")


def find_robot_file(robot: str | PathLike[str]) -> Path:
    """
    :param robot: path of an MJCF or URDF file, or the name of a robot of the package ``mujoco_menagerie``; parts of a
        name will do where one robot has them: ``"go1"`` is ``unitree_go1``
    :return: path of the file
    :raises FileNotFoundError: if there is no such file, or the Menagerie's cannot be downloaded
    :raises TypeError: if it is neither a text nor a path
    :raises ValueError: if the path is no MJCF or URDF file, or names no robot or several
    :raises ImportError: if it is a name, and the Menagerie is not installed
    """
    path = expanded_path(robot)
    if path.is_file():
        if path.suffix.lower() not in ENDINGS:
            raise ValueError(f"`robot` must be a file that ends in {', '.join(ENDINGS)}, got {str(path)!r}")
        return path.resolve()
    if path.is_dir():
        inside = sorted(str(file) for file in (*path.glob("*"), *path.glob("*/*")) if file.suffix.lower() in ENDINGS)
        raise ValueError(f"`robot` must be a file, got the folder {str(path)!r}; robot files in it: {inside}")
    if path.suffix.lower() in ENDINGS or len(path.parts) != 1:
        raise FileNotFoundError(f"`robot` names the file {str(path)!r}, which does not exist")
    return _menagerie_file(str(robot))


def _menagerie_file(name: str) -> Path:
    try:
        import mujoco_menagerie
    except ImportError as error:
        raise ImportError(
            f"`robot` must be an MJCF or URDF file, or a robot of the MuJoCo Menagerie; {name!r} is no file, and for "
            'the Menagerie\'s names `pip install "sb3-memaug[menagerie]"` is needed'
        ) from error
    robot = mujoco_menagerie.get(_full_name(name, mujoco_menagerie.names()))
    try:
        return robot.xml(robot.default_model)
    except (mujoco_menagerie.MenagerieError, OSError) as error:
        file = robot.entry(robot.default_model).file
        raise FileNotFoundError(
            f"the MuJoCo Menagerie's {robot.name!r} could not be had ({error}). Give `robot` the path of its file "
            f"{robot.name}/{file}, or set the variable MENAGERIE_ROOT to a folder that holds the Menagerie"
        ) from error


def _full_name(name: str, known: list[str]) -> str:
    """That of the one robot whose name is, ends with or contains the given one."""
    given = _plain(name)
    for matches in (
        [k for k in known if _plain(k) == given],
        [k for k in known if _plain(k).endswith(given)],
        [k for k in known if given in _plain(k)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise ValueError(f"`robot` is {name!r}, which may be any of {matches}: give one of these names")
    parts = {part: k for k in known for part in (_plain(k), *k.split("_"))}
    near = list(dict.fromkeys(parts[match] for match in difflib.get_close_matches(given, parts, n=5)))
    raise ValueError(
        f"`robot` is {name!r}, which is neither a file nor a robot of the MuJoCo Menagerie"
        + (f"; did you mean {' or '.join(map(repr, near))}?" if near else f". Its robots are {known}")
    )


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())
