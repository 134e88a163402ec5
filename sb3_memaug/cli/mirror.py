"""``memaug mirror``: commands about the mirrors of robots and environments."""

from __future__ import annotations

from typing import Any

from sb3_memaug.cli import mirror_derive, mirror_show


def add_to(commands: Any) -> None:
    """
    :param commands: of the command line
    """
    parser = commands.add_parser(
        "mirror",
        help="find the mirrors of a robot, and draw them",
        description="Find which mirror images a robot has, and draw it beside them.",
    )
    below = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (mirror_derive, mirror_show):
        command.add_to(below)
