"""What a robot's feet touch the ground with."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import mujoco

from sb3_memaug.symmetry import RobotGeometry

from .legs import Leg, tip
from .placement import bottoms, place
from .scene import add_solid

#: Radius of a foot where the file has no shape for it, relative to the length of the leg.
RADIUS = 0.05
#: Shapes of the last link belong to the foot if they reach as deep as its deepest one but for this part of the length
#: of the leg.
SOLE = 0.05
#: A foot is off the ground if it is by more than this part of the length of the leg.
HANGING = 0.1


def add_missing_feet(spec: Any, model: Any, standing: RobotGeometry, legs: Sequence[Leg], length: float) -> None:
    """
    Put a sphere at the end of each leg that has no shape there.

    :param spec: ``mujoco.MjSpec`` of the robot, changed in place
    :param model: what it compiles to
    :param standing: the robot in its default pose
    :param legs: of the robot
    :param length: of a leg in m
    """
    data = place(model, {joint.name: joint.angle for joint in standing.joints})
    bodies = {body.name: body for body in spec.bodies}
    for leg in legs:
        end = tip(standing, leg)
        depths = _depths(model, data, leg)
        if not depths or min(depths.values()) > end[2]:
            body = data.body(leg.foot)
            sphere = add_solid(
                bodies[leg.foot], f"{leg.foot}_sphere", mujoco.mjtGeom.mjGEOM_SPHERE, [RADIUS * length, 0, 0]
            )
            sphere.pos = body.xmat.reshape(3, 3).T @ (end - body.xpos)


def foot_geoms(
    model: Any, angles: Mapping[str, float], legs: Sequence[Leg], length: float
) -> dict[str, tuple[str, ...]]:
    """
    :param model: ``mujoco.MjModel`` of the robot
    :param angles: of its joints in the default pose
    :param legs: of the robot
    :param length: of a leg in m
    :return: names of the geoms that each foot stands on, by the foot's name
    """
    data = place(model, angles)
    ground = min(bottoms(model, data).values())
    feet = {}
    for leg in legs:
        depths = _depths(model, data, leg)
        deepest = min(depths.values())
        if deepest > ground + HANGING * length:
            warnings.warn(
                f"the foot {leg.foot!r} is {deepest - ground:.3f} m above the ground in the default pose: "
                "give another `pose`, or the names of the `feet` where this is none",
                stacklevel=2,
            )
        feet[leg.foot] = tuple(model.geom(g).name for g, z in depths.items() if z <= deepest + SOLE * length)
    return feet


def _depths(model: Any, data: Any, leg: Leg) -> dict[int, float]:
    """Of all that is fixed to the foot."""
    link = model.body_weldid[model.body(leg.foot).id]
    return {g: z for g, z in bottoms(model, data).items() if model.body_weldid[model.geom_bodyid[g]] == link}
