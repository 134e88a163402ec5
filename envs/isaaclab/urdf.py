"""URDF files as Isaac Lab should convert them: bodies that move, and the feet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from sb3_memaug.robots.description.text import read_robot_text
from sb3_memaug.robots.description.urdf import MOVING, read_urdf
from sb3_memaug.robots.description.urdf_rewrite import settle_shapes

#: Links by these names stay bodies of their own, though nothing moves them.
FEET = "(?i).*foot.*"


def prepare_urdf(path: Path, joints: str = ".*", keep: str = FEET) -> tuple[str, list[str]]:
    """
    Isaac Lab's importer merges all links that fixed joints hold, the feet with the shanks too; contacts of the feet
    could no longer be distinguished. Joints whose links stay are handed to it as floating, and have to be made fixed
    again after the merger, by :func:`restore_fixed`.

    Meshes get the paths of their files, looked for as by
    :func:`~sb3_memaug.robots.description.urdf_rewrite.settle_shapes`; shapes whose mesh is missing are left out, with a
    warning. What is no part of the robot is left out, too, where a joint lets the robot move freely beside it.

    :param path: of the file
    :param joints: regular expression of the joints that move; those that do not match all of it become fixed
    :param keep: regular expression of the links to keep
    :return: the text for the importer, and the names of the joints to make fixed again
    :raises sb3_memaug.files.InputError: if the file is no URDF, or one that xacro has yet to expand, or what it says
        makes no robot
    :raises ValueError: if a regular expression is none
    """
    for what, pattern in (("joints", joints), ("keep", keep)):
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"`{what}` must be a regular expression, got {pattern!r}: {error}") from error
    urdf = read_urdf(path)
    robot, _ = settle_shapes(urdf)
    beside = set(urdf.beside)
    for link in robot.findall("link"):
        if link.get("name") in beside:
            robot.remove(link)
    kept = []
    for joint in robot.findall("joint"):
        name = joint.get("name", "")
        if {urdf.joints[name].parent, urdf.joints[name].child} & beside:
            robot.remove(joint)
            continue
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
    robot = read_robot_text(path).root
    for joint in robot.findall("joint"):
        if joint.get("name") in joints:
            joint.set("type", "fixed")
    ElementTree.ElementTree(robot).write(path, encoding="UTF-8", xml_declaration=True)


def moving_joints(path: Path) -> list[str]:
    """
    :param path: of a URDF file
    :return: names of the joints that move
    """
    joints = read_robot_text(path).root.findall("joint")
    return [joint.get("name", "") for joint in joints if joint.get("type") in MOVING]
