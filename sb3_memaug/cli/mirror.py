"""``memaug mirror``: ``derive`` a robot's mirrors, ``check`` them in its simulator, and ``show`` them in a picture."""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import ExitStack
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym

from sb3_memaug.checks import check_symmetry
from sb3_memaug.cli.arguments import MISTAKES, add_env_kwargs, assignments, environment, not_negative, positive, seed
from sb3_memaug.cli.robots import METAVAR, add_axes, add_robot, angles_of, open_robot, pose
from sb3_memaug.envs.isaaclab.registration import make_env
from sb3_memaug.robots.mujoco.terms import task_reflections
from sb3_memaug.symmetry import Reflection, Tolerances, derive_symmetry
from sb3_memaug.symmetry.derivation.derive import MIRRORS
from sb3_memaug.symmetry.derivation.geometry import read_geometry
from sb3_memaug.vec_env.registry import vec_env_maker
from sb3_memaug.wrappers import MirrorSpec
from sb3_memaug.wrappers.mirror_file import write_mirror_file

#: Defaults of the tolerances of a derivation, by name.
TOLERANCES = {field.name: field.default for field in fields(Tolerances) if field.name != "strict"}
#: How the name of a picture may end.
PICTURES = (".png", ".jpg", ".pdf", ".svg")


def add_to(commands: Any) -> None:
    """
    :param commands: of the command line
    """
    parser = commands.add_parser(
        "mirror",
        help="find the mirrors of a robot, prove them and draw them",
        description="Find which mirror images a robot has, prove them in its simulator, and draw it beside them.",
    )
    below = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (add_derive, add_check, add_show):
        add(below)


def add_derive(commands: Any) -> None:
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
        help="in which the robot is symmetric: one that its file defines, or angles in rad or m, or both; by default "
        "that of the file, and then those that it defines",
    )
    parser.add_argument(
        "--tolerance",
        type=assignments,
        default={},
        metavar="NAME=VALUE[,…]",
        help=f"how far partners may be from being mirror images (defaults: {known}; m, rad, or relative)",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="let inner surfaces, damping and friction decide, too, instead of only being reported",
    )
    add_axes(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE.json",
        help="write the mirrors, and of an environment its observation and action too, for MirrorSpec(env, file=…)",
    )
    parser.set_defaults(run=partial(derive, parser))


def derive(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """
    :param parser: which reports what is wrong with the command line
    :param parsed: its arguments
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
        _write_mirrors(parsed.output, robot, derived.reflections)
        print(f"written: {parsed.output}")


def _write_mirrors(path: Path, robot: Any, reflections: dict[str, Reflection]) -> None:
    """For an environment, the mirrors that its task has too, and its observation and action where they are known."""
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


def add_check(commands: Any) -> None:
    """
    :param commands: of ``memaug mirror``
    """
    parser = commands.add_parser(
        "check",
        help="prove the mirrors of an environment in its simulator",
        description="Run an environment and its mirror images from random states, with failures and pushes on, and "
        "compare them after 1, 10 and 50 steps, beside what a perturbation by 1e-6 does. Prints a table, and what is "
        "wrong. Exits with status 1 where a mirror does not hold.",
    )
    parser.add_argument("env", type=environment, metavar="ENV", help="id of an environment, e.g. Ant-v5")
    parser.add_argument(
        "--file", metavar="FILE.json", help="its mirrors, as memaug mirror derive writes them; derived by default"
    )
    parser.add_argument(
        "--mirrors", nargs="+", metavar="NAME", help="of its robot; by default those that its task has as well"
    )
    add_axes(parser)
    parser.add_argument("--states", type=positive, default=16, metavar="N", help="random states (default: %(default)s)")
    parser.add_argument(
        "--tolerance", type=not_negative, default=0.05, help="relative error that is tolerated (default: %(default)s)"
    )
    parser.add_argument("--seed", type=seed, default=0, help="of everything that is random (default: %(default)s)")
    add_env_kwargs(parser)
    parser.set_defaults(run=partial(check, parser))


def check(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """
    :param parser: which reports what is wrong with the command line
    :param parsed: its arguments
    """
    try:
        env = _make_env(parsed)
        if parsed.file or parsed.mirrors or parsed.axes or not env.has_wrapper_attr("symmetry_group"):
            axes = parsed.axes and parsed.axes.plain
            env = MirrorSpec(env, mirrors=parsed.mirrors, file=parsed.file, axes=axes)
        report = check_symmetry(env, parsed.states, tolerance=parsed.tolerance, seed=parsed.seed)
    except MISTAKES as error:
        parser.error(str(error))
    print(report)
    env.close()
    if not report.holds:
        sys.exit(1)


def _make_env(parsed: argparse.Namespace) -> gym.Env:
    if vec_env_maker(parsed.env) is not None:
        # Randomized robots are not symmetric.
        return make_env(parsed.env, **{"randomize": False, **parsed.env_kwargs})
    # Wrong mirrors are to be found, not actions or observations that Gymnasium would refuse.
    return gym.make(parsed.env, disable_env_checker=True, **parsed.env_kwargs)


def add_show(commands: Any) -> None:
    """
    :param commands: of ``memaug mirror``
    """
    parser = commands.add_parser(
        "show",
        help="draw a robot beside its mirror image",
        description="Draw a robot in a pose beside the mirror image of that pose, partners in one color, with the "
        "sign of each pair of joints. The second picture is taken by the mirrored camera: where the mirror is right, "
        "it is the first one flipped.",
    )
    add_robot(parser)
    parser.add_argument("--plane", choices=list(MIRRORS), help="of the mirror; by default the first that the robot has")
    parser.add_argument(
        "--pose",
        type=pose,
        default=[],
        metavar=METAVAR,
        help="a pose that the robot's file defines, or angles in rad or m, or both; other joints are drawn at random",
    )
    add_axes(parser)
    parser.add_argument("--seed", type=seed, default=0, help="of the random pose (default: %(default)s)")
    parser.add_argument(
        "-o", "--output", type=picture, metavar="FILE.png", help="picture to write (default: ROBOT_mirror.png)"
    )
    parser.set_defaults(run=partial(show, parser))


def show(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """
    :param parser: which reports what is wrong with the command line
    :param parsed: its arguments
    """
    try:
        from sb3_memaug.pictures import MirroredPose, draw_mirror
        from sb3_memaug.pictures.poses import random_pose
    except ImportError as error:
        parser.error(f'pictures need matplotlib ({error}): pip install "sb3-memaug[plot]"')
    try:
        with open_robot(parsed.robot, parsed.env_kwargs) as robot:
            derived = derive_symmetry(robot, axes=parsed.axes)
        geometry = derived.geometry
        fixed = angles_of(parsed.pose, geometry)
    except MISTAKES as error:
        parser.error(str(error))
    # A mirror that does not hold can be drawn, too.
    drawable = [name for name, found in derived.candidates.items() if found.reflection is not None and found.moves]
    plane = parsed.plane or next(iter([*derived.reflections, *drawable]), None)
    reflection = derived.candidates[plane].reflection if plane else None
    if plane is None or reflection is None:
        sys.exit(str(derived.candidates[plane] if plane else derived))
    print(derived.candidates[plane])
    mirrored = MirroredPose(geometry, reflection, random_pose(geometry, reflection, fixed, parsed.seed))
    print(f"centers of mass lie within {1000 * mirrored.error:.2f} mm of their mirror images")
    name = re.sub(r"[^\w.-]+", "_", geometry.name) or "robot"
    title = f"{geometry.name} and its {plane.replace('_', '-')} mirror image"
    if not derived.candidates[plane].holds:
        title += " (broken)"
    print(f"picture: {draw_mirror(mirrored, title, parsed.output or Path(f'{name}_mirror.png'))}")


def picture(text: str) -> Path:
    """
    :param text: path of a picture
    :return: the path
    :raises argparse.ArgumentTypeError: if it is none that can be written
    """
    if Path(text).suffix.lower() not in PICTURES:
        raise argparse.ArgumentTypeError(f"the name of a picture must end in {', '.join(PICTURES)}, got {text!r}")
    return Path(text)
