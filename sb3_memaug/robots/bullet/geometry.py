"""The geometry of a robot in PyBullet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sb3_memaug.robots.robot import rotation_matrix
from sb3_memaug.robots.several_axes import ball_hinges
from sb3_memaug.symmetry.derivation.geometry import UNLIMITED, Body, Closure, Joint, RobotGeometry, Shape
from sb3_memaug.symmetry.frames import RigidMotion


def bullet_geometry(client: Any, body: int) -> RobotGeometry:
    """
    A body as it stands at present, seen from the frame of its base link, or from the world if its base is fixed. What
    it is made of is what the simulator makes of it: unless a URDF file is loaded with ``URDF_USE_INERTIA_FROM_FILE``,
    Bullet computes inertias from the surfaces.

    Surfaces are spheres, boxes, capsules and cylinders; Bullet turns cylinders into meshes unless it is asked
    ``URDF_USE_IMPLICIT_CYLINDER``, and meshes are left out. Closures are point-to-point and fixed constraints between
    links of the body; of gears Bullet does not tell the ratio, so they are not compared. A spherical joint becomes
    three hinges, called ``name:0``, ``name:1`` and ``name:2``; a planar one can only be locked. There are no actuators:
    motors belong to whoever controls the body.

    :param client: ``pybullet_utils.bullet_client.BulletClient``, or the module ``pybullet``
    :param body: id of the robot in it; nothing about it changes
    :return: the robot
    """
    base_name, name = (text.decode() for text in client.getBodyInfo(body))
    mass, _, _, *inertial_frame = client.getDynamicsInfo(body, -1)[:5]
    floating = mass > 0
    base = _motion(*client.getBasePositionAndOrientation(body)).after(_motion(*inertial_frame).inverse())
    seen = base.inverse() if floating else RigidMotion.identity()

    inertial = [seen.after(_motion(*client.getBasePositionAndOrientation(body)))]
    bodies = [_body(client, body, -1, base_name, -1, inertial[0], [])]
    for i in range(client.getNumJoints(body)):
        info = client.getJointInfo(body, i)
        # Where the link's own frame is, Bullet only gives in single precision.
        inertial.append(seen.after(_motion(*client.getLinkState(body, i, computeForwardKinematics=True)[:2])))
        joints = _joints(client, body, info, inertial[-1])
        bodies.append(_body(client, body, i, info[12].decode(), info[16] + 1, inertial[-1], joints))
    closures, missed = _closures(client, body, inertial)
    return RobotGeometry.from_bodies(name, bodies, closures=closures, floating=floating, not_compared=missed)


def _motion(position: Sequence[float], orientation: Sequence[float]) -> RigidMotion:
    x, y, z, w = orientation
    return RigidMotion(rotation_matrix(np.array((w, x, y, z))), np.array(position))


def _body(
    client: Any, body: int, link: int, name: str, parent: int, inertial: RigidMotion, joints: Sequence[Joint]
) -> Body:
    mass, _, moments, *inertial_frame = client.getDynamicsInfo(body, link)[:5]
    shapes = [_shape(client, data, inertial) for data in client.getCollisionShapeData(body, link)]
    return Body(
        name,
        parent,
        inertial.after(_motion(*inertial_frame).inverse()).translation,
        mass,
        inertial.translation,
        inertial.tensor(np.diag(moments)),
        joints,
        [shape for shape in shapes if shape is not None],
    )


def _joints(client: Any, body: int, info: Sequence[Any], inertial: RigidMotion) -> list[Joint]:
    index, name, kind = info[0], info[1].decode(), info[2]
    if kind == client.JOINT_FIXED:
        return []
    damping, friction, lower, upper, effort, velocity = info[6:12]
    properties = {"damping": damping, "frictionloss": friction, "effort": effort, "velocity": velocity}
    inertial_frame = client.getDynamicsInfo(body, index)[3:5]
    position = inertial.after(_motion(*inertial_frame).inverse()).translation
    if kind == client.JOINT_SPHERICAL:
        return ball_hinges(name, position, properties=[properties] * 3)
    kinds = {client.JOINT_REVOLUTE: "hinge", client.JOINT_PRISMATIC: "slide", client.JOINT_PLANAR: "planar"}
    if kind not in (client.JOINT_REVOLUTE, client.JOINT_PRISMATIC):
        return [Joint(name, kinds.get(kind, f"type {kind}"), position, np.array((0.0, 0.0, 1.0)))]
    return [
        Joint(
            name,
            kinds[kind],
            position,
            # As long as in the file.
            inertial.vector(np.array(info[13]) / np.linalg.norm(info[13])),
            client.getJointState(body, index)[0],
            (lower, upper) if lower < upper else UNLIMITED,
            properties,
        )
    ]


def _shape(client: Any, data: Sequence[Any], inertial: RigidMotion) -> Shape | None:
    kind, (first, second, third) = data[2], data[3]
    # Spheres tell their radius, boxes their sizes, the others their length and their radius.
    name, half_sizes = {
        client.GEOM_SPHERE: ("sphere", (first, first, first)),
        client.GEOM_BOX: ("box", (first / 2, second / 2, third / 2)),
        client.GEOM_CYLINDER: ("cylinder", (second, second, first / 2)),
        client.GEOM_CAPSULE: ("capsule", (second, second, first / 2 + second)),
    }.get(kind, ("", ()))
    if not name:
        return None
    own = inertial.after(_motion(*data[5:7]))
    return Shape("", name, own.translation, own.tensor(np.diag(np.square(half_sizes))))


def _closures(client: Any, body: int, inertial: Sequence[RigidMotion]) -> tuple[list[Closure], list[str]]:
    """What holds links of the body together; and what else constrains it, in words."""
    closures, missed = [], []
    kinds = {client.JOINT_POINT2POINT: "connect", client.JOINT_FIXED: "weld"}
    for i in range(client.getNumConstraints()):
        identity = client.getConstraintUniqueId(i)
        parent, first, child, second, kind, _, *pivots = client.getConstraintInfo(identity)[:8]
        if parent == child == body and kind in kinds:
            links = first + 1, second + 1
            # Apart, where the body has been put into a pose that does not close the chain.
            here, there = (inertial[k].point(np.array(pivot)) for k, pivot in zip(links, pivots, strict=True))
            closures.append(Closure(links, here, kinds[kind], there))
        elif body in (parent, child):
            to = "between its own links" if parent == child else "to what is no part of the robot"
            missed.append(f"constraint {identity} of Bullet's type {kind} {to}")
    return closures, missed
