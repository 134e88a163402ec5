"""The actuators of a MuJoCo model that drive a joint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from sb3_memaug.symmetry.geometry import UNLIMITED, Actuator, Joint

#: Transmissions to a joint.
_TO_JOINT = (int(mujoco.mjtTrn.mjTRN_JOINT), int(mujoco.mjtTrn.mjTRN_JOINTINPARENT))


def read_actuators(model: Any, joints: Mapping[int, Joint]) -> list[Actuator]:
    """
    Those with one control, named after their joint where they have no name.

    :param model: ``mujoco.MjModel``
    :param joints: of the robot, by their index in the model
    :return: what drives them
    """
    # MuJoCo 4 knows actuators with several controls and forces; one that drives a joint has one force.
    count = getattr(model, "nactuator", model.nu)
    controls = getattr(model, "actuator_ctrladr", np.arange(count))
    counts = getattr(model, "actuator_ctrlnum", np.ones(count))
    forces = getattr(model, "actuator_outadr", np.arange(count))
    taken = {model.actuator(i).name for i in range(count)}
    actuators = []
    for i in range(count):
        joint = joints.get(int(model.actuator_trnid[i, 0]))
        if joint is None or int(model.actuator_trntype[i]) not in _TO_JOINT or counts[i] != 1:
            continue
        name = model.actuator(i).name or (joint.name if joint.name not in taken else f"actuator_{i}")
        taken.add(name)
        control = controls[i]
        # With a negative gain it pushes the other way.
        direction = -1 if model.actuator_gainprm[i, 0] < 0 else 1
        actuators.append(
            Actuator(
                name,
                joint.name,
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
