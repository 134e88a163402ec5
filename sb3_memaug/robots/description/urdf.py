"""The reader of URDF: links, joints, the tree that they form, and which of the links are the robot."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np

from sb3_memaug.files import InputError
from sb3_memaug.robots.description.text import Place, RobotText, read_robot_text
from sb3_memaug.symmetry.frames import RigidMotion

#: Joints with one degree of freedom, with what the symmetry package calls them.
MOVING = {"revolute": "hinge", "continuous": "hinge", "prismatic": "slide"}
#: All that URDF knows.
TYPES = (*MOVING, "fixed", "floating", "planar")
#: Solids, with the attributes that tell their size and how many numbers each has.
SOLIDS = {
    "box": {"size": 3},
    "sphere": {"radius": 1},
    "cylinder": {"radius": 1, "length": 1},
    "capsule": {"radius": 1, "length": 1},
}


class UrdfShape(NamedTuple):
    """
    :param name: what it is called; may be empty
    :param kind: ``"box"``, ``"mesh"`` …
    :param placement: in the frame of its link
    :param half_sizes: in m, (3,); zeros of what is no solid
    """

    name: str
    kind: str
    placement: RigidMotion
    half_sizes: np.ndarray


class UrdfLink(NamedTuple):
    """
    :param name: what it is called
    :param mass: in kg
    :param inertial: placement of the centre of mass, and of the axes of the inertia
    :param inertia: along these axes, in kg·m², (3, 3)
    :param collisions: what can touch
    """

    name: str
    mass: float
    inertial: RigidMotion
    inertia: np.ndarray
    collisions: tuple[UrdfShape, ...]


class UrdfJoint(NamedTuple):
    """
    :param name: what it is called
    :param kind: one of :data:`TYPES`
    :param parent: name of a link
    :param child: name of a link
    :param placement: in the frame of the parent
    :param axis: of length 1, in its own frame, (3,)
    :param limits: lowest and highest position in rad or m; infinite where there are none
    :param properties: damping, friction, effort and velocity, in SI units
    """

    name: str
    kind: str
    parent: str
    child: str
    placement: RigidMotion
    axis: np.ndarray
    limits: tuple[float, float]
    properties: Mapping[str, float]


class Mimic(NamedTuple):
    """A joint that follows another: ``position = multiplier · the other's + offset``."""

    joint: str
    leader: str
    multiplier: float
    offset: float


@dataclass(frozen=True, eq=False)
class Urdf:
    """
    :param text: the file, whose ``root`` is not to be changed
    :param name: of the robot
    :param links: by name
    :param joints: by name
    :param robot: names of the links that are the robot, parents first; the others are what it stands on and what lies
        about
    :param below: names of the joints below each link, in the file's order
    :param floating: whether a joint lets the base move freely, or nothing holds it
    :param mimics: joints of the robot that follow others
    :param dangling: joints of the robot that should follow one that there is not
    """

    text: RobotText
    name: str
    links: Mapping[str, UrdfLink]
    joints: Mapping[str, UrdfJoint]
    robot: tuple[str, ...]
    below: Mapping[str, tuple[str, ...]]
    floating: bool
    mimics: tuple[Mimic, ...]
    dangling: tuple[str, ...]

    @property
    def beside(self) -> tuple[str, ...]:
        """Names of the links that are no part of the robot."""
        inside = set(self.robot)
        return tuple(name for name in self.links if name not in inside)


def read_urdf(robot: str | os.PathLike[str] | RobotText) -> Urdf:
    """
    Links hang together in a tree. Where a ``floating`` or ``planar`` joint leads from the root, or from what is fixed
    to it, to other links, the robot is the part with most joints that move, and floats if such a joint holds it: a
    floor or a ball may stand beside it. Without such joints the base floats unless it is called ``world``. Links that
    no joint holds and that are called as in :data:`~sb3_memaug.robots.description.urdf.SURROUNDINGS` are no part of it.

    :param robot: path of the file, or its text
    :return: the robot, of which numbers, names and the tree have been checked
    :raises InputError: if the file is no URDF, or one that xacro has yet to expand, with the place of what is wrong
    """
    text = robot if isinstance(robot, RobotText) else read_robot_text(robot)
    root, place = text.root, Place(text.source)
    if root.tag != "robot" or _has_xacro(root):
        raise InputError(
            text.source,
            f"must be a URDF file with <robot> outermost and no xacro in it, got <{root.tag}>; a xacro file has to be "
            "expanded first: `xacro robot.urdf.xacro > robot.urdf`",
        )
    link_elements, joint_elements = _by_name(root, "link", place), _by_name(root, "joint", place)
    if not link_elements:
        raise place.error("expected <link> elements, found none; a xacro file must be expanded first")
    for material in root.findall("material"):
        _check_color(material, place.within(f"material {material.get('name')!r}"))
    links = {name: _link(name, element, place.within(f"link {name!r}")) for name, element in link_elements.items()}
    joints = {name: _joint(name, element, place.within(f"joint {name!r}")) for name, element in joint_elements.items()}
    tree = Tree(place, list(links), {name: (j.kind, j.parent, j.child) for name, j in joints.items()}, tuple(MOVING))
    members, floating = find_robot_links(tree)
    mimics, dangling = _mimics(joint_elements, joints, place)
    inside = set(members)
    return Urdf(
        text,
        root.get("name", "robot"),
        links,
        joints,
        members,
        {link: tuple(below) for link, below in tree.below.items()},
        floating,
        tuple(m for m in mimics if {joints[m.joint].child, joints[m.leader].child} <= inside),
        tuple(name for name in dangling if joints[name].child in inside),
    )


def _has_xacro(root: Element) -> bool:
    """What xacro has expanded may still name it, but has no elements of it any more."""
    prefixes = {name.partition(":")[2] for name, uri in root.attrib.items() if name[:6] == "xmlns:" and "xacro" in uri}
    return any(element.tag.rpartition(":")[0] in {"xacro", *prefixes} for element in root.iter())


def _by_name(robot: Element, tag: str, place: Place) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for element in robot.findall(tag):
        name = element.get("name")
        if not name or name in found:
            raise place.error(f"every <{tag}> needs a name of its own, got {name!r}" + (" twice" if name else ""))
        found[name] = element
    return found


def _link(name: str, element: Element, place: Place) -> UrdfLink:
    inertial = place.only(element, "inertial")
    mass = inertia = None
    if inertial is not None:
        mass, inertia = place.only(inertial, "mass"), place.only(inertial, "inertia")
    value = place.number(mass, "value", 0 if mass is None else None)
    if value < 0:
        raise place.error(f"the mass of link {name!r} must not be negative, got {value}")
    xx, yy, zz, xy, xz, yz = (
        place.number(inertia, key, 0 if inertia is None else None) for key in ("ixx", "iyy", "izz", "ixy", "ixz", "iyz")
    )
    shapes = {
        kind: tuple(shape for part in element.findall(kind) for shape in _shapes(part, place))
        for kind in ("visual", "collision")
    }
    return UrdfLink(
        name,
        value,
        place.placement(inertial),
        np.array(((xx, xy, xz), (xy, yy, yz), (xz, yz, zz))),
        shapes["collision"],
    )


def _shapes(element: Element, place: Place) -> list[UrdfShape]:
    where, geometry = place.placement(element), place.only(element, "geometry")
    _check_color(place.only(element, "material"), place)
    shapes = []
    for solid in [] if geometry is None else geometry:
        sizes = {
            attribute: place.numbers(solid, attribute, None, count)
            for attribute, count in SOLIDS.get(solid.tag, {}).items()
        }
        if any((size < 0).any() for size in sizes.values()):
            raise place.error(f"expected sizes that are not negative in <{solid.tag}>, got {solid.attrib}")
        half = np.zeros(3)
        if solid.tag == "box":
            half = sizes["size"] / 2
        elif solid.tag in SOLIDS:
            radius, length = sizes["radius"][0], sizes.get("length", (0.0,))[0]
            caps = radius if solid.tag != "cylinder" else 0.0
            half = np.array((radius, radius, length / 2 + caps))
        shapes.append(UrdfShape(element.get("name", ""), solid.tag, where, half))
    return shapes


def _check_color(material: Element | None, place: Place) -> None:
    color = None if material is None else place.only(material, "color")
    if color is not None:
        place.numbers(color, "rgba", None, 4)


def _joint(name: str, element: Element, place: Place) -> UrdfJoint:
    kind = element.get("type", "")
    if kind not in TYPES:
        raise place.error(f"expected joint {name!r} to be one of {list(TYPES)}, got {kind!r}")
    ends = (place.only(element, end) for end in ("parent", "child"))
    parent, child = ("" if end is None else end.get("link", "") for end in ends)
    limit, dynamics = place.only(element, "limit"), place.only(element, "dynamics")
    line = place.only(element, "axis")
    axis = place.numbers(line, "xyz", (1, 0, 0) if line is None else None, 3)
    if kind in MOVING and not np.linalg.norm(axis) > 0:
        raise place.error(f"the axis of joint {name!r} must not be zero")
    lower, upper = (place.number(limit, key, 0, unlimited=True) for key in ("lower", "upper"))
    if kind in MOVING and kind != "continuous" and lower > upper:
        raise place.error(
            f"expected `lower` not above `upper` in <limit>, got {lower} and {upper}; a joint without limits is "
            "continuous, or has neither"
        )
    effort, velocity = (place.number(limit, key, 0, unlimited=True) for key in ("effort", "velocity"))
    properties = {
        "damping": place.number(dynamics, "damping", 0),
        "frictionloss": place.number(dynamics, "friction", 0),
        # Zero is what files write that know of none, and infinity is none, too.
        "effort": effort if np.isfinite(effort) else 0.0,
        "velocity": velocity if np.isfinite(velocity) else 0.0,
    }
    return UrdfJoint(
        name,
        kind,
        parent,
        child,
        place.placement(element),
        axis / (np.linalg.norm(axis) or 1.0),
        # An empty range means none to simulators.
        (lower, upper) if kind != "continuous" and lower < upper else (-np.inf, np.inf),
        properties,
    )


def _mimics(
    elements: Mapping[str, Element], joints: Mapping[str, UrdfJoint], place: Place
) -> tuple[list[Mimic], list[str]]:
    """Of joints that move, for a fixed one follows nothing; and the joints that should follow one that is not there."""
    mimics: dict[str, Mimic] = {}
    dangling: list[str] = []
    for name, element in elements.items():
        here = place.within(f"joint {name!r}")
        mimic = here.only(element, "mimic")
        if mimic is None or joints[name].kind not in MOVING:
            continue
        leader = mimic.get("joint", "")
        if leader not in joints or joints[leader].kind not in MOVING:
            moving = [other for other, joint in joints.items() if joint.kind in MOVING and other != name]
            problem = here.error(
                f"expected <mimic> to name a joint that moves, got {leader!r}; there are "
                f"{get_close_matches(leader, moving) or moving}"
            )
            # A slip that robots in use have, and that simulators pass over.
            warnings.warn(f"{problem}. The joint is read as one that follows none", stacklevel=4)
            dangling.append(name)
            continue
        numbers = here.number(mimic, "multiplier", 1), here.number(mimic, "offset", 0)
        mimics[name] = Mimic(name, leader, *numbers)
    ring = _ring(mimics)
    if ring:
        raise place.within(f"joint {ring[0]!r}").error(f"<mimic> leads in a ring: {' → '.join([*ring, ring[0]])}")
    return list(mimics.values()), dangling


def _ring(mimics: Mapping[str, Mimic]) -> list[str]:
    """Joints that follow themselves, by way of others."""
    led_out: set[str] = set()
    for name in mimics:
        path: dict[str, None] = {}
        while name in mimics and name not in path and name not in led_out:
            path[name] = None
            name = mimics[name].leader
        if name in path:
            return list(path)[list(path).index(name) :]
        led_out |= path.keys()
    return []


#: What links are called that stand for the world around a robot.
SURROUNDINGS = ("world", "ground", "ground_plane", "floor", "map", "odom", "terrain", "environment")
#: Joints by which a base moves about.
FREE = ("floating", "planar")


class Tree:
    """
    Links, and the joints below each.

    :param place: the file
    :param links: names
    :param joints: type, parent and child of each joint, by its name
    :param moving: types of joints with one degree of freedom
    :raises InputError: if an end of a joint is no link, a link hangs on two joints, or links hang in a ring
    """

    def __init__(
        self, place: Place, links: Sequence[str], joints: Mapping[str, tuple[str, str, str]], moving: Sequence[str]
    ) -> None:
        self.place, self.joints, self.moving = place, joints, moving
        self.below: dict[str, list[str]] = {name: [] for name in links}
        above: dict[str, str] = {}
        for name, (_, parent, child) in joints.items():
            here = place.within(f"joint {name!r}")
            for end, link in (("parent", parent), ("child", child)):
                if link not in self.below:
                    raise here.error(
                        f"the {end} of joint {name!r} is {link!r}, which is no link; there are {list(links)}"
                    )
            if child in above:
                raise here.error(f"link {child!r} is the child of two joints, {above[child]!r} and {name!r}")
            above[child] = name
            self.below[parent].append(name)
        self.root = self._root([name for name in links if name not in above])

    def _root(self, roots: list[str]) -> str:
        parts = {name: self.part(name, leave_out=()) for name in roots}
        bare = [name for name in roots if name in SURROUNDINGS and not self._count(parts[name])]
        found = [name for name in roots if name not in bare] or roots
        if len(found) != 1:
            raise self.place.error(
                f"expected one link that is no joint's child, the root, got {found}"
                + (f", and {bare} beside them" if found != roots else "")
            )
        reached = {name for part in parts.values() for name in part}
        if len(reached) < len(self.below):
            raise self.place.error(
                f"links {sorted(self.below.keys() - reached)} do not hang on the root {found[0]!r}, but in a ring"
            )
        return found[0]

    def part(self, base: str, leave_out: Sequence[str]) -> list[str]:
        """
        :param base: name of a link
        :param leave_out: names of joints
        :return: the link and all that hangs on it by other joints, parents first and depth first
        """
        reached, waiting = [], [base]
        while waiting:
            link = waiting.pop()
            reached.append(link)
            waiting += [self.joints[joint][2] for joint in reversed(self.below[link]) if joint not in leave_out]
        return reached

    def _count(self, part: Sequence[str], leave_out: Sequence[str] = ()) -> int:
        """Of the joints within a part by which something moves."""
        joints = [joint for link in part for joint in self.below[link] if joint not in leave_out]
        return sum(self.joints[joint][0] != "fixed" for joint in joints)

    def free_joints(self) -> list[str]:
        """
        :return: names of those that let something move about freely, all of them below the root or what is fixed to it
        :raises InputError: if there are others
        """
        fixed, free = [self.root], []
        for link in fixed:
            for joint in self.below[link]:
                kind, _, child = self.joints[joint]
                if kind == "fixed":
                    fixed.append(child)
                elif kind in FREE:
                    free.append(joint)
        for name, (kind, _, _) in self.joints.items():
            if kind in FREE and name not in free:
                raise self.place.within(f"joint {name!r}").error(
                    f"expected joint {name!r} to be one of {[*self.moving, 'fixed']}, got {kind!r}; a floating or "
                    "planar joint is read where it hangs on the root, or on what is fixed to it"
                )
        return free

    def choose(self, free: Sequence[str]) -> tuple[str, list[str]]:
        """
        :param free: as by :meth:`free_joints`
        :return: the base of the robot, the part in which most joints move, and its links
        """
        parts = [self.part(base, free) for base in (*(self.joints[joint][2] for joint in free), self.root)]
        chosen = max(parts, key=lambda part: self._count(part, free))
        return chosen[0], chosen


def find_robot_links(tree: Tree) -> tuple[tuple[str, ...], bool]:
    """
    :param tree: of all links
    :return: names of those that are the robot, its base first, and whether the base floats
    :raises InputError: if something floats within a robot
    """
    free = tree.free_joints()
    base, links = tree.choose(free)
    return tuple(links), base != tree.root or base != "world"
