"""Actuators of a MuJoCo model, and what makes its joints depend on one another: equalities, tendons, closed chains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from sb3_memaug.robots.mujoco.trees import bodies_held, holds_sites, tendon_bodies, tendon_joints
from sb3_memaug.symmetry.derivation.geometry import UNLIMITED, Actuator, Closure, Coupling, Joint
from sb3_memaug.symmetry.frames import RigidMotion

#: Transmissions to a joint.
_TO_JOINT = (int(mujoco.mjtTrn.mjTRN_JOINT), int(mujoco.mjtTrn.mjTRN_JOINTINPARENT))


def driven_part(model: Any, i: int, joints: Mapping[int, Joint], tendons: Mapping[int, str]) -> str | None:
    """
    :param model: ``mujoco.MjModel``
    :param i: index of an actuator
    :param joints: of the robot, by their index in the model
    :param tendons: names of fixed tendons of the robot, by their index in the model
    :return: name of the joint or the tendon that the actuator drives with one control; None for all others
    """
    # MuJoCo 4 knows actuators with several controls.
    if getattr(model, "actuator_ctrlnum", np.ones(i + 1))[i] != 1:
        return None
    kind, target = int(model.actuator_trntype[i]), int(model.actuator_trnid[i, 0])
    if kind in _TO_JOINT and target in joints:
        return joints[target].name
    return tendons.get(target) if kind == int(mujoco.mjtTrn.mjTRN_TENDON) else None


def read_actuators(model: Any, joints: Mapping[int, Joint], tendons: Mapping[int, str] | None = None) -> list[Actuator]:
    """
    Those with one control, named after their joint or tendon where they have no name.

    :param model: ``mujoco.MjModel``
    :param joints: of the robot, by their index in the model
    :param tendons: names of fixed tendons, by their index in the model
    :return: what drives them
    """
    # MuJoCo 4 knows actuators with several controls and forces; one that drives a joint has one force.
    count = getattr(model, "nactuator", model.nu)
    controls = getattr(model, "actuator_ctrladr", np.arange(count))
    forces = getattr(model, "actuator_outadr", np.arange(count))
    taken = {model.actuator(i).name for i in range(count)}
    actuators = []
    for i in range(count):
        driven = driven_part(model, i, joints, tendons or {})
        if driven is None:
            continue
        name = model.actuator(i).name or (driven if driven not in taken else f"actuator_{i}")
        taken.add(name)
        control = controls[i]
        # With a negative gain it pushes the other way.
        direction = -1 if model.actuator_gainprm[i, 0] < 0 else 1
        actuators.append(
            Actuator(
                name,
                driven,
                direction * float(model.actuator_gear[forces[i], 0]),
                interval(model.actuator_ctrlrange[control]) if model.actuator_ctrllimited[control] else UNLIMITED,
                interval(direction * model.actuator_forcerange[i]) if model.actuator_forcelimited[i] else UNLIMITED,
                _actuator_properties(model, i),
                _control_per_angle(model, i, float(model.actuator_gear[forces[i], 0])),
            )
        )
    return actuators


def _control_per_angle(model: Any, i: int, gear: float) -> float:
    """Of a servo, whose force is ``gain · control + bias[1] · gear · angle``; 0 for others."""
    gain, feedback = model.actuator_gainprm[i, 0], model.actuator_biasprm[i, 1]
    affine = model.actuator_biastype[i] == mujoco.mjtBias.mjBIAS_AFFINE
    return float(-feedback * gear / gain) if affine and gain else 0.0


def _actuator_properties(model: Any, i: int) -> dict[str, float]:
    """Sizes of the parameters, whatever they mean to its kind of actuator: a mirror changes at most their sign."""
    properties = {}
    for what in ("gain", "bias", "dyn"):
        properties[f"{what} type"] = float(getattr(model, f"actuator_{what}type")[i])
        parameters = getattr(model, f"actuator_{what}prm")[i]
        properties |= {f"{what} {k}": float(abs(value)) for k, value in enumerate(parameters) if value}
    # New in MuJoCo 4.
    for what in ("armature", "damping"):
        properties[what] = float(getattr(model, f"actuator_{what}", np.zeros(model.nu))[i])
    return properties


def interval(limits: np.ndarray) -> tuple[float, float]:
    """
    :param limits: two, in any order
    :return: the lower and the higher one
    """
    return float(limits.min()), float(limits.max())


_WELD, _JOINT, _TENDON = (int(getattr(mujoco.mjtEq, f"mjEQ_{kind}")) for kind in ("WELD", "JOINT", "TENDON"))


def read_couplings(
    model: Any, joints: Mapping[int, Joint], members: Mapping[int, int]
) -> tuple[list[Coupling], list[str]]:
    """
    :param model: ``mujoco.MjModel``
    :param joints: of the robot, by their index in the model
    :param members: bodies of the robot, by their index in the model
    :return: active equalities between joints or fixed tendons, and the fixed tendons themselves; and what else there is
        that is not compared, in words
    """
    tendons: dict[int, Coupling] = {}
    missed: list[str] = []
    for t in range(model.ntendon):
        name = tendon_name(model, t, joints)
        along = tendon_joints(model, t)
        if along is None or not all(joint in joints for joint in along):
            if any(body in members for body in tendon_bodies(model, t)):
                where = "runs through space" if along is None else "joins what is no hinge or slide of the robot"
                missed.append(f"tendon {model.tendon(t).name or t}, which {where}")
            continue
        tendons[t] = _tendon(model, t, name, [joints[j] for j in along])
    couplings = list(tendons.values())
    for e in range(model.neq):
        kind = int(model.eq_type[e])
        if not model.eq_active0[e] or bodies_held(model, e) is not None:
            continue
        name = model.equality(e).name or f"equality_{e}"
        known: Mapping[int, Joint | Coupling] = joints if kind == _JOINT else tendons
        ends = [int(end) for end in (model.eq_obj1id[e], model.eq_obj2id[e]) if end >= 0]
        if kind in (_JOINT, _TENDON) and ends and all(end in known for end in ends):
            polynomial = tuple(float(value) for value in model.eq_data[e, :5])
            if len(ends) == 1:
                polynomial = polynomial[:1]
            couplings.append(Coupling("equality", tuple(known[end].name for end in ends), polynomial, name))
        elif kind not in (_JOINT, _TENDON) or any(end in known for end in ends):
            missed.append(f"equality {name} ({mujoco.mjtEq(kind).name.removeprefix('mjEQ_').lower()})")
    return couplings, missed


def tendon_name(model: Any, tendon: int, joints: Mapping[int, Joint]) -> str:
    """
    :param model: ``mujoco.MjModel``
    :param tendon: index of a tendon
    :param joints: of the robot, by their index in the model
    :return: what the tendon is called, unlike any joint
    """
    name = model.tendon(tendon).name or f"tendon_{tendon}"
    return f"tendon {name}" if any(joint.name == name for joint in joints.values()) else name


def _tendon(model: Any, t: int, name: str, joints: list[Joint]) -> Coupling:
    first = int(model.tendon_adr[t])
    coefficients = [float(value) for value in model.wrap_prm[first : first + len(joints)]]
    summed: dict[str, float] = {}
    for joint, coefficient in zip(joints, coefficients, strict=True):
        summed[joint.name] = summed.get(joint.name, 0.0) + coefficient
    length = sum(c * joint.angle for joint, c in zip(joints, coefficients, strict=True))
    low, high = interval(model.tendon_range[t]) if model.tendon_limited[t] else UNLIMITED
    properties = {
        what: float(np.ravel(getattr(model, f"tendon_{what}")[t])[0])
        for what in ("stiffness", "damping", "frictionloss", "armature")
        if hasattr(model, f"tendon_{what}")
    }
    slack, taut = (float(value) - length for value in model.tendon_lengthspring[t])
    if getattr(model, "tendon_actfrclimited", np.zeros(model.ntendon))[t]:
        properties["effort"] = float(abs(model.tendon_actfrcrange[t]).max())
    return Coupling(
        "tendon",
        tuple(summed),
        tuple(summed.values()),
        name,
        (low - length, high - length),
        (slack, taut) if properties["stiffness"] else (0.0, 0.0),
        properties,
        length,
        tuple(read_actuators(model, {}, {t: name})),
    )


def read_closures(
    model: Any, data: Any, frame: RigidMotion, members: Mapping[int, int]
) -> tuple[list[Closure], list[str]]:
    """
    :param model: ``mujoco.MjModel``
    :param data: of it, with the bodies in their places
    :param frame: from the world to the robot's base
    :param members: positions of the robot's bodies in its list, by their index in the model
    :return: where active equalities hold two bodies of the robot together; and what they hold to something else, in
        words
    """
    closures, missed = [], []
    for e in range(model.neq):
        held = bodies_held(model, e)
        if held is None or not model.eq_active0[e] or not any(body in members for body in held):
            continue
        kind = "weld" if model.eq_type[e] == _WELD else "connect"
        if not all(body in members for body in held):
            ours, other = held if held[0] in members else held[::-1]
            names = [model.body(body).name or f"body_{body}" for body in (ours, other)]
            missed.append(f"the {kind} that holds {names[0]} to {names[1]}, which is no part of the robot")
            continue
        if holds_sites(model, e):
            places = [data.site_xpos[site] for site in (model.eq_obj1id[e], model.eq_obj2id[e])]
        else:
            # The anchor of a connect is given in its first body and then in its second, that of a weld the other way.
            told = [model.eq_data[e, :3], model.eq_data[e, 3:6]][:: -1 if kind == "weld" else 1]
            places = [data.xpos[b] + data.xmat[b].reshape(3, 3) @ p for b, p in zip(held, told, strict=True)]
        here, there = (frame.point(place) for place in places)
        closed = np.linalg.norm(here - there) < 1e-9
        closures.append(Closure((members[held[0]], members[held[1]]), here, kind, None if closed else there))
    return closures, missed
