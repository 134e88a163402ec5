"""The legs of a robot: the chains of its joints that end on the ground."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sb3_memaug.symmetry import Link, RobotGeometry

#: A chain reaches the ground if it ends within this part of the base's height above the lowest one's end.
NEAR_GROUND = 0.2


class Leg(NamedTuple):
    """
    :param foot: name of the body that touches the ground
    :param link: index of the link that the foot belongs to, the last one
    :param joints: that move this foot alone, from the base outwards
    """

    foot: str
    link: int
    joints: tuple[str, ...]


def find_legs(geometry: RobotGeometry, feet: Sequence[str] | None = None) -> tuple[Leg, ...]:
    """
    :param geometry: of the robot, in a pose with its feet down
    :param feet: names of their bodies; by default the ends of all chains that reach about as deep as the deepest
    :return: its legs
    :raises TypeError: if the feet are not names
    :raises ValueError: if the robot has no legs, or a foot is no body of it, fixed to its base or part of another leg
    """
    links = geometry.links
    if feet is not None and (
        isinstance(feet, str) or not isinstance(feet, Sequence) or not all(isinstance(foot, str) for foot in feet)
    ):
        raise TypeError(f"`feet` must be a list of names of bodies, got {feet!r}")
    if feet is None:
        parents = {link.parent for link in links}
        ends = [i for i in range(1, len(links)) if i not in parents]
        if not ends:
            raise ValueError(f"{geometry.name!r} has no joints, and so no legs")
        bottoms = {i: bottom(links[i]) for i in ends}
        lowest = min(bottoms.values())
        # Where all legs point sideways, the ends are about as high as the base.
        reach = max(-lowest, 0.25 * geometry.size)
        chosen = {i: _foot_name(links[i]) for i in ends if bottoms[i] <= lowest + NEAR_GROUND * reach}
    else:
        chosen = {_link_of(geometry, foot): foot for foot in feet}
        if not feet or len(chosen) < len(feet):
            raise ValueError(f"`feet` must name bodies of one leg each, and one at least, got {list(feet)}")
    chains = {i: _chain(geometry, i) for i in chosen}
    carries = Counter(j for chain in chains.values() for j in chain)
    legs = tuple(
        Leg(foot, i, tuple(joint for j, joint in chains[i].items() if carries[j] == 1)) for i, foot in chosen.items()
    )
    for leg in legs:
        if not leg.joints:
            raise ValueError(
                f"the foot {leg.foot!r} is no end of a leg: each joint that moves it moves another one, too"
            )
    return legs


def bottom(link: Link) -> float:
    """
    :param link: of a robot
    :return: z in m of its deepest point, or of the deepest of its frames where it has no shapes
    """
    if link.shapes:
        return float(min(shape.position[2] - np.sqrt(shape.extent[2, 2]) for shape in link.shapes))
    return float(min(position[2] for position in link.frames.values()))


def tip(geometry: RobotGeometry, leg: Leg) -> np.ndarray:
    """
    :param geometry: of the robot, in any pose
    :param leg: one of its legs
    :return: the point in m that the leg stands on, (3,): its foot's frame, or else its far end
    """
    link = geometry.links[leg.link]
    if leg.foot != link.name:
        return link.frames[leg.foot]
    assert link.joint is not None
    ends = [link.joint.position + 2.0 * (link.centre - link.joint.position)]
    for shape in link.shapes:
        along = shape.position - link.joint.position
        along = along / max(float(np.linalg.norm(along)), 1e-9)
        ends.append(shape.position + along * np.sqrt(along @ shape.extent @ along))
    far = ends[1:] or ends
    return max(far, key=lambda end: float(np.linalg.norm(end - link.joint.position)))  # type: ignore[union-attr]


def _foot_name(link: Link) -> str:
    """The body fixed to the far end of the last link, if there is one."""
    assert link.joint is not None
    joint = link.joint.position
    ends = [shape.position for shape in link.shapes] or [link.centre]
    length = max(float(np.linalg.norm(end - joint)) for end in ends)
    frames = {name: float(np.linalg.norm(at - joint)) for name, at in link.frames.items() if name != link.name}
    foot = max(frames, key=lambda name: frames[name], default=link.name)
    return foot if frames.get(foot, 0.0) > 0.5 * length else link.name


def _link_of(geometry: RobotGeometry, foot: str) -> int:
    for i, link in enumerate(geometry.links):
        if foot in link.frames:
            if not i:
                raise ValueError(f"`feet` names {foot!r}, which is fixed to the base of {geometry.name!r}")
            return i
    known = [name for link in geometry.links[1:] for name in link.frames]
    raise ValueError(f"`feet` names {foot!r}, which is no body of {geometry.name!r}; it has {known}")


def _chain(geometry: RobotGeometry, index: int) -> dict[int, str]:
    """The joints from the base to a link, by their links."""
    joints: dict[int, str] = {}
    while index > 0:
        link = geometry.links[index]
        assert link.joint is not None
        joints[index] = link.joint.name
        index = link.parent
    return dict(reversed(joints.items()))
