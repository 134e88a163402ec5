"""Axes of a robot's base on the command line."""

from __future__ import annotations

import argparse

from sb3_memaug.symmetry import BaseAxes


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
