"""A robot with some of its joints locked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sb3_memaug.symmetry.derivation.differences import Residual
from sb3_memaug.symmetry.derivation.geometry import Coupling, Link, RobotGeometry, joined_masses


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
    couplings, lost = _couplings_left(geometry, set(joints))
    return replace(
        geometry,
        links=tuple(links),
        actuators=tuple(actuator for actuator in geometry.actuators if actuator.joint not in joints),
        closures=tuple(replace(c, links=(index[c.links[0]], index[c.links[1]])) for c in geometry.closures),
        poses={
            name: {joint: angle for joint, angle in angles.items() if joint not in joints}
            for name, angles in geometry.poses.items()
        },
        couplings=couplings,
        not_compared=(*geometry.not_compared, *lost),
    )


def _couplings_left(geometry: RobotGeometry, joints: set[str]) -> tuple[tuple[Coupling, ...], list[str]]:
    """What is left of couplings once these joints stand still, and what of it cannot be expressed, in words."""
    left: list[Coupling] = []
    lost: list[str] = []
    still = set(joints)
    for tendon in geometry.tendons:
        moved = {j: c for j, c in zip(tendon.joints, tendon.coefficients, strict=True) if j not in joints}
        if moved:
            left.append(replace(tendon, joints=tuple(moved), coefficients=tuple(moved.values())))
        else:
            still.add(tendon.name)
    for coupling in geometry.couplings:
        if coupling.kind == "tendon":
            continue
        free = tuple(joint for joint in coupling.joints if joint not in still)
        if free == coupling.joints:
            left.append(coupling)
        elif free == coupling.joints[:1]:
            left.append(replace(coupling, joints=free, coefficients=coupling.coefficients[:1]))
        elif free:
            # Its follower stands still, and holds the leader where the polynomial is zero.
            constant, slope, *higher = (*coupling.coefficients, 0.0)
            if slope and not any(higher):
                left.append(replace(coupling, joints=free, coefficients=(-constant / slope,)))
            else:
                lost.append(f"where the locked joint {coupling.joints[0]} holds {free[0]}, to which it is coupled")
    return tuple(left), lost


def matching_joints(geometry: RobotGeometry, patterns: Sequence[str]) -> set[str]:
    """
    :param geometry: of the robot
    :param patterns: names of joints, or regular expressions that match whole names
    :return: the joints that they name; of a joint with several degrees of freedom, whose names end in ``:0``, ``:1`` …,
        all, if they name it without these ends
    :raises ValueError: if one names none, or is no regular expression
    """
    if isinstance(patterns, str):
        raise ValueError(f"`locked` must be a list of names or regular expressions, got {patterns!r}")
    found: set[str] = set()
    names = [joint.name for joint in geometry.joints]
    for pattern in patterns:
        named = {name for name in names if pattern in (name, _whole(name))}
        try:
            # A name goes before a pattern, and may be none: "a[0]".
            expression = re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            if not named:
                raise ValueError(f"`locked` holds {pattern!r}, which is no regular expression: {error}") from error
        else:
            named |= {n for n in names if expression.fullmatch(n) or expression.fullmatch(_whole(n))}
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
    :return: joints of links that are the mirror image of no other, or only a bad one of themselves, and of all that
        hangs on them
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


def _whole(name: str) -> str:
    """Of a joint, of which this is one degree of freedom."""
    return re.sub(r":\d+$", "", name)


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
