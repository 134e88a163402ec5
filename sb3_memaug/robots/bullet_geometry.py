"""The geometry of a robot in PyBullet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sb3_memaug.robots.rotations import rotation_matrix
from sb3_memaug.symmetry.geometry import UNLIMITED, Body, Closure, Joint, RobotGeometry, Shape
from sb3_memaug.symmetry.rigid_motion import RigidMotion


def bullet_geometry(client: Any, body: int) -> RobotGeometry:
    """
    A body as it stands at present, seen from the frame of its base link, or from the world if its base is fixed. What
    it is made of is what the simulator makes of it: unless a URDF file is loaded with ``URDF_USE_INERTIA_FROM_FILE``,
    Bullet computes inertias from the surfaces.

    Surfaces are spheres, boxes, capsules and cylinders; Bullet turns cylinders into meshes unless it is told
    ``URDF_USE_IMPLICIT_CYLINDER``, and meshes are left out. Closures are point-to-point constraints between links of
    the body. There are no actuators: motors belong to whoever controls the body.

    :param client: ``pybullet_utils.bullet_client.BulletClient``, or the module ``pybullet``
    :param body: id of the robot in it; nothing about it changes
    :return: the robot
    :raises ValueError: if a joint is neither revolute, prismatic nor fixed
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
        # Where the link's own frame is, Bullet only tells in single precision.
        inertial.append(seen.after(_motion(*client.getLinkState(body, i, computeForwardKinematics=True)[:2])))
        joints = _joints(client, body, info, inertial[-1])
        bodies.append(_body(client, body, i, info[12].decode(), info[16] + 1, inertial[-1], joints))
    return RobotGeometry.from_bodies(name, bodies, closures=_closures(client, body, inertial), floating=floating)


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
    kinds = {client.JOINT_REVOLUTE: "hinge", client.JOINT_PRISMATIC: "slide"}
    if kind not in kinds:
        raise ValueError(
            f"expected revolute, prismatic and fixed joints, but joint {name!r} is of Bullet's type {kind}"
        )
    damping, friction, lower, upper, effort, velocity = info[6:12]
    inertial_frame = client.getDynamicsInfo(body, index)[3:5]
    return [
        Joint(
            name,
            kinds[kind],
            inertial.after(_motion(*inertial_frame).inverse()).translation,
            # As long as in the file.
            inertial.vector(np.array(info[13]) / np.linalg.norm(info[13])),
            client.getJointState(body, index)[0],
            (lower, upper) if lower < upper else UNLIMITED,
            {"damping": damping, "frictionloss": friction, "effort": effort, "velocity": velocity},
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


def _closures(client: Any, body: int, inertial: Sequence[RigidMotion]) -> list[Closure]:
    closures = []
    for i in range(client.getNumConstraints()):
        parent, first, child, second, kind, _, pivot = client.getConstraintInfo(client.getConstraintUniqueId(i))[:7]
        if parent == child == body and kind == client.JOINT_POINT2POINT:
            closures.append(Closure((first + 1, second + 1), inertial[first + 1].point(np.array(pivot))))
    return closures
