"""What a file says of a robot: its body alone, which joints are driven and how strongly, and the poses it knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import mujoco

from sb3_memaug.robots.description.mjcf import read_mjcf
from sb3_memaug.robots.description.text import read_robot_text
from sb3_memaug.robots.description.urdf import Mimic
from sb3_memaug.robots.description.urdf_rewrite import urdf_for_mujoco

#: Kinds of joints with one degree of freedom.
SCALAR = (int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE))


class Description(NamedTuple):
    """
    :param spec: ``mujoco.MjSpec`` of the robot alone: nothing of the scene, no actuators, sensors or keyframes
    :param base: name of the body that floats
    :param motors: highest torque in N·m, or force in N, of each joint that is driven; None where the file has none
    :param poses: the keyframes, joint angles by name
    """

    spec: Any
    base: str
    motors: dict[str, float | None]
    poses: dict[str, dict[str, float]]


def read_description(path: Path) -> Description:
    """
    :param path: of an MJCF or URDF file
    :return: the robot, with a floating base and with a name for every part
    :raises ValueError: if the file cannot be read, its base neither floats nor is fixed, or nothing drives it
    """
    text = read_robot_text(path)
    mimics: tuple[Mimic, ...] = ()
    if text.root.tag == "robot":
        given, mimics = urdf_for_mujoco(text)
        text = text._replace(text=given, path=None)
    spec, whole = read_mjcf(text, _name_parts)
    if not spec.worldbody.bodies:
        raise ValueError(f"{path} has no bodies, and so no robot")
    base = _float(spec, whole)
    scalar = [
        whole.joint(j).name
        for j in range(whole.njnt)
        if int(whole.jnt_type[j]) in SCALAR and whole.body_rootid[whole.jnt_bodyid[j]] == whole.body(base).id
    ]
    driven = _torque_limits(whole)
    followers = {mimic.joint for mimic in mimics}
    if not driven:
        driven = {joint: None for joint in scalar if joint not in followers}
    motors = {joint: _least(limit, _joint_limit(whole, joint)) for joint, limit in driven.items() if joint in scalar}
    if not motors:
        raise ValueError(f"nothing drives a joint of the robot in {path}: it has no actuators, and no joints to move")
    poses = {
        whole.key(k).name or f"key_{k}": {
            joint: float(whole.key_qpos[k, whole.jnt_qposadr[whole.joint(joint).id]]) for joint in scalar
        }
        for k in range(whole.nkey)
    }
    _leave_alone(spec, base)
    for mimic in mimics:
        if {mimic.joint, mimic.leader} <= set(scalar):
            follow = spec.add_equality(type=mujoco.mjtEq.mjEQ_JOINT, name1=mimic.joint, name2=mimic.leader)
            follow.data[:2] = mimic.offset, mimic.multiplier
    return Description(spec, base, motors, poses)


def _name_parts(spec: Any) -> None:
    """So that each can be spoken of."""
    for kind, parts in (("body", spec.bodies), ("joint", spec.joints), ("geom", spec.geoms)):
        taken = {part.name for part in parts}
        for i, part in enumerate(parts):
            if not part.name:
                part.name = next(name for name in (f"{kind}_{i}", f"{kind}_{i}_") if name not in taken)


def _float(spec: Any, whole: Any) -> str:
    """Find the base, the body on the world that carries most joints, and let it float if it does not."""
    roots = whole.body_rootid[whole.jnt_bodyid]
    base = max(spec.worldbody.bodies, key=lambda body: int((roots == whole.body(body.name).id).sum()))
    if not base.joints:
        base.add_freejoint(name=f"{base.name}_free")
    elif base.joints[0].type != mujoco.mjtJoint.mjJNT_FREE:
        raise ValueError(
            f"the base {base.name!r} moves by the joints {[joint.name for joint in base.joints]}, and only a base that "
            "floats can walk anywhere: give it a <freejoint/> in their place, or none at all"
        )
    return base.name


def _torque_limits(model: Any) -> dict[str, float | None]:
    limits: dict[str, float | None] = {}
    for a in range(model.nu):
        if model.actuator_trntype[a] != mujoco.mjtTrn.mjTRN_JOINT:
            continue
        limit, gear = None, abs(model.actuator_gear[a, 0])
        if model.actuator_forcelimited[a]:
            limit = abs(model.actuator_forcerange[a]).max() * gear
        elif model.actuator_ctrllimited[a] and model.actuator_biastype[a] == mujoco.mjtBias.mjBIAS_NONE:
            limit = abs(model.actuator_ctrlrange[a] * model.actuator_gainprm[a, 0]).max() * gear
        limits[model.joint(model.actuator_trnid[a, 0]).name] = None if limit is None else float(limit)
    return limits


def _joint_limit(model: Any, name: str) -> float | None:
    joint = model.joint(name).id
    return float(abs(model.jnt_actfrcrange[joint]).max()) if model.jnt_actfrclimited[joint] else None


def _least(*limits: float | None) -> float | None:
    """A limit of zero is none: what URDF files write that know of no other."""
    return min((limit for limit in limits if limit), default=None)


def _leave_alone(spec: Any, base: str) -> None:
    """Take away the scene, and what would contradict the motors and the ground that come instead."""
    world = spec.worldbody
    lights = [light for body in spec.bodies for light in body.lights]
    skies = [texture for texture in spec.textures if texture.type == mujoco.mjtTexture.mjTEXTURE_SKYBOX]
    scene = [*world.geoms, *world.sites, *world.cameras, *lights, *skies]
    rules = [*spec.actuators, *spec.sensors, *spec.keys, *spec.pairs, *spec.excludes, *spec.tuples]
    others = [body for body in world.bodies if body.name != base]
    gone = {name for body in others for name in (body.name, *(part.name for part in body.find_all("body")))}
    rules += [equality for equality in spec.equalities if {equality.name1, equality.name2} & gone]
    for element in (*rules, *scene, *others):
        _delete(spec, element)


def _delete(spec: Any, element: Any) -> None:
    if hasattr(spec, "delete"):
        spec.delete(element)
    elif hasattr(element, "delete"):
        element.delete()
    else:
        # So it was until MuJoCo 3.3.
        spec.detach_body(element)
