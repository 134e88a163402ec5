"""From a robot's file to a model that stands on the ground with servos in its joints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from sb3_memaug.robots.mujoco.geometry import mujoco_geometry
from sb3_memaug.symmetry import DerivedSymmetry, RobotGeometry, Tolerances, derive_symmetry
from sb3_memaug.symmetry.derivation.geometry import posed

from .description import read_description
from .scene import add_missing_feet, bottoms, foot_geoms, place, put_on_plane, settle_looks
from .servos import PerJoint, Servo, add_servos, choose_servos
from .stance import Leg, choose_default_pose, find_legs, tip

#: m/s².
GRAVITY = 9.81


@dataclass(frozen=True)
class LeggedModel:
    """
    :param model: ``mujoco.MjModel``
    :param pose: the default pose, angles of all joints by name
    :param height: of the base in m, as it stands in that pose
    :param hip_height: of the legs' first joints in m, in the mean and in that pose
    :param feet: names of the geoms of each foot, by the foot's name
    :param servos: of the joints that are driven
    :param symmetry: what was found when the model was looked at for its mirrors, in the default pose
    """

    model: Any
    pose: Mapping[str, float]
    height: float
    hip_height: float
    feet: Mapping[str, Sequence[str]]
    servos: tuple[Servo, ...]
    symmetry: DerivedSymmetry


def build_legged_model(
    path: Path,
    timestep: float,
    pose: Mapping[str, float] | str | None = None,
    feet: Sequence[str] | None = None,
    stiffness: PerJoint | None = None,
    damping: PerJoint | None = None,
    torque_limit: PerJoint | None = None,
    tolerances: Mapping[str, Any] | None = None,
) -> LeggedModel:
    """
    :param path: of the robot's MJCF or URDF file
    :param timestep: of the physics in s
    :param pose: the default pose, see :func:`~sb3_memaug.envs.legged.stance.choose_default_pose`
    :param feet: names of the feet's bodies, where they are not the ends of the robot that reach the ground
    :param stiffness: of the servos, see :func:`~sb3_memaug.envs.legged.servos.choose_servos`, as for the next two
    :param damping: of the servos
    :param torque_limit: of the servos
    :param tolerances: arguments of :class:`~sb3_memaug.symmetry.Tolerances`
    :return: the robot on flat ground
    :raises ValueError: if the file cannot be read, the robot has no legs, or an argument does not fit it
    """
    judged = _tolerances(tolerances or {})
    description = read_description(path)
    spec = description.spec
    put_on_plane(spec, timestep)
    bare = spec.compile()
    geometry = mujoco_geometry(bare)
    legs = find_legs(geometry, feet)
    angles = choose_default_pose(geometry, legs, description.poses, pose)
    standing = posed(geometry, angles)
    length = max(_length(standing, leg) for leg in legs)
    weight = GRAVITY * sum(link.mass for link in geometry.links)
    servos = choose_servos(description.motors, weight * length, stiffness, damping, torque_limit)
    add_missing_feet(spec, bare, standing, legs, length)
    settle_looks(spec, bare, geometry, legs)
    add_servos(spec, servos)
    model = spec.compile()
    height = -min(bottoms(model, place(model, angles)).values())
    joints = {joint.name: joint.position for joint in standing.joints}
    hip_height = height + float(np.mean([joints[leg.joints[0]][2] for leg in legs]))
    if not hip_height > 0:
        raise ValueError(
            f"the hips of {geometry.name!r} are {-hip_height:.3f} m below the ground that it stands on in its default "
            "pose: its base has to look along x, with z up; else give another `pose`, or the names of the `feet`"
        )
    return LeggedModel(
        model,
        angles,
        height,
        hip_height,
        foot_geoms(model, angles, legs, length),
        servos,
        derive_symmetry(model, angles, judged, [leg.foot for leg in legs]),
    )


def _tolerances(given: Mapping[str, Any]) -> Tolerances:
    known = [field.name for field in fields(Tolerances)]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ValueError(f"`tolerances` names {unknown[0]!r}, which is none; there are {known}")
    return Tolerances(**given)


def _length(geometry: RobotGeometry, leg: Leg) -> float:
    joints = {joint.name: joint.position for joint in geometry.joints}
    points = [*(joints[name] for name in leg.joints), tip(geometry, leg)]
    return float(sum(np.linalg.norm(end - start) for start, end in pairwise(points)))
