"""Finding the mirrors of a robot from its geometry and inertia."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from sb3_memaug.symmetry.actuator_residuals import actuator_partners
from sb3_memaug.symmetry.arguments import float_of, mapping_of, shown, texts_of
from sb3_memaug.symmetry.derived_symmetry import DerivedReflection, DerivedSymmetry
from sb3_memaug.symmetry.geometry import RobotGeometry
from sb3_memaug.symmetry.geometry_readers import read_geometry
from sb3_memaug.symmetry.kinematics import posed
from sb3_memaug.symmetry.locking import appendages, lock_joints, matching_joints
from sb3_memaug.symmetry.matching import match_links
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
        until it is symmetric in one
    :param tolerances: how far partners may be from being mirror images
    :param feet: bodies that count as feet; by default the ends of all chains
    :param locked: joints that do not move: names, or regular expressions that match whole names
    :return: what was found, held up against the tolerances
    :raises ValueError: if an argument is of another type, nobody can read the robot, or a joint, pose or foot does not
        exist
    """
    if not isinstance(tolerances, Tolerances | None):
        raise ValueError(f"`tolerances` must be Tolerances(…), got {shown(tolerances)}")
    for joint, angle in mapping_of({} if isinstance(pose, str | None) else pose, "`pose`").items():
        float_of(angle, f"the angle of {joint!r} in `pose`")
    feet = None if feet is None else texts_of(feet, "`feet`")
    locked = texts_of(locked, "`locked`")
    geometry = read_geometry(robot)
    geometry = lock_joints(geometry, matching_joints(geometry, locked))
    tolerances = tolerances or Tolerances()
    if isinstance(pose, str):
        if pose not in geometry.poses:
            raise ValueError(f"{geometry.name} knows no pose {pose!r}; it knows {list(geometry.poses)}")
        pose = geometry.poses[pose]
    if pose is not None:
        poses = [posed(geometry, pose)]
    else:
        poses = [geometry, *(posed(geometry, angles) for angles in geometry.poses.values())]
    known = {name for link in geometry.links for name in link.frames}
    unknown = [foot for foot in feet or () if foot not in known]
    if unknown:
        raise ValueError(f"`feet` names {unknown[0]!r}, which is no body of {geometry.name}; it has {sorted(known)}")
    candidates = {
        name: _best(_derive(name, plane, looked_at, tolerances, feet) for looked_at in poses)
        for name, plane in MIRRORS.items()
    }
    return DerivedSymmetry(poses[0], candidates)


def _best(candidates: Iterable[DerivedReflection]) -> DerivedReflection:
    """The first that holds, else the first that exists, else the first."""
    found = []
    for candidate in candidates:
        if candidate.holds:
            return candidate
        found.append(candidate)
    return next((candidate for candidate in found if candidate.reflection is not None), found[0])


def _derive(
    name: str, plane: str, geometry: RobotGeometry, tolerances: Tolerances, feet: Sequence[str] | None
) -> DerivedReflection:
    refused: list[Residual] = []
    for offset in _plane_offsets(plane, geometry):
        space = SpaceReflection(plane, offset)
        partners, kinematic = _matched(geometry, space, tolerances)
        held = appendages(geometry, partners, kinematic)
        rest = lock_joints(geometry, held)
        if held and 2 * len(held) < len(geometry.joints):
            partners, kinematic = _matched(rest, space, tolerances)
        else:
            rest, held = geometry, set()
        refused = refused or kinematic
        if not any(residual.breaks for residual in kinematic):
            residuals = [*kinematic, *dynamic_residuals(rest, partners, space, tolerances)]
            residuals.append(plane_residual(rest, space, tolerances))
            reflection = _reflection(rest, partners, space, tolerances, feet)
            moves = geometry.floating or any(pair != (joint, 1) for joint, pair in reflection.joints.items())
            return DerivedReflection(name, reflection, _worst_first(residuals), moves, tuple(sorted(held)))
    return DerivedReflection(name, None, _worst_first(refused), moves=True)


def _matched(
    geometry: RobotGeometry, space: SpaceReflection, tolerances: Tolerances
) -> tuple[dict[int, int], list[Residual]]:
    partners = match_links(geometry, space, tolerances)
    return partners, list(kinematic_residuals(geometry, partners, space, tolerances))


def _plane_offsets(plane: str, geometry: RobotGeometry) -> list[np.ndarray]:
    """Through the origin of the base, or else through the middle of the joints, which is that of their mirror image."""
    middle = np.zeros(3)
    for i in np.flatnonzero(np.array(PLANES[plane]) < 0):
        # Of a hinge that does not lie along the plane any point of its axis may be told.
        hinges = [joint for joint in geometry.joints if joint.kind == "hinge" and abs(joint.axis[i]) < 1e-3]
        middle[i] = np.mean([joint.position[i] for joint in hinges]) if geometry.floating and hinges else 0.0
    return [np.zeros(3), middle] if middle.any() else [np.zeros(3)]


def _worst_first(residuals: Iterable[Residual]) -> tuple[Residual, ...]:
    return tuple(sorted(residuals, key=lambda residual: residual.ratio, reverse=True))


def _reflection(
    geometry: RobotGeometry,
    partners: Mapping[int, int],
    space: SpaceReflection,
    tolerances: Tolerances,
    feet: Sequence[str] | None,
) -> Reflection:
    joints = joint_partners(geometry, partners, space)
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
        actuators=actuator_partners(geometry.actuators, joints, neutral),
        neutral={name: control for name, control in neutral.items() if control},
        pose={joint.name: joint.angle for joint in geometry.joints if joint.angle},
    )
