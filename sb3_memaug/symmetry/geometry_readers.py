"""Reading a robot's geometry, whatever simulator or file it lives in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sb3_memaug.symmetry.geometry import RobotGeometry

#: Reads the geometry of what it knows, or returns None.
GeometryReader = Callable[[Any], RobotGeometry | None]

_READERS: dict[str, tuple[int, GeometryReader]] = {}


def register_geometry_reader(what: str, order: int = 0) -> Callable[[GeometryReader], GeometryReader]:
    """
    Teach :func:`read_geometry`, and with it :func:`derive_symmetry`, a new kind of robot.

    The adapters of :mod:`sb3_memaug.robots` register theirs, so that the ground floor knows no simulator.

    :param what: the reader reads, for error messages
    :param order: readers with the lowest are asked first, of the same order the latest; the library's own have more
        than 0
    :return: a decorator
    """

    def register(reader: GeometryReader) -> GeometryReader:
        _READERS.pop(what, None)
        _READERS[what] = order, reader
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
    newest_first = list(_READERS.items())[::-1]
    readers = sorted(newest_first, key=lambda entry: entry[1][0])
    for _, (_, reader) in readers:
        geometry = reader(robot)
        if geometry is not None:
            return geometry
    raise ValueError(f"expected {', '.join(what for what, _ in reversed(readers))} or a RobotGeometry, got {robot!r}")
