"""``memaug mirror show``."""

from __future__ import annotations

import argparse
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

from sb3_memaug.cli.arguments import MISTAKES, seed
from sb3_memaug.cli.base_axes import add_axes
from sb3_memaug.cli.poses import METAVAR, angles_of, pose
from sb3_memaug.cli.robots import add_robot, open_robot
from sb3_memaug.symmetry import derive_symmetry
from sb3_memaug.symmetry.derivation import MIRRORS

#: What a picture may be called.
SUFFIXES = (".png", ".jpg", ".pdf", ".svg")


def add_to(commands: Any) -> None:
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
        help="a pose that the robot's file knows, or angles in rad or m, or both; other joints are drawn at random",
    )
    add_axes(parser)
    parser.add_argument("--seed", type=seed, default=0, help="of the random pose (default: %(default)s)")
    parser.add_argument(
        "-o", "--output", type=picture, metavar="FILE.png", help="picture to write (default: ROBOT_mirror.png)"
    )
    parser.set_defaults(run=partial(run, parser))


def run(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """
    :param parser: which tells what is wrong with the command line
    :param parsed: what it asks for
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
    # One that does not hold is worth a look, too.
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
    if Path(text).suffix.lower() not in SUFFIXES:
        raise argparse.ArgumentTypeError(f"the name of a picture must end in {', '.join(SUFFIXES)}, got {text!r}")
    return Path(text)
