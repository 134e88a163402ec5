"""The actuators of a MuJoCo model that drive a joint or a fixed tendon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from sb3_memaug.symmetry.geometry import UNLIMITED, Actuator, Joint

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
