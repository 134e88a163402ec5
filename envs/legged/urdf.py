"""URDF files as MuJoCo can read them, wherever their meshes lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from ..urdf_files import find_mesh, parse_urdf

#: What MuJoCo can read.
MESH_ENDINGS = (".stl", ".obj", ".msh")
#: kg and m: what MuJoCo needs of a link that moves, where a file has frames or points of mass.
MIN_MASS, MIN_GYRATION = 1e-6, 1e-3


class Mimic(NamedTuple):
    """A joint that follows another: ``position = multiplier · the other's + offset``."""

    joint: str
    leader: str
    multiplier: float
    offset: float


class Urdf(NamedTuple):
    """
    :param text: what MuJoCo reads
    :param mimics: the joints that follow others, which the text has as free ones
    """

    text: str
    mimics: tuple[Mimic, ...]


def read_urdf(path: Path) -> Urdf:
    """
    Meshes are looked for beside the file and in the folders above it, where ``package://`` and ``model://`` paths lead
    too; those that are not found or that MuJoCo cannot read (COLLADA, STL in text) are left out, with the shapes that
    they are. Above the base of the robot, links that stand for the world are left out.

    :param path: of the file
    :return: the robot, its root link first
    :raises ValueError: if the file is no URDF, or one that xacro has yet to expand
    """
    robot = parse_urdf(path)
    folders = [path.parent, *path.parent.parents]
    for extension in robot.findall("mujoco"):
        folders += [path.parent / c.attrib["meshdir"] for c in extension.findall("compiler") if "meshdir" in c.attrib]
        robot.remove(extension)
    for link in robot.findall("link"):
        _settle_shapes(link, folders)
        _mend_inertia(link)
    _free_the_base(robot)
    mimics = tuple(_take_mimics(robot))
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
    return Urdf(ElementTree.tostring(robot, encoding="unicode"), mimics)


def _settle_shapes(link: Element, folders: list[Path]) -> None:
    """Give each shape a name, and its mesh the file; leave out shapes without one."""
    for kind in ("visual", "collision"):
        for i, shape in enumerate(link.findall(kind)):
            shape.set("name", f"{link.get('name')}_{kind}_{i}")
            mesh = shape.find("geometry/mesh")
            if mesh is not None:
                file = find_mesh(mesh.get("filename", ""), folders)
                if file is None or not _readable(file):
                    link.remove(shape)
                else:
                    mesh.set("filename", str(file))


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


def _free_the_base(robot: Element) -> None:
    """Remove the world and the joint that holds the robot to it, whatever its type."""
    links = {link.get("name"): link for link in robot.findall("link")}
    children = {joint.find("child").get("link") for joint in robot.findall("joint")}  # type: ignore[union-attr]
    for name in links.keys() - children:
        below = [j for j in robot.findall("joint") if j.find("parent").get("link") == name]  # type: ignore[union-attr]
        empty = links[name].find("inertial") is None and links[name].find("collision") is None
        if empty and len(below) == 1 and (name == "world" or below[0].get("type") == "floating"):
            robot.remove(links[name])
            robot.remove(below[0])


def _take_mimics(robot: Element) -> Iterator[Mimic]:
    """MuJoCo's older versions let these joints hang loose."""
    for joint in robot.findall("joint"):
        mimic = joint.find("mimic")
        if mimic is not None:
            joint.remove(mimic)
            numbers = float(mimic.get("multiplier", 1)), float(mimic.get("offset", 0))
            yield Mimic(joint.get("name", ""), mimic.get("joint", ""), *numbers)
