"""The legs of a robot, and the default pose: a keyframe of the file, or bent legs with each foot under its hip."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sb3_memaug.symmetry import Joint, Link, RobotGeometry
from sb3_memaug.symmetry.derivation.geometry import posed

from .servos import by_name

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


#: Length of a standing leg, relative to the stretched one: on a point, and on a foot that an ankle keeps level.
BENT, UPRIGHT = 0.85, 0.97
#: Other lengths, for where the joints' limits rule the first one out.
LENGTHS = (0.9, 0.8, 0.95, 0.7, 0.6, 0.5)
#: A joint bends a leg if its axis is that near to the y axis: the cosine between them.
PITCHING = 0.9
#: A hip lies in front of the others if it does by more than this part of the leg's length.
IN_FRONT = 0.1


def find_stance(geometry: RobotGeometry, legs: Sequence[Leg]) -> dict[str, float]:
    """
    Bend the legs in their hip and knee, the joints that turn about the y axis, so that each foot comes under its hip;
    an ankle turns back what they turn. Which way a knee points is decided by its limits; where these allow both, by
    where the leg is: knees point towards the robot's middle, and forwards in a robot that stands on one pair of legs.
    All other joints, and legs of another build, stay as the file has them, within their limits.

    :param geometry: of the robot, with its joints as its file has them
    :param legs: of the robot
    :return: angles of all joints by name
    """
    axes = {joint.name: joint.axis for joint in geometry.joints}
    bending = {leg: [name for name in leg.joints if abs(axes[name][1]) > PITCHING] for leg in legs}
    bent = {name for names in bending.values() if len(names) >= 2 for name in names}
    angles = {joint.name: float(np.clip(joint.angle, *joint.limits)) for joint in geometry.joints}
    # For the joints to be bent, the limits matter at the end only.
    straight = posed(geometry, {name: angle for name, angle in angles.items() if name not in bent})
    joints = {joint.name: joint for joint in straight.joints}
    middle = np.mean([joints[leg.joints[0]].position[0] for leg in legs])
    for leg, names in bending.items():
        if len(names) >= 2:
            chain = [joints[name] for name in names]
            angles.update(_bend(chain, tip(straight, leg), float(chain[0].position[0] - middle)))
    return angles


class _Segment(NamedTuple):
    """Part of a leg, seen from its left: its length in m and its angle from straight down about the y axis, in rad."""

    length: float
    angle: float

    @classmethod
    def between(cls, start: np.ndarray, end: np.ndarray) -> _Segment:
        x, _, z = end - start
        return cls(math.hypot(x, z), math.atan2(-x, -z))


def _bend(joints: Sequence[Joint], foot: np.ndarray, in_front: float) -> dict[str, float]:
    """
    Of one leg.

    :param joints: that turn about the y axis: hip, knee, and an ankle perhaps
    :param foot: its end
    :param in_front: how far the leg is in front of the robot's middle
    """
    hip, knee, *rest = joints
    thigh = _Segment.between(hip.position, knee.position)
    shank = _Segment.between(knee.position, rest[0].position if rest else foot)
    stretched = thigh.length + shank.length
    # 1 where the knee lies behind the line from hip to foot, -1 where before it.
    sides = (1, -1) if in_front > IN_FRONT * stretched else (-1, 1)
    for length in (UPRIGHT if rest else BENT, *LENGTHS):
        above = _corner(thigh.length, length * stretched, shank.length)
        below = _corner(shank.length, length * stretched, thigh.length)
        if above is None or below is None:
            continue
        for side in sides:
            first, second = side * above - thigh.angle, -side * below - shank.angle
            turns = {hip: first, knee: second - first, **dict.fromkeys(rest[:1], -second)}
            angles = {joint.name: _angle(joint, turn) for joint, turn in turns.items()}
            if None not in angles.values():
                return {name: angle for name, angle in angles.items() if angle is not None}
    return {joint.name: float(np.clip(joint.angle, *joint.limits)) for joint in joints}


def _corner(a: float, b: float, opposite: float) -> float | None:
    """Angle between the sides a and b of a triangle, if there is one."""
    if not a * b:
        return None
    cosine = (a * a + b * b - opposite * opposite) / (2 * a * b)
    return math.acos(cosine) if abs(cosine) <= 1 else None


def _angle(joint: Joint, turn: float) -> float | None:
    """Of a joint that is turned about the y axis, or None where it cannot be."""
    low, high = joint.limits
    angle = joint.angle + math.copysign(1.0, joint.axis[1]) * math.remainder(turn, math.tau)
    # A whole turn more is for a joint whose zero is elsewhere, not for one that may turn on and on.
    whole = (0.0, -math.tau, math.tau) if high - low < math.tau else (0.0,)
    return next((angle + more for more in whole if low <= angle + more <= high), None)


#: Keyframes that are taken for a stance, if the robot stands on all its feet in them.
STANDING_KEYS = ("home", "stand", "standing", "default")
#: Feet are level within this part of the base's height.
LEVEL = 0.1


def choose_default_pose(
    geometry: RobotGeometry,
    legs: Sequence[Leg],
    keyframes: Mapping[str, Mapping[str, float]],
    pose: Mapping[str, float] | str | None,
) -> dict[str, float]:
    """
    :param geometry: of the robot, with its joints as its file has them
    :param legs: of the robot
    :param keyframes: poses of the file
    :param pose: angles in rad by the names of joints (regular expressions that match all of a name), for those that are
        not to be as in the stance that is found; or the name of a keyframe; or None for the file's keyframe of a
        standing robot, or else the stance
    :return: angles of all joints by name
    :raises ValueError: if there is no such keyframe or joint
    """
    if isinstance(pose, str):
        if pose not in keyframes:
            raise ValueError(f"`pose` is {pose!r}, but the keyframes of {geometry.name!r} are {list(keyframes)}")
        return dict(keyframes[pose])
    if pose is None:
        for name, angles in keyframes.items():
            if name.lower() in STANDING_KEYS and _stands(geometry, legs, angles):
                return dict(angles)
    angles = find_stance(geometry, legs)
    return {**angles, **by_name("pose", pose, list(angles))}


def _stands(geometry: RobotGeometry, legs: Sequence[Leg], angles: Mapping[str, float]) -> bool:
    looked_at = posed(geometry, angles)
    bottoms = [bottom(looked_at.links[leg.link]) for leg in legs]
    return max(bottoms) < 0 and max(bottoms) - min(bottoms) < LEVEL * -min(bottoms)
