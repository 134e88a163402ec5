"""The geometry of a robot in a MuJoCo model."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from sb3_memaug.robots.mujoco_actuators import interval, read_actuators
from sb3_memaug.robots.mujoco_base import base_joint
from sb3_memaug.symmetry.geometry import UNLIMITED, Body, Closure, Joint, RobotGeometry, Shape
from sb3_memaug.symmetry.rigid_motion import RigidMotion

_SLIDE, _HINGE = int(mujoco.mjtJoint.mjJNT_SLIDE), int(mujoco.mjtJoint.mjJNT_HINGE)
#: Have no size, and are the ground rather than a part of a robot.
_GROUND = (int(mujoco.mjtGeom.mjGEOM_PLANE), int(mujoco.mjtGeom.mjGEOM_HFIELD))


def mujoco_geometry(model: Any) -> RobotGeometry:
    """
    The robot that :func:`~sb3_memaug.robots.mujoco_base.base_joint` finds: if it floats, all that hangs on its base,
    seen from that body's frame; else everything that hangs on the world, seen from the world. All joints stand as in
    the model's ``qpos0``.

    Surfaces are the geoms that can collide, meshes by their bounding boxes. Actuators of tendons, sites and bodies,
    couplings of joints, and bodies that are moved from outside (mocap) are left out, and of a spring only how far it is
    deflected is known, not in which direction.

    :param model: ``mujoco.MjModel``, which stays as it is
    :return: the robot
    :raises ValueError: if a ball joint moves one of its bodies
    """
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    free = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)
    first = base_joint(model) if model.njnt else -1
    base = int(model.jnt_bodyid[first]) if first in free else 0
    roots = model.body_rootid
    members = roots == base if base else model.body_mocapid[roots] < 0
    index = {int(body): i for i, body in enumerate(np.flatnonzero(members))}
    frame = RigidMotion(data.xmat[base].reshape(3, 3), data.xpos[base]).inverse()
    joints = _joints(model, data, frame, [int(j) for j in np.flatnonzero(members[model.jnt_bodyid]) if j not in free])
    shapes = _shapes(model, data, frame)
    bodies = []
    for body in index:
        inertial = frame.after(RigidMotion(data.ximat[body].reshape(3, 3), data.xipos[body]))
        bodies.append(
            Body(
                model.body(body).name or f"body_{body}",
                -1 if body == base else index[int(model.body_parentid[body])],
                frame.point(data.xpos[body]),
                float(model.body_mass[body]),
                inertial.translation,
                inertial.tensor(np.diag(model.body_inertia[body])),
                [joint for j, joint in joints.items() if model.jnt_bodyid[j] == body],
                [shape for g, shape in shapes.items() if model.geom_bodyid[g] == body],
            )
        )
    return RobotGeometry.from_bodies(
        model.names.split(b"\0")[0].decode(),
        bodies,
        read_actuators(model, joints),
        _closures(model, data, frame, index),
        floating=base > 0,
        poses={
            model.key(k).name or f"key_{k}": {
                joint.name: float(model.key_qpos[k, model.jnt_qposadr[j]]) for j, joint in joints.items()
            }
            for k in range(model.nkey)
        },
    )


def _joints(model: Any, data: Any, frame: RigidMotion, indices: list[int]) -> dict[int, Joint]:
    joints = {}
    for j in indices:
        name = model.joint(j).name or f"joint_{j}"
        kind = {_HINGE: "hinge", _SLIDE: "slide"}.get(int(model.jnt_type[j]))
        if kind is None:
            raise ValueError(f"expected hinges and slides, got the ball joint {name!r}: use three hinges in its place")
        dof, q = model.jnt_dofadr[j], model.jnt_qposadr[j]
        properties = {
            "armature": model.dof_armature[dof],
            "damping": model.dof_damping[dof],
            "frictionloss": model.dof_frictionloss[dof],
            "stiffness": model.jnt_stiffness[j],
        }
        if model.jnt_stiffness[j]:
            properties["spring deflection"] = abs(model.qpos_spring[q] - model.qpos0[q])
        if model.jnt_actfrclimited[j]:
            properties["effort"] = abs(model.jnt_actfrcrange[j]).max()
        joints[j] = Joint(
            name,
            kind,
            frame.point(data.xanchor[j]),
            frame.vector(data.xaxis[j]),
            float(model.qpos0[q]),
            interval(model.jnt_range[j]) if model.jnt_limited[j] else UNLIMITED,
            {key: float(value) for key, value in properties.items()},
        )
    return joints


def _shapes(model: Any, data: Any, frame: RigidMotion) -> dict[int, Shape]:
    solid = (model.geom_contype != 0) | (model.geom_conaffinity != 0)
    solid[np.concatenate((model.pair_geom1, model.pair_geom2))] = True
    shapes = {}
    for g in np.flatnonzero(solid & ~np.isin(model.geom_type, _GROUND)):
        motion = frame.after(RigidMotion(data.geom_xmat[g].reshape(3, 3), data.geom_xpos[g]))
        centre, half_size = model.geom_aabb[g, :3], model.geom_aabb[g, 3:]
        shapes[int(g)] = Shape(
            model.geom(g).name,
            mujoco.mjtGeom(model.geom_type[g]).name.removeprefix("mjGEOM_").lower(),
            motion.point(centre),
            motion.tensor(np.diag(half_size**2)),
        )
    return shapes


def _closures(model: Any, data: Any, frame: RigidMotion, index: dict[int, int]) -> list[Closure]:
    closures = []
    # Older versions only hold bodies together, not sites.
    kinds = getattr(model, "eq_objtype", np.full(model.neq, int(mujoco.mjtObj.mjOBJ_BODY)))
    for e in range(model.neq):
        first, second = int(model.eq_obj1id[e]), int(model.eq_obj2id[e])
        connects = model.eq_type[e] == mujoco.mjtEq.mjEQ_CONNECT
        if not model.eq_active0[e] or not (connects or model.eq_type[e] == mujoco.mjtEq.mjEQ_WELD):
            continue
        if kinds[e] == mujoco.mjtObj.mjOBJ_SITE:
            where = data.site_xpos[first]
            first, second = int(model.site_bodyid[first]), int(model.site_bodyid[second])
        else:
            # Both keep their anchor first; that of a weld lies in its second body.
            origin = first if connects else second
            where = data.xpos[origin] + data.xmat[origin].reshape(3, 3) @ model.eq_data[e, :3]
        if first in index and second in index:
            closures.append(Closure((index[first], index[second]), frame.point(where)))
    return closures
