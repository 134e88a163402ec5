"""What :func:`derive_symmetry` does and what it returns: the mirrors of a robot, and planes that would fit better."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sb3_memaug.symmetry.arguments import float_of, mapping_of, shown, texts_of
from sb3_memaug.symmetry.derivation.couplings import tendon_partners
from sb3_memaug.symmetry.derivation.differences import Residual, SpaceReflection, Tolerances
from sb3_memaug.symmetry.derivation.geometry import RobotGeometry, posed, read_geometry, seen_from
from sb3_memaug.symmetry.derivation.locking import appendages, lock_joints, matching_joints
from sb3_memaug.symmetry.derivation.matching import match_links
from sb3_memaug.symmetry.derivation.partners import body_partners, joint_partners, side
from sb3_memaug.symmetry.derivation.residuals import (
    actuator_partners,
    dynamic_residuals,
    kinematic_residuals,
    plane_residual,
)
from sb3_memaug.symmetry.frames import BaseAxes
from sb3_memaug.symmetry.reflection import PLANES, Reflection

#: The planes by the names of their mirrors.
MIRRORS = {"left_right": "sagittal", "front_back": "transverse", "half_turn": "half_turn"}
#: Fraction of its tolerance from which on a difference is listed, and how many are listed at most.
NOTICEABLE, SHOWN = 0.05, 8


@dataclass(frozen=True)
class DerivedReflection:
    """
    What was found for one plane.

    :param name: of the mirror
    :param reflection: which part becomes which; None where the parts do not correspond
    :param residuals: of every comparison, the worst first
    :param moves: whether anything changes place or sign, or the base floats
    :param locked: joints that have no mirror image, without which the rest was looked at
    :param notes: what was not tried, in words
    :param offset: of the plane from where the robot was looked at, in m, forward, to the left and up
    """

    name: str
    reflection: Reflection | None
    residuals: tuple[Residual, ...]
    moves: bool
    locked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def breaks(self) -> tuple[Residual, ...]:
        """What goes beyond its tolerance, the worst first."""
        return tuple(residual for residual in self.residuals if residual.breaks)

    @property
    def near_misses(self) -> tuple[Residual, ...]:
        """What differs but is no reason why the robot would not have this mirror, the worst first."""
        return tuple(r for r in self.residuals if not r.breaks and r.ratio > NOTICEABLE)

    @property
    def holds(self) -> bool:
        """Whether the robot has this mirror."""
        return self.reflection is not None and self.moves and not self.breaks

    def __str__(self) -> str:
        title = self.name.replace("_", "-")
        if self.reflection is None:
            title += ": the robot has no such mirror image"
        elif not self.moves:
            title += ": changes nothing that the robot does"
        elif self.holds:
            swapped = sum(name != partner for name, (partner, _) in self.reflection.joints.items())
            title += f": holds, {swapped} of {len(self.reflection.joints)} joints change places"
        else:
            title += ": there is a mirror image, but it cannot move alike"
        if self.locked:
            title += f", but for joints without mirror image: {', '.join(self.locked)}"
        account = [title]
        for word, residuals in (("broken by", self.breaks), ("near miss", self.near_misses)):
            account += [f"  {word}: {residual}" for residual in residuals[:SHOWN]]
            if len(residuals) > SHOWN:
                account.append(f"  {word}: and {len(residuals) - SHOWN} smaller differences")
        account += [f"  note: {note}" for note in self.notes]
        return "\n".join(account)


@dataclass(frozen=True)
class DerivedSymmetry:
    """
    What :func:`derive_symmetry` found.

    :param geometry: of the robot, in the pose in which it was looked at, with x forward and z up
    :param candidates: what was found for each plane, by the names of the mirrors
    :param axes: of the base's frame that point forward and up
    :param advice: planes that fit better, and what to pass for them, in words
    """

    geometry: RobotGeometry
    candidates: Mapping[str, DerivedReflection]
    axes: BaseAxes = field(default_factory=BaseAxes)
    advice: tuple[str, ...] = ()

    @property
    def reflections(self) -> dict[str, Reflection]:
        """
        Those that hold, by name: generators of the robot's group. The half turn is only among them where it is not the
        product of the others.
        """
        found = {name: c.reflection for name, c in self.candidates.items() if c.holds and c.reflection is not None}
        both = {"left_right", "front_back"} <= found.keys()
        # In a plane the half turn is the reflection again.
        planar = not self.geometry.floating and found.keys() & {"left_right", "front_back"}
        if both or planar:
            found.pop("half_turn", None)
        return found

    def __str__(self) -> str:
        account = [self.geometry.name, *map(str, self.candidates.values()), *self.advice]
        for what, items in (
            ("not compared", self.geometry.not_compared),
            ("left aside, as no part of the robot", self.geometry.left_aside),
        ):
            if items:
                more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
                account.append(f"{what}: {'; '.join(items[:SHOWN])}{more}")
        return "\n".join(account)


def derive_symmetry(
    robot: Any,
    pose: Mapping[str, float] | str | None = None,
    tolerances: Tolerances | None = None,
    feet: Sequence[str] | None = None,
    locked: Sequence[str] = (),
    axes: BaseAxes | Mapping[str, Any] | None = None,
) -> DerivedSymmetry:
    """
    Find which of the sagittal and the transverse reflection and of the half turn a robot has, and which part of it
    becomes which.

    Parts are matched from the base outwards by where their joints' axes, masses and inertias are. Names only decide
    between parts that lie in one place. A sign follows from the axes: that of a hinge is an axial vector.

    What hangs on the robot's middle and has no mirror image, as an arm or a camera on joints, is taken as locked where
    the rest has one; its joints are then no part of the reflection, and the account lists them.

    :param robot: a MuJoCo model, an MJCF or URDF file, a pair of PyBullet client and body, an Isaac Lab articulation,
        an environment that has a robot, a :class:`RobotGeometry`
    :param pose: angles of joints in rad or m at which to look at the robot, or the name of a pose that it knows, as a
        keyframe of a model. By default the robot is looked at as it is given, and then in the poses that it knows,
        until it is symmetric in one. Joints of what is left aside may be among them, and are not looked at
    :param tolerances: how far partners may be from being mirror images
    :param feet: bodies that count as feet; by default the ends of all chains
    :param locked: joints that do not move from where the pose has them: names, or regular expressions that match whole
        names. What they are does not matter: a planar joint, too, can be locked
    :param axes: which axes of the base's frame point forward and up, where these are not x and z, and from which point
        the robot is looked at, where that is not the frame's origin: :class:`BaseAxes`, or a mapping as
        ``{"forward": "x", "up": "y", "origin": (0, 0.1, 0)}``. Where another plane fits, the account says what to pass
    :return: what was found, held up against the tolerances
    :raises ValueError: if an argument is of another type, the robot cannot be read, a joint is neither hinge nor slide
        nor locked, or a joint, pose or foot does not exist
    """
    if not isinstance(tolerances, Tolerances | None):
        raise ValueError(f"`tolerances` must be Tolerances(…), got {shown(tolerances)}")
    for joint, angle in mapping_of({} if isinstance(pose, str | None) else pose, "`pose`").items():
        float_of(angle, f"the angle of {joint!r} in `pose`")
    feet = None if feet is None else texts_of(feet, "`feet`")
    locked = texts_of(locked, "`locked`")
    geometry = read_geometry(robot)
    held, axes = matching_joints(geometry, locked), BaseAxes.of(axes)
    unread = next((j for j in geometry.joints if j.kind not in ("hinge", "slide") and j.name not in held), None)
    if unread is not None:
        raise ValueError(
            f"expected hinges and slides, got the {unread.kind} joint {unread.name!r} of {geometry.name}: use joints "
            f"with one degree of freedom each in its place, or hold it fast with locked=[{unread.name!r}]"
        )
    tolerances = tolerances or Tolerances()
    if isinstance(pose, str):
        if pose not in geometry.poses:
            raise ValueError(f"{geometry.name} knows no pose {pose!r}; it knows {list(geometry.poses)}")
        pose = geometry.poses[pose]
    if pose is not None:
        poses = [posed(geometry, {j: angle for j, angle in pose.items() if j not in geometry.joints_aside})]
    else:
        poses = [geometry, *(posed(geometry, angles) for angles in geometry.poses.values())]
    poses = [lock_joints(looked_at, held) for looked_at in poses]
    known = {name for link in geometry.links for name in link.frames}
    unknown = [foot for foot in feet or () if foot not in known]
    if unknown:
        raise ValueError(f"`feet` names {unknown[0]!r}, which is no body of {geometry.name}; it has {sorted(known)}")

    def along(tried: BaseAxes, mirrors: Sequence[str]) -> dict[str, DerivedReflection]:
        seen = [seen_from(looked_at, tried.motion) for looked_at in poses]
        return {
            name: _best(_derive(name, MIRRORS[name], looked_at, tolerances, feet, tried) for looked_at in seen)
            for name in mirrors
        }

    candidates = along(axes, list(MIRRORS))
    advice = other_planes(candidates, poses[0], axes, lambda tried: along(tried, ["left_right"])["left_right"])
    return DerivedSymmetry(seen_from(poses[0], axes.motion), candidates, axes, advice)


def _best(candidates: Iterable[DerivedReflection]) -> DerivedReflection:
    """The first that holds, else the first that exists, else the first."""
    found = []
    for candidate in candidates:
        if candidate.holds:
            return candidate
        found.append(candidate)
    return next((candidate for candidate in found if candidate.reflection is not None), found[0])


def _derive(
    name: str,
    plane: str,
    geometry: RobotGeometry,
    tolerances: Tolerances,
    feet: Sequence[str] | None,
    axes: BaseAxes,
) -> DerivedReflection:
    refused: list[Residual] = []
    notes: list[str] = []
    for offset in _plane_offsets(plane, geometry):
        space = SpaceReflection(plane, offset)
        tried: list[str] = []
        partners, kinematic = _matched(geometry, space, tolerances, tried)
        held = appendages(geometry, partners, kinematic)
        rest = lock_joints(geometry, held)
        if held and 2 * len(held) < len(geometry.joints):
            tried.clear()
            partners, kinematic = _matched(rest, space, tolerances, tried)
        else:
            rest, held = geometry, set()
        refused, notes = refused or kinematic, notes or tried
        if not any(residual.breaks for residual in kinematic):
            residuals = [*kinematic, *dynamic_residuals(rest, partners, space, tolerances)]
            residuals.append(plane_residual(rest, space, tolerances))
            reflection = _reflection(rest, partners, space, tolerances, feet, axes)
            moves = geometry.floating or any(pair != (joint, 1) for joint, pair in reflection.joints.items())
            x, y, z = offset.tolist()
            return DerivedReflection(
                name, reflection, _worst_first(residuals), moves, tuple(sorted(held)), tuple(tried), (x, y, z)
            )
    return DerivedReflection(name, None, _worst_first(refused), moves=True, notes=tuple(notes))


def _matched(
    geometry: RobotGeometry, space: SpaceReflection, tolerances: Tolerances, notes: list[str]
) -> tuple[dict[int, int], list[Residual]]:
    partners = match_links(geometry, space, tolerances, notes)
    return partners, list(kinematic_residuals(geometry, partners, space, tolerances))


def _plane_offsets(plane: str, geometry: RobotGeometry) -> list[np.ndarray]:
    """
    Through the origin of the base, or else through the middle of the joints, which is that of their mirror image, of
    most of them, or of the masses that they move.
    """
    offsets = [np.zeros(3) for _ in range(4)]
    masses = [link for link in geometry.links if link.joint is not None and link.mass]
    for i in np.flatnonzero(np.array(PLANES[plane]) < 0):
        # Of a hinge that does not lie along the plane any point of its axis may be given.
        hinges = [joint for joint in geometry.joints if joint.kind == "hinge" and abs(joint.axis[i]) < 1e-3]
        if hinges:
            places = [joint.position[i] for joint in hinges]
            offsets[1][i], offsets[2][i] = np.mean(places), np.median(places)
        if masses:
            offsets[3][i] = np.median([link.centre[i] for link in masses])
    return [o for k, o in enumerate(offsets) if not any(np.allclose(o, other, atol=1e-6) for other in offsets[:k])]


def _worst_first(residuals: Iterable[Residual]) -> tuple[Residual, ...]:
    return tuple(sorted(residuals, key=lambda residual: residual.ratio, reverse=True))


def _reflection(
    geometry: RobotGeometry,
    partners: Mapping[int, int],
    space: SpaceReflection,
    tolerances: Tolerances,
    feet: Sequence[str] | None,
    axes: BaseAxes,
) -> Reflection:
    joints = joint_partners(geometry, partners, space)
    tendons = tendon_partners(geometry.tendons, joints, space.plane)
    bodies = body_partners(geometry, partners, space, tolerances)
    neutral = geometry.neutral_controls
    if feet is None:
        parents = {link.parent for link in geometry.links}
        feet = [name for i, link in enumerate(geometry.links) if i and i not in parents for name in link.frames]
    return Reflection(
        space.plane,
        joints,
        feet={foot: bodies[foot] for foot in feet if bodies.get(foot) in feet},
        bodies=bodies,
        actuators=actuator_partners(geometry.all_actuators, {**joints, **tendons}, neutral),
        neutral={name: control for name, control in neutral.items() if control},
        pose={joint.name: joint.angle for joint in geometry.joints if joint.angle},
        base=axes,
    )


#: Finds what left and right become along given axes.
Derivation = Callable[[BaseAxes], DerivedReflection]


def other_planes(
    candidates: Mapping[str, DerivedReflection], geometry: RobotGeometry, axes: BaseAxes, derive: Derivation
) -> tuple[str, ...]:
    """
    Planes across an axis of the base's frame, through its origin or beside it.

    :param candidates: what was found along the axes, by the names of the mirrors
    :param geometry: of the robot, in its base's frame
    :param axes: along which it was looked at
    :param derive: finds what left and right become along other axes
    :return: for each plane that fits better, what to pass for it, in words
    """
    left_right, front_back = candidates["left_right"], candidates["front_back"]
    exists = left_right.reflection is not None and left_right.moves
    if exists and any(residual.quantity == "plane" for residual in left_right.breaks):
        return _beside(left_right, axes)
    if front_back.reflection is not None and (front_back.holds or not left_right.holds):
        across = _across(front_back, geometry, axes.forward)
        if across:
            return _advice(BaseAxes.with_left(across, axes.up, axes.origin), derive)
    if left_right.holds:
        return ()
    up, sideways = _highest(geometry, [axes.forward, axes.left]), axes.up.removeprefix("-")
    tried = BaseAxes.with_left(sideways, up, axes.origin)
    found = derive(tried)
    if found.reflection is None or not found.moves:
        return ()
    left = _across(found, geometry, sideways)
    if exists and not left:
        return ()
    if not left:
        # As good as any: forward is forward rather than backward.
        left = tried.left if not tried.forward.startswith("-") else f"-{sideways}"
    return _advice(BaseAxes.with_left(left, up, axes.origin), derive)


def _beside(found: DerivedReflection, axes: BaseAxes) -> tuple[str, ...]:
    """Of a plane beside the origin."""
    moved = _through(found, axes)
    return (
        f"another plane fits: {_plane(moved)} of the base's frame. If the robot is told where a point of that plane is "
        f"and how it moves, pass axes={moved.plain}; else move the base's frame there",
    )


def _advice(axes: BaseAxes, derive: Derivation) -> tuple[str, ...]:
    """Of a plane across another axis."""
    found = derive(axes)
    if any(residual.quantity == "plane" for residual in found.breaks):
        axes = _through(found, axes)
        found = derive(axes)
    but = f", but for what breaks it: {found.breaks[0]}" if found.breaks else ""
    return (
        f"another plane fits: {_plane(axes)} of the base's frame{but}. Where {_axis(axes.left)} points sideways, pass "
        f"axes={axes.plain}",
    )


def _through(found: DerivedReflection, axes: BaseAxes) -> BaseAxes:
    """The same axes in a point of the plane."""
    point = np.array(axes.origin) + axes.rotation.T @ np.array(found.offset)
    x, y, z = (point.round(6) + 0.0).tolist()
    return replace(axes, origin=(x, y, z))


def _plane(axes: BaseAxes) -> str:
    axis = _axis(axes.left)
    return f"{axis} = {axes.origin['xyz'.index(axis)]:.4g} m"


def _axis(name: str) -> str:
    return name.removeprefix("-")


def _across(found: DerivedReflection, geometry: RobotGeometry, axis: str) -> str:
    """The direction of an axis in which the parts lie that are called left; empty where their names name no sides."""
    assert found.reflection is not None
    k = "xyz".index(_axis(axis))
    places = {joint.name: float(joint.position[k]) for joint in geometry.joints}
    swapped = [(a, b) for a, (b, _) in found.reflection.joints.items() if a != b]
    sides = [(side(a), places[a] - places[b]) for a, b in swapped if side(a) and side(a) == -side(b)]
    towards = sum(way * distance for way, distance in sides)
    if 2 * len(sides) <= len(swapped) or not sides:
        return ""
    return _axis(axis) if towards >= 0 else f"-{_axis(axis)}"


def _highest(geometry: RobotGeometry, axes: list[str]) -> str:
    """Of some axes the one along which the robot's limbs lie on one side of its base, and along which it is long."""
    points = np.array([link.centre for link in geometry.links] + [joint.position for joint in geometry.joints])
    inner = {link.parent for link in geometry.links}
    ends = np.array([link.centre for i, link in enumerate(geometry.links) if i not in inner])
    scores = np.abs(ends.mean(axis=0) - geometry.links[0].centre) + 0.1 * np.ptp(points, axis=0)
    up = _axis(max(axes, key=lambda name: float(scores["xyz".index(_axis(name))])))
    heights = points[:, "xyz".index(up)]
    # Below a floating base hang its legs.
    return f"-{up}" if geometry.floating and heights.min() > -1e-3 and heights.max() > 1e-3 else up
