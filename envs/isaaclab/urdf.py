"""URDF files as Isaac Lab should convert them: bodies that move, and the feet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ..urdf_files import find_mesh, parse_urdf

#: Links by these names stay bodies of their own, though nothing moves them.
FEET = "(?i).*foot.*"


def prepare_urdf(path: Path, joints: str = ".*", keep: str = FEET) -> tuple[str, list[str]]:
    """
    Isaac Lab's importer merges all links that fixed joints hold, the feet with the shanks too; contacts of the feet
    could then be told from no others. Joints whose links stay are handed to it as floating, and have to be made fixed
    again after the merger, by :func:`restore_fixed`.

    Meshes get the paths of their files, looked for beside the file and in the folders above it, where ``package://``
    leads too; shapes whose mesh is missing are left out.

    :param path: of the file
    :param joints: regular expression of the joints that move; those that do not match all of it become fixed
    :param keep: regular expression of the links to keep
    :return: the text for the importer, and the names of the joints to make fixed again
    :raises ValueError: if the file is no URDF, or one that xacro has yet to expand
    """
    robot = parse_urdf(path)
    for link in robot.findall("link"):
        _find_meshes(link, path)
    kept = []
    for joint in robot.findall("joint"):
        name = joint.get("name", "")
        if joint.get("type") != "fixed" and not re.fullmatch(joints, name):
            joint.set("type", "fixed")
        child = joint.find("child")
        if joint.get("type") == "fixed" and child is not None and re.fullmatch(keep, child.get("link", "")):
            joint.set("type", "floating")
            kept.append(name)
    return ElementTree.tostring(robot, encoding="unicode"), kept


def restore_fixed(path: Path, joints: Sequence[str]) -> None:
    """
    :param path: of a URDF file, which is changed
    :param joints: to make fixed
    """
    tree = ElementTree.parse(path)
    for joint in tree.getroot().findall("joint"):
        if joint.get("name") in joints:
            joint.set("type", "fixed")
    tree.write(path, encoding="UTF-8", xml_declaration=True)


def moving_joints(path: Path) -> list[str]:
    """
    :param path: of a URDF file
    :return: names of the joints that move
    """
    joints = ElementTree.parse(path).getroot().findall("joint")
    return [joint.get("name", "") for joint in joints if joint.get("type") in ("revolute", "continuous", "prismatic")]


def _find_meshes(link: Element, path: Path) -> None:
    for kind in ("visual", "collision"):
        for shape in link.findall(kind):
            mesh = shape.find("geometry/mesh")
            if mesh is not None:
                file = find_mesh(mesh.get("filename", ""), [path.parent, *path.parent.parents])
                if file is None:
                    link.remove(shape)
                else:
                    mesh.set("filename", str(file))
