"""A robot with some of its joints held fast."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sb3_memaug.symmetry.geometry import Closure, Link, RobotGeometry, joined_masses
from sb3_memaug.symmetry.residual import Residual


def lock_joints(geometry: RobotGeometry, joints: Collection[str]) -> RobotGeometry:
    """
    :param geometry: of the robot
    :param joints: names of those to hold as they stand; actuators on them have nothing left to drive
    :return: the robot without these joints: the links that they moved are part of their parents
    """
    links: list[Link] = []
    index: list[int] = []
    for link in geometry.links:
        parent = index[link.parent] if link.parent >= 0 else -1
        if link.joint is not None and link.joint.name in joints:
            links[parent] = _joined(links[parent], link)
            index.append(parent)
        else:
            links.append(replace(link, parent=parent))
            index.append(len(links) - 1)
    return replace(
        geometry,
        links=tuple(links),
        actuators=tuple(actuator for actuator in geometry.actuators if actuator.joint not in joints),
        closures=tuple(Closure((index[c.links[0]], index[c.links[1]]), c.position) for c in geometry.closures),
    )


def matching_joints(geometry: RobotGeometry, patterns: Sequence[str]) -> set[str]:
    """
    :param geometry: of the robot
    :param patterns: names of joints, or regular expressions that match whole names
    :return: the joints that they name
    :raises ValueError: if one names none
    """
    found: set[str] = set()
    names = [joint.name for joint in geometry.joints]
    for pattern in patterns:
        try:
            named = {name for name in names if name == pattern or re.fullmatch(pattern, name)}
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"`locked` holds {pattern!r}, which is no regular expression: {error}") from error
        if not named:
            raise ValueError(f"`locked` holds {pattern!r}, which is no joint of {geometry.name}; it has {names}")
        found |= named
    return found


def appendages(geometry: RobotGeometry, partners: Mapping[int, int], residuals: Sequence[Residual]) -> set[str]:
    """
    What hangs on the middle of a robot on one side only, as an arm or a camera on a joint.

    :param geometry: of the robot
    :param partners: index of the partner by index of the link
    :param residuals: of the joints' axes
    :return: joints of links that are nobody's mirror image, or only a bad one of themselves, and of all that hangs on
        them
    """
    bad = {name for residual in residuals if residual.breaks for name in (residual.part, residual.partner)}
    found: set[int] = set()
    for i, link in enumerate(geometry.links):
        if link.joint is None:
            continue
        alone = partners.get(i, i) == i and (i not in partners or link.joint.name in bad)
        if link.parent in found or (alone and partners.get(link.parent) == link.parent):
            found.add(i)
    return {joint.name for i in found if (joint := geometry.links[i].joint) is not None}


def _joined(link: Link, other: Link) -> Link:
    mass, centre, inertia = joined_masses((link, other), without_mass=link.centre)
    return replace(
        link,
        mass=mass,
        centre=centre,
        inertia=inertia,
        shapes=link.shapes + other.shapes,
        frames={**link.frames, **other.frames},
        centres={**link.centres, **other.centres},
    )
