"""Reading a robot's geometry, whatever simulator or file it lives in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sb3_memaug.symmetry.geometry import RobotGeometry

#: Reads the geometry of what it knows, or returns None.
GeometryReader = Callable[[Any], RobotGeometry | None]

_READERS: dict[str, GeometryReader] = {}


def register_geometry_reader(what: str) -> Callable[[GeometryReader], GeometryReader]:
    """
    Teach :func:`read_geometry`, and with it :func:`derive_symmetry`, a new kind of robot; the last one is asked first.

    The adapters of :mod:`sb3_memaug.robots` register theirs, so that the ground floor knows no simulator.

    :param what: the reader reads, for error messages
    :return: a decorator
    """

    def register(reader: GeometryReader) -> GeometryReader:
        _READERS[what] = reader
        return reader

    return register


def read_geometry(robot: Any) -> RobotGeometry:
    """
    :param robot: its geometry itself, something with a method ``geometry()`` (as :class:`sb3_memaug.robots.Robot`), or
        whatever a registered reader reads
    :return: its geometry
    :raises ValueError: if nobody can read it
    """
    if isinstance(robot, RobotGeometry):
        return robot
    for reader in reversed(_READERS.values()):
        geometry = reader(robot)
        if geometry is not None:
            return geometry
    raise ValueError(f"expected {', '.join(_READERS)} or a RobotGeometry, got {robot!r}")
