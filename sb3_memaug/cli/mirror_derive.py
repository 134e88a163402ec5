"""``memaug mirror derive``."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym

from sb3_memaug.cli.arguments import MISTAKES, assignments
from sb3_memaug.cli.base_axes import add_axes
from sb3_memaug.cli.poses import METAVAR, angles_of, pose
from sb3_memaug.cli.robots import add_robot, open_robot
from sb3_memaug.robots.mujoco.terms import task_reflections
from sb3_memaug.symmetry import Reflection, Tolerances, derive_symmetry
from sb3_memaug.symmetry.geometry_readers import read_geometry
from sb3_memaug.wrappers import MirrorSpec
from sb3_memaug.wrappers.mirror_file import write_mirror_file

#: By name, as they are by default.
TOLERANCES = {field.name: field.default for field in fields(Tolerances) if field.name != "strict"}


def add_to(commands: Any) -> None:
    """
    :param commands: of ``memaug mirror``
    """
    known = ", ".join(f"{name}={value}" for name, value in TOLERANCES.items())
    parser = commands.add_parser(
        "derive",
        help="find the mirrors of a robot from its geometry and masses",
        description="Find the mirrors of a robot from its geometry and masses: which part becomes which, by which "
        "sign, and what stands in the way. Exits with status 1 where it has none.",
    )
    add_robot(parser)
    parser.add_argument(
        "--pose",
        type=pose,
        default=[],
        metavar=METAVAR,
        help="in which the robot is symmetric: one that its file knows, or angles in rad or m, or both; by default "
        "that of the file, and then those that it knows",
    )
    parser.add_argument(
        "--tolerance",
        type=assignments,
        default={},
        metavar="NAME=VALUE[,…]",
        help=f"how far partners may be from being mirror images (defaults: {known}; m, rad, or relative)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="let inner surfaces, damping and friction decide, too, not only be told"
    )
    add_axes(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE.json",
        help="write the mirrors, and of an environment its observation and action too, for MirrorSpec(env, file=…)",
    )
    parser.set_defaults(run=partial(run, parser))


def run(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """
    :param parser: which tells what is wrong with the command line
    :param parsed: what it asks for
    """
    unknown = sorted(set(parsed.tolerance) - set(TOLERANCES))
    if unknown:
        parser.error(f"argument --tolerance: there is no {unknown[0]!r}; there are {', '.join(TOLERANCES)}")
    with ExitStack() as stack:
        try:
            robot = stack.enter_context(open_robot(parsed.robot, parsed.env_kwargs))
            geometry = read_geometry(robot)
            angles = angles_of(parsed.pose, geometry) if parsed.pose else None
            tolerances = Tolerances(**parsed.tolerance, strict=parsed.strict)
            derived = derive_symmetry(geometry, angles, tolerances, axes=parsed.axes)
        except MISTAKES as error:
            parser.error(str(error))
        print(derived)
        if not derived.reflections:
            sys.exit(1)
        if parsed.output is None:
            return
        _write(parsed.output, robot, derived.reflections)
        print(f"written: {parsed.output}")


def _write(path: Path, robot: Any, reflections: dict[str, Reflection]) -> None:
    """Of an environment the mirrors that its task has too, and its observation and action where they are known."""
    if not isinstance(robot, gym.Env):
        write_mirror_file(path, reflections)
        return
    reflections = task_reflections(robot, reflections)
    if not reflections:
        sys.exit("not written: its robot has these mirrors, but its task has none of them")
    try:
        spec = MirrorSpec(robot, reflections=reflections)
    except ValueError as error:
        print(f"without observation and action: {error}", file=sys.stderr)
        write_mirror_file(path, reflections)
    else:
        write_mirror_file(path, reflections, robot, spec.observation_terms, spec.action_terms)
