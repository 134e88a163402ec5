"""Mirrors in JSON files: an environment's terms and its robot's reflections, by names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium as gym

from sb3_memaug.files import InputError, read_json, write_json
from sb3_memaug.symmetry import Reflection
from sb3_memaug.wrappers.plain_terms import Terms, reflection_to_plain, terms_to_plain

#: What a file may hold; all of it are arguments of :class:`~sb3_memaug.wrappers.MirrorSpec`.
KEYS = ("reflections", "observation", "action")


def read_mirror_file(path: str | Path) -> dict[str, Any]:
    """
    :param path: of a JSON file that :func:`write_mirror_file` wrote, or that somebody wrote like it
    :return: what it holds of :data:`KEYS`
    :raises FileNotFoundError: if there is no such file
    :raises InputError: if the file is no JSON, or holds anything else
    """
    content = read_json(path)
    if not isinstance(content, dict) or set(content) - set(KEYS):
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise InputError(path, f"{Path(path).name} must hold an object with {list(KEYS)}, got {str(found)[:200]}")
    for key, kind in (("reflections", dict), ("observation", list | dict), ("action", list)):
        if key in content and not isinstance(content[key], kind):
            expected = {"reflections": "an object", "action": "a list"}.get(key, "a list, or an object of lists")
            raise InputError(path, f"expected {expected}, got {str(content[key])[:200]}", key)
    return content


def write_mirror_file(
    path: str | Path,
    reflections: Mapping[str, Reflection],
    env: gym.Env | None = None,
    observation: Terms | None = None,
    action: Terms | None = None,
) -> Path:
    """
    Joints are named, and terms of all joints or motors say so, so that the file survives another order of joints.

    :param path: of the file to write; it appears complete or not at all
    :param reflections: of the robot, by the names of their mirrors
    :param env: with the terms' robot
    :param observation: terms of its observation
    :param action: terms of its action
    :return: the path
    """
    content: dict[str, Any] = {"reflections": {name: reflection_to_plain(r) for name, r in reflections.items()}}
    if env is not None and observation is not None and action is not None:
        content |= {"observation": terms_to_plain(observation, env), "action": terms_to_plain(action, env)}
    return write_json(path, content, indent=2)
