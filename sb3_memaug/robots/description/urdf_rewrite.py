"""A URDF file rewritten for other readers: with the paths of its meshes, without what they cannot read; for MuJoCo."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import deepcopy
from pathlib import Path, PureWindowsPath
from typing import NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from sb3_memaug.robots.description.text import RobotText
from sb3_memaug.robots.description.urdf import SOLIDS, Mimic, Urdf, read_urdf


class LostShape(NamedTuple):
    """
    A shape that was left out.

    :param link: that it belongs to
    :param kind: ``"collision"`` or ``"visual"``
    :param mesh: as the file names it; of another solid, its element
    :param why: it was left out
    """

    link: str
    kind: str
    mesh: str
    why: str


def settle_shapes(
    urdf: Urdf,
    usable: Callable[[Path], bool] = Path.is_file,
    solids: Collection[str] | None = None,
) -> tuple[Element, tuple[LostShape, ...]]:
    """
    Give each mesh the path of its file, looked for beside the URDF file and in the folders above it, where ``package://``
    and ``model://`` lead too, and in the folder that an element ``<mujoco><compiler meshdir="…"/>`` names. Shapes whose
    mesh is missing or of no use are left out, which is warned of.

    :param urdf: of the file
    :param usable: whether a file that there is can be read
    :param solids: kinds of shapes besides meshes that can be read; None for all
    :return: a copy of the file's root element, and the shapes that were left out
    """
    root = deepcopy(urdf.text.root)
    folders = _folders(urdf)
    lost: list[LostShape] = []
    total: Counter[str] = Counter()
    for link in root.findall("link"):
        for kind in ("visual", "collision"):
            for shape in link.findall(kind):
                total[kind] += 1
                problem = _problem(shape, folders, usable, solids)
                if problem is not None:
                    link.remove(shape)
                    lost.append(LostShape(link.get("name", ""), kind, *problem))
    if lost:
        warnings.warn(_account(urdf.text.source, lost, total), stacklevel=3)
    return root, tuple(lost)


def find_mesh(name: str, folders: Iterable[Path]) -> Path | None:
    r"""
    :param name: of a mesh in a URDF file, such as ``"package://my_robot/meshes/base.stl"``, ``"~/base.stl"``,
        ``"meshes\base.stl"``
    :param folders: that it may lie in, by whatever name the package's own folder goes
    :return: the first file that there is
    """
    scheme, separator, rest = name.strip().rpartition("://")
    if not separator and rest.startswith("file:"):
        scheme, rest = "file", rest.removeprefix("file:")
    forms = dict.fromkeys((rest, unquote(rest), rest.replace("\\", "/")))
    places = [*forms]
    if scheme in ("package", "model"):
        places += [form.partition("/")[2] for form in forms]
    places = [place for place in places if place and "\0" not in place]
    for folder in folders:
        for place in places:
            file = folder / (Path(place).expanduser() if _has_home(place) else place)
            try:
                if file.is_file():
                    return file
            except OSError:
                # A name that is too long is no file's.
                continue
    return None


def _has_home(place: str) -> bool:
    try:
        Path(place).expanduser()
    except RuntimeError:
        # Of a user whom this machine does not know.
        return False
    return place.startswith("~")


def _folders(urdf: Urdf) -> list[Path]:
    here = Path.cwd() if urdf.text.path is None else urdf.text.path.absolute().parent
    named = [c.attrib["meshdir"] for c in urdf.text.root.iterfind("mujoco/compiler") if "meshdir" in c.attrib]
    return [here, *here.parents, *(here / folder.replace("\\", "/") for folder in named)]


def _problem(
    shape: Element, folders: Sequence[Path], usable: Callable[[Path], bool], solids: Collection[str] | None
) -> tuple[str, str] | None:
    """Of a shape that has to go: what it is made of, and why."""
    mesh = shape.find("geometry/mesh")
    if mesh is None:
        others = [solid.tag for solid in shape.iterfind("geometry/*")]
        if solids is None or set(others) & set(solids):
            return None
        return f"<{(others or ['geometry'])[0]}>", "no shape that can be read"
    name = mesh.get("filename", "")
    file = find_mesh(name, folders)
    if file is None:
        # MuJoCo takes away what stands before the name of the file.
        file = find_mesh(PureWindowsPath(name).name, {folders[0], *folders[len(folders[0].parents) + 1 :]})
    if file is None:
        return name, "missing"
    if not usable(file):
        return name, "in no format that can be read"
    mesh.set("filename", str(file))
    return None


def _account(source: str, lost: Sequence[LostShape], total: Counter[str]) -> str:
    """Of collision shapes the links are named, too; visual ones are only counted."""
    groups: dict[tuple[str, str], list[LostShape]] = {}
    for shape in sorted(lost, key=lambda shape: shape.kind):
        groups.setdefault((shape.kind, shape.why), []).append(shape)
    parts = []
    for (kind, why), shapes in groups.items():
        links: dict[str, dict[str, None]] = {}
        for shape in shapes:
            name = shape.mesh if kind == "collision" else PureWindowsPath(shape.mesh).name or shape.mesh
            links.setdefault(name, {})[repr(shape.link)] = None
        names = (f"{name!r} of {' and '.join(of)}" if kind == "collision" else repr(name) for name, of in links.items())
        parts.append(f"{len(shapes)} of {total[kind]} {kind} shapes are left out ({why}): {', '.join(names)}")
    return f"{source}: {'; '.join(parts)}"


#: What MuJoCo can read.
MESH_ENDINGS = (".stl", ".obj", ".msh")
#: kg and m: what MuJoCo needs of a link that moves, where a file has frames or points of mass.
MIN_MASS, MIN_GYRATION = 1e-6, 1e-3


class MuJoCoUrdf(NamedTuple):
    """
    :param text: what MuJoCo reads
    :param mimics: the joints that follow others, which the text has as free ones
    """

    text: str
    mimics: tuple[Mimic, ...]


def urdf_for_mujoco(path: Path | RobotText) -> MuJoCoUrdf:
    """
    Meshes are looked for as by :func:`settle_shapes`; those that are not found or that MuJoCo cannot read (COLLADA,
    STL in text) are left out, with the shapes that they are, with a warning. Links that are no part of the robot are
    left out, too: the world, and what stands on it.

    :param path: of the file, or what has been read from it
    :return: the robot, its root link first
    :raises sb3_memaug.files.InputError: if the file is no URDF, or one that xacro has yet to expand, or what it says
        makes no robot
    """
    urdf = read_urdf(path)
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
    return MuJoCoUrdf(ElementTree.tostring(robot, encoding="unicode"), urdf.mimics)


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


def _free_the_base(robot: Element, urdf: Urdf) -> None:
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
