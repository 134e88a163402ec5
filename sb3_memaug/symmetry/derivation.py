"""Finding the mirrors of a robot from its geometry and inertia."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from sb3_memaug.symmetry.actuator_residuals import actuator_partners
from sb3_memaug.symmetry.arguments import float_of, mapping_of, shown, texts_of
from sb3_memaug.symmetry.base_axes import BaseAxes
from sb3_memaug.symmetry.coupling_residuals import tendon_partners
from sb3_memaug.symmetry.derived_symmetry import DerivedReflection, DerivedSymmetry
from sb3_memaug.symmetry.geometry import RobotGeometry
from sb3_memaug.symmetry.geometry_readers import read_geometry
from sb3_memaug.symmetry.kinematics import posed, seen_from
from sb3_memaug.symmetry.locking import appendages, lock_joints, matching_joints
from sb3_memaug.symmetry.matching import match_links
from sb3_memaug.symmetry.other_planes import other_planes
from sb3_memaug.symmetry.partners import body_partners, joint_partners
from sb3_memaug.symmetry.reflection import PLANES, Reflection
from sb3_memaug.symmetry.residual import Residual
from sb3_memaug.symmetry.residuals import dynamic_residuals, kinematic_residuals, plane_residual
from sb3_memaug.symmetry.space_reflection import SpaceReflection
from sb3_memaug.symmetry.tolerances import Tolerances

#: The planes by the names of their mirrors.
MIRRORS = {"left_right": "sagittal", "front_back": "transverse", "half_turn": "half_turn"}


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
    the rest has one; its joints are then no part of the reflection, and the account tells.

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
    :raises ValueError: if an argument is of another type, nobody can read the robot, a joint is neither hinge nor slide
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
        # Of a hinge that does not lie along the plane any point of its axis may be told.
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
