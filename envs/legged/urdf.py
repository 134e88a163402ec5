"""URDF files as MuJoCo can read them, wherever their meshes lie."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from sb3_memaug.robots import urdf as urdf_file
from sb3_memaug.robots.robot_text import RobotText
from sb3_memaug.robots.urdf import SOLIDS, Mimic
from sb3_memaug.robots.urdf_meshes import settle_shapes

#: What MuJoCo can read.
MESH_ENDINGS = (".stl", ".obj", ".msh")
#: kg and m: what MuJoCo needs of a link that moves, where a file has frames or points of mass.
MIN_MASS, MIN_GYRATION = 1e-6, 1e-3


class Urdf(NamedTuple):
    """
    :param text: what MuJoCo reads
    :param mimics: the joints that follow others, which the text has as free ones
    """

    text: str
    mimics: tuple[Mimic, ...]


def read_urdf(path: Path | RobotText) -> Urdf:
    """
    Meshes are looked for as by :func:`~sb3_memaug.robots.urdf_meshes.settle_shapes`; those that are not found or that
    MuJoCo cannot read (COLLADA, STL in text) are left out, with the shapes that they are, which is warned of. Links
    that are no part of the robot are left out, too: the world, and what stands on it.

    :param path: of the file, or what has been read from it
    :return: the robot, its root link first
    :raises sb3_memaug.files.InputError: if the file is no URDF, or one that xacro has yet to expand, or what it says
        makes no robot
    """
    urdf = urdf_file.read_urdf(path)
    robot, _ = settle_shapes(urdf, _readable, SOLIDS)
    for extension in robot.findall("mujoco"):
        robot.remove(extension)
    _free_the_base(robot, urdf)
    for link in robot.findall("link"):
        _name_shapes(link)
        _mend_inertia(link)
    for joint in robot.findall("joint"):
        # MuJoCo's older versions let these joints hang loose.
        for mimic in joint.findall("mimic"):
            joint.remove(mimic)
    compiler = {
        # Fused, feet would lose their names, and the base would become the world.
        "fusestatic": "false",
        "discardvisual": "false",
        "strippath": "false",
        "balanceinertia": "true",
        "inertiafromgeom": "false",
        "boundmass": str(MIN_MASS),
        "boundinertia": str(MIN_MASS * MIN_GYRATION**2),
    }
    robot.insert(0, Element("mujoco"))
    ElementTree.SubElement(robot[0], "compiler", compiler)
    return Urdf(ElementTree.tostring(robot, encoding="unicode"), urdf.mimics)


def _name_shapes(link: Element) -> None:
    for kind in ("visual", "collision"):
        for i, shape in enumerate(link.findall(kind)):
            shape.set("name", f"{link.get('name')}_{kind}_{i}")


def _readable(file: Path) -> bool:
    ending = file.suffix.lower()
    if ending != ".stl":
        return ending in MESH_ENDINGS
    with file.open("rb") as stream:
        header = stream.read(84)
    faces = int.from_bytes(header[80:], "little")
    return faces > 0 and file.stat().st_size == 84 + 50 * faces


def _mend_inertia(link: Element) -> None:
    inertial = link.find("inertial")
    if inertial is None:
        return
    mass, inertia = inertial.find("mass"), inertial.find("inertia")
    weight = float(mass.get("value", 0)) if mass is not None else 0.0
    if weight <= 0 or inertia is None:
        link.remove(inertial)
        return
    xx, yy, zz, xy, xz, yz = (float(inertia.get(key, 0)) for key in ("ixx", "iyy", "izz", "ixy", "ixz", "iyz"))
    least = float(np.linalg.eigvalsh(((xx, xy, xz), (xy, yy, yz), (xz, yz, zz)))[0])
    missing = weight * MIN_GYRATION**2 - least
    if missing > 0:
        for key, moment in (("ixx", xx), ("iyy", yy), ("izz", zz)):
            inertia.set(key, str(moment + missing))


def _free_the_base(robot: Element, urdf: urdf_file.Urdf) -> None:
    """Remove what is no part of the robot, and the world with the joint that holds it, whatever its type."""
    members = set(urdf.robot)
    base = urdf.links[urdf.robot[0]]
    below = urdf.below[base.name]
    if base.name == "world" and len(below) == 1 and not base.mass and not base.collisions:
        members.remove(base.name)
    for link in robot.findall("link"):
        if link.get("name") not in members:
            robot.remove(link)
    for joint in robot.findall("joint"):
        held = urdf.joints[joint.get("name", "")]
        if not {held.parent, held.child} <= members:
            robot.remove(joint)
