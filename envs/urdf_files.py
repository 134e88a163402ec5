"""URDF files, and the meshes that they name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element


def parse_urdf(path: Path) -> Element:
    """
    :param path: of the file
    :return: its element ``<robot>``
    :raises ValueError: if the file is no URDF, or one that xacro has yet to expand
    """
    try:
        robot = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise ValueError(f"{path} is no URDF file: {error}") from error
    if robot.tag != "robot" or any("xacro" in str(element.tag) for element in robot.iter()):
        raise ValueError(
            f"{path} must be a URDF file with <robot> outermost and no xacro in it, got <{robot.tag}>; "
            "a xacro file has to be expanded first: `xacro robot.urdf.xacro > robot.urdf`"
        )
    return robot


def find_mesh(name: str, folders: Iterable[Path]) -> Path | None:
    """
    :param name: of a mesh in a URDF file, such as ``"package://my_robot/meshes/base.stl"``
    :param folders: that it may lie in, by whatever name the package's own folder goes
    :return: the first file that there is
    """
    scheme, _, rest = name.rpartition("://")
    places = [rest, rest.partition("/")[2]] if scheme in ("package", "model") else [rest]
    found = (folder / place for folder in folders for place in places if place)
    return next((file for file in found if file.is_file()), None)
