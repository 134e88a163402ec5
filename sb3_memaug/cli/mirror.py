"""``memaug mirror``: commands about the mirrors of robots and environments."""

from __future__ import annotations

from typing import Any

from sb3_memaug.cli import mirror_check, mirror_derive, mirror_show


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
    for command in (mirror_derive, mirror_check, mirror_show):
        command.add_to(below)
