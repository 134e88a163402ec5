"""What a robot looks like: as its file says, or else its shapes and a stick figure."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from sb3_memaug.symmetry import RobotGeometry

from .legs import Leg, tip
from .placement import place

#: MuJoCo's viewers hide the one and show the other.
HIDDEN_GROUP, SHOWN_GROUP = 3, 0
#: Thickness of a stick, relative to the robot's size.
THICKNESS = 0.02


def settle_looks(spec: Any, model: Any, geometry: RobotGeometry, legs: tuple[Leg, ...]) -> None:
    """
    Of links with meshes to look at, hide the shapes that touch. Of the others show them, and draw sticks from joint to
    joint: what is left of a link whose meshes MuJoCo cannot read may be next to nothing.

    :param spec: ``mujoco.MjSpec`` of the robot, changed in place
    :param model: what it compiles to
    :param geometry: of the robot, with its joints as in that model
    :param legs: of the robot
    """
    data = place(model, {joint.name: joint.angle for joint in geometry.joints})
    bodies = {body.name: body for body in spec.bodies}
    for i, link in enumerate(geometry.links):
        geoms = [geom for name in link.frames for geom in bodies[name].geoms]
        has_looks = any(geom.type == mujoco.mjtGeom.mjGEOM_MESH and not geom.contype for geom in geoms)
        for geom in geoms:
            if geom.contype:
                geom.group = HIDDEN_GROUP if has_looks else SHOWN_GROUP
        if not has_looks:
            frame = data.body(link.name)
            start = frame.xpos if link.joint is None else link.joint.position
            ends = [child.joint.position for child in geometry.links if child.parent == i and child.joint is not None]
            for end in [*ends, *(tip(geometry, leg) for leg in legs if leg.link == i)]:
                _add_stick(bodies[link.name], frame, start, end, THICKNESS * geometry.size)


def _add_stick(body: Any, frame: Any, start: np.ndarray, end: np.ndarray, thickness: float) -> None:
    if np.linalg.norm(end - start) > thickness:
        there = [frame.xmat.reshape(3, 3).T @ (point - frame.xpos) for point in (start, end)]
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=np.concatenate(there),
            size=[thickness / 2, 0, 0],
            mass=0,
            density=0,
            contype=0,
            conaffinity=0,
            group=SHOWN_GROUP,
            rgba=[0.4, 0.4, 0.45, 1],
        )
