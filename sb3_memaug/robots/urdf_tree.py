"""The tree of links and joints in a URDF file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np

from sb3_memaug.symmetry.rigid_motion import RigidMotion


class Tree(NamedTuple):
    """
    :param root: name of the link that no joint moves
    :param links: by name
    :param joints: below each link, in the file's order
    """

    root: str
    links: dict[str, Element]
    joints: dict[str, list[Element]]


def read_tree(robot: Element) -> Tree:
    """
    :param robot: root element of the file
    :return: its links and joints
    :raises ValueError: if they make no tree
    """
    links = _by_name(robot, "link")
    if not links:
        raise ValueError("expected <link> elements, found none; a xacro file must be expanded first")
    joints: dict[str, list[Element]] = {name: [] for name in links}
    above: dict[str, str] = {}
    for name, joint in _by_name(robot, "joint").items():
        for end in ("parent", "child"):
            if link_of(joint, end) not in links:
                raise ValueError(
                    f"the {end} of joint {name!r} is {link_of(joint, end)!r}, which is no link; there are {list(links)}"
                )
        child = link_of(joint, "child")
        if child in above:
            raise ValueError(f"link {child!r} is the child of two joints, {above[child]!r} and {name!r}")
        above[child] = name
        joints[link_of(joint, "parent")].append(joint)
    roots = [name for name in links if name not in above]
    if len(roots) != 1:
        raise ValueError(f"expected one link that is no joint's child, the root, got {roots}")
    reached = [roots[0]]
    for name in reached:
        reached += [link_of(joint, "child") for joint in joints[name]]
    if len(reached) < len(links):
        raise ValueError(
            f"links {sorted(links.keys() - set(reached))} do not hang on the root {roots[0]!r}, but in a ring"
        )
    return Tree(roots[0], links, joints)


def link_of(joint: Element, end: str) -> str:
    """
    :param joint: element of a joint
    :param end: ``"parent"`` or ``"child"``
    :return: name of the link there; empty where the file tells none
    """
    element = joint.find(end)
    return "" if element is None else element.get("link", "")


def numbers(element: Element | None, attribute: str, default: Sequence[float]) -> np.ndarray:
    """
    :param element: that has the attribute, or None
    :param attribute: several numbers, separated by spaces
    :param default: where there is no such element or attribute
    :return: as many numbers as in the default
    :raises ValueError: if there are more or fewer, or something else
    """
    text = None if element is None else element.get(attribute)
    if element is None or text is None:
        return np.array(default, dtype=float)
    try:
        values = np.array([float(word) for word in text.split()])
    except ValueError:
        values = np.empty(0)
    if len(values) != len(default) or not np.isfinite(values).all():
        raise ValueError(
            f"expected {len(default)} numbers in <{element.tag} {attribute}={text!r}>; a xacro file must be expanded "
            "first"
        )
    return values


def placement(element: Element | None) -> RigidMotion:
    """
    :param element: of which ``<origin>`` tells where it is, or None
    :return: that place, as a motion from its own frame to the frame around it
    """
    origin = None if element is None else element.find("origin")
    roll, pitch, yaw = numbers(origin, "rpy", (0, 0, 0))
    return RigidMotion(_turn(2, yaw) @ _turn(1, pitch) @ _turn(0, roll), numbers(origin, "xyz", (0, 0, 0)))


def _turn(axis: int, angle: float) -> np.ndarray:
    """About x, y or z."""
    rotation = np.eye(3)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    rotation[[i, i, j, j], [i, j, i, j]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
    return rotation


def _by_name(robot: Element, tag: str) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for element in robot.findall(tag):
        name = element.get("name")
        if not name or name in found:
            raise ValueError(f"every <{tag}> needs a name of its own, got {name!r}" + (" twice" if name else ""))
        found[name] = element
    return found
