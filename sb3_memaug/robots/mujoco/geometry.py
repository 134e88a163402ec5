"""The geometry of a robot in a MuJoCo model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mujoco
import numpy as np

from sb3_memaug.robots.mujoco.couplings import (
    driven_part,
    interval,
    read_actuators,
    read_closures,
    read_couplings,
    tendon_name,
)
from sb3_memaug.robots.mujoco.trees import RobotTrees, bodies_held, driven_bodies, holds_sites, robot_trees
from sb3_memaug.robots.robot import rotation_matrix
from sb3_memaug.robots.several_axes import ball_hinges, free_axes, hinge_angles
from sb3_memaug.symmetry.derivation.geometry import UNLIMITED, Body, Coupling, Joint, RobotGeometry, Shape
from sb3_memaug.symmetry.frames import RigidMotion

_FREE, _BALL, _SLIDE, _HINGE = (
    int(getattr(mujoco.mjtJoint, f"mjJNT_{kind}")) for kind in ("FREE", "BALL", "SLIDE", "HINGE")
)
#: Have no size, and are the ground rather than a part of a robot.
_GROUND = (int(mujoco.mjtGeom.mjGEOM_PLANE), int(mujoco.mjtGeom.mjGEOM_HFIELD))


def mujoco_geometry(model: Any) -> RobotGeometry:
    """
    The robot that :func:`~sb3_memaug.robots.mujoco.trees.base_joint` finds: if it floats, all that hangs on its base,
    seen from that body's frame; else what hangs on the world and has motors, seen from the world. What is coupled to it
    belongs to it; all else that moves is left aside. All joints stand as in the model's ``qpos0``.

    A ball joint becomes three hinges, and the free joint of a body that is held to the robot three slides and three
    hinges, called ``name:0``, ``name:1`` … A body that is welded to the robot hangs on it without a joint.

    Surfaces are the geoms that can collide, meshes by their bounding boxes. Actuators of sites and bodies and tendons
    that run through space are not compared, and of a joint's spring only how far it is deflected is known, not in which
    direction.

    :param model: ``mujoco.MjModel``, which stays as it is
    :return: the robot
    """
    trees = robot_trees(model)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    members = _members(model, data, trees)
    base = trees.base
    index = {body: i for i, body in enumerate(members)}
    frame = RigidMotion(data.xmat[base].reshape(3, 3), data.xpos[base]).inverse()
    axes = _axes(model, data, frame, members, trees)
    joints = {j: found[0] for j, found in axes.items() if int(model.jnt_type[j]) in (_HINGE, _SLIDE)}
    joints_of: dict[int, list[Joint]] = {}
    for j, found in axes.items():
        joints_of.setdefault(int(model.jnt_bodyid[j]), []).extend(found)
    shapes_of: dict[int, list[Shape]] = {}
    for g, shape in _shapes(model, data, frame, members).items():
        shapes_of.setdefault(int(model.geom_bodyid[g]), []).append(shape)
    bodies = []
    for body, parent in members.items():
        inertial = frame.after(RigidMotion(data.ximat[body].reshape(3, 3), data.xipos[body]))
        bodies.append(
            Body(
                model.body(body).name or f"body_{body}",
                -1 if body == base else index[parent],
                frame.point(data.xpos[body]),
                float(model.body_mass[body]),
                inertial.translation,
                inertial.tensor(np.diag(model.body_inertia[body])),
                joints_of.get(body, []),
                shapes_of.get(body, []),
            )
        )
    couplings, uncoupled = read_couplings(model, joints, index)
    closures, unclosed = read_closures(model, data, frame, index)
    return RobotGeometry.from_bodies(
        model.names.split(b"\0")[0].decode(),
        bodies,
        read_actuators(model, joints),
        closures,
        floating=base > 0,
        poses={model.key(k).name or f"key_{k}": _pose(model, data, k, axes, members) for k in range(model.nkey)},
        couplings=couplings,
        not_compared=[*uncoupled, *unclosed, *_other_actuators(model, index, joints, couplings)],
        left_aside=[model.body(root).name or f"body_{root}" for root in trees.aside],
        joints_aside=[
            model.joint(j).name or f"joint_{j}" for j in range(model.njnt) if int(model.jnt_bodyid[j]) not in index
        ],
    )


def _members(model: Any, data: Any, trees: RobotTrees) -> dict[int, int]:
    """Bodies of the robot and their parents, which come first; what is welded to it is put where the weld holds it."""
    roots, welds = model.body_rootid, _welded(model, trees)
    members = {int(b): int(model.body_parentid[b]) for b in np.flatnonzero(np.isin(roots, list(trees.roots)))}
    for tree, equality in trees.attached.items():
        held = bodies_held(model, equality) if equality >= 0 else None
        ends = [body for body in held or () if body in members]
        if held is not None and tree in welds:
            _put(model, data, tree, equality, held)
        members |= {int(b): int(model.body_parentid[b]) for b in np.flatnonzero(roots == tree)}
        members[tree] = ends[0] if ends else trees.base
    return members


def _welded(model: Any, trees: RobotTrees) -> dict[int, int]:
    """Trees that hang on the robot without a joint, and the welds that hold them by their first body."""
    welds = {}
    for tree, equality in trees.attached.items():
        if equality >= 0 and model.eq_type[equality] == mujoco.mjtEq.mjEQ_WELD:
            if tree in (bodies_held(model, equality) or ()):
                welds[tree] = equality
    return welds


def _put(model: Any, data: Any, tree: int, weld: int, held: tuple[int, int]) -> None:
    """A body that floats where a weld holds it."""
    if holds_sites(model, weld):
        sites = int(model.eq_obj1id[weld]), int(model.eq_obj2id[weld])
        seats = [RigidMotion(rotation_matrix(model.site_quat[s]), model.site_pos[s]) for s in sites]
    else:
        told = model.eq_data[weld]
        turn = told[6:10] / (np.linalg.norm(told[6:10]) or 1.0)
        seats = [RigidMotion(rotation_matrix(turn), told[3:6]), RigidMotion(np.eye(3), told[:3])]
    own = held.index(tree)
    place = _place(data, held[1 - own]).after(seats[1 - own]).after(seats[own].inverse())
    joint = int(model.body_jntadr[tree])
    q = int(model.jnt_qposadr[joint])
    data.qpos[q : q + 3] = place.translation
    mujoco.mju_mat2Quat(data.qpos[q + 3 : q + 7], place.rotation.ravel())
    mujoco.mj_kinematics(model, data)


def _place(data: Any, body: int) -> RigidMotion:
    return RigidMotion(data.xmat[body].reshape(3, 3).copy(), data.xpos[body].copy())


def _axes(
    model: Any, data: Any, frame: RigidMotion, members: Mapping[int, int], trees: RobotTrees
) -> dict[int, list[Joint]]:
    """Hinges and slides of each of the robot's joints, by their index in the model."""
    fixed = {trees.base, *_welded(model, trees)}
    axes: dict[int, list[Joint]] = {}
    for j in range(model.njnt):
        body, kind = int(model.jnt_bodyid[j]), int(model.jnt_type[j])
        if body not in members or (kind == _FREE and body in fixed):
            continue
        name = model.joint(j).name or f"joint_{j}"
        if kind == _FREE:
            axes[j] = free_axes(name, frame.point(data.xpos[body]))
        elif kind == _BALL:
            limit = float(model.jnt_range[j, 1]) if model.jnt_limited[j] else np.inf
            of = [_properties(model, j, int(model.jnt_dofadr[j]) + k) for k in range(3)]
            axes[j] = ball_hinges(name, frame.point(data.xanchor[j]), limit, of)
        else:
            axes[j] = [_joint(model, data, frame, j, name)]
    return axes


def _joint(model: Any, data: Any, frame: RigidMotion, j: int, name: str) -> Joint:
    q = int(model.jnt_qposadr[j])
    properties = _properties(model, j, int(model.jnt_dofadr[j]))
    if model.jnt_stiffness[j]:
        properties["spring deflection"] = float(abs(model.qpos_spring[q] - model.qpos0[q]))
    if model.jnt_actfrclimited[j]:
        properties["effort"] = float(abs(model.jnt_actfrcrange[j]).max())
    return Joint(
        name,
        "hinge" if int(model.jnt_type[j]) == _HINGE else "slide",
        frame.point(data.xanchor[j]),
        frame.vector(data.xaxis[j]),
        float(model.qpos0[q]),
        interval(model.jnt_range[j]) if model.jnt_limited[j] else UNLIMITED,
        properties,
    )


def _properties(model: Any, j: int, dof: int) -> dict[str, float]:
    return {
        "armature": float(model.dof_armature[dof]),
        "damping": float(model.dof_damping[dof]),
        "frictionloss": float(model.dof_frictionloss[dof]),
        "stiffness": float(model.jnt_stiffness[j]),
    }


def _pose(
    model: Any, data: Any, key: int, axes: Mapping[int, Sequence[Joint]], members: Mapping[int, int]
) -> dict[str, float]:
    """Angles in a keyframe."""
    angles: dict[str, float] = {}
    posed = mujoco.MjData(model)
    posed.qpos[:] = model.key_qpos[key]
    mujoco.mj_kinematics(model, posed)
    root = next(iter(members))
    frame = _place(data, root).inverse()
    for j, joints in axes.items():
        q, body = int(model.jnt_qposadr[j]), int(model.jnt_bodyid[j])
        if len(joints) == 1:
            angles[joints[0].name] = float(model.key_qpos[key, q])
            continue
        own = frame.after(_place(data, body))
        if len(joints) == 3:
            # From how its reference turns the body, as the base has it.
            before, now = (rotation_matrix(_unit(values[q : q + 4])) for values in (model.qpos0, model.key_qpos[key]))
            turn = own.rotation @ before.T @ now @ own.rotation.T
            values = hinge_angles(turn)
        else:
            parent = members[body]
            carried = _place(posed, root).inverse().after(_place(posed, parent))
            carried = carried.after(frame.after(_place(data, parent)).inverse())
            moved = carried.inverse().after(_place(posed, root).inverse().after(_place(posed, body)))
            moved = moved.after(own.inverse())
            shift = moved.point(own.translation) - own.translation
            values = (*shift.tolist(), *hinge_angles(moved.rotation))
        angles |= zip((joint.name for joint in joints), values, strict=True)
    return angles


def _unit(quaternion: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(quaternion)
    return quaternion / length if length else np.array((1.0, 0, 0, 0))


def _other_actuators(
    model: Any, members: Mapping[int, int], joints: Mapping[int, Joint], couplings: Sequence[Coupling]
) -> list[str]:
    """What drives the robot otherwise than by its hinges, slides and fixed tendons."""
    tendons = {coupling.name for coupling in couplings if coupling.kind == "tendon"}
    named = {t: name for t in range(model.ntendon) if (name := tendon_name(model, t, joints)) in tendons}
    found = []
    for i in range(getattr(model, "nactuator", model.nu)):
        if driven_part(model, i, joints, named) is None and any(body in members for body in driven_bodies(model, i)):
            name = model.actuator(i).name or f"actuator_{i}"
            kind = mujoco.mjtTrn(int(model.actuator_trntype[i])).name.removeprefix("mjTRN_").lower()
            found.append(f"actuator {name} ({kind})")
    return found


def _shapes(model: Any, data: Any, frame: RigidMotion, members: Mapping[int, int]) -> dict[int, Shape]:
    solid = (model.geom_contype != 0) | (model.geom_conaffinity != 0)
    solid[np.concatenate((model.pair_geom1, model.pair_geom2))] = True
    shapes = {}
    own = np.isin(model.geom_bodyid, list(members))
    for g in np.flatnonzero(solid & own & ~np.isin(model.geom_type, _GROUND)):
        motion = frame.after(RigidMotion(data.geom_xmat[g].reshape(3, 3), data.geom_xpos[g]))
        centre, half_size = model.geom_aabb[g, :3], model.geom_aabb[g, 3:]
        shapes[int(g)] = Shape(
            model.geom(g).name,
            mujoco.mjtGeom(model.geom_type[g]).name.removeprefix("mjGEOM_").lower(),
            motion.point(centre),
            motion.tensor(np.diag(half_size**2)),
        )
    return shapes
