"""The servos that drive a robot's joints: position control with limited torque."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import mujoco

#: What a torque limit is taken to be where a file has none, and beyond which one is a placeholder: relative to the
#: robot's weight times the length of its legs. Motors of real legged robots have 0.25 to 0.7.
USUAL_STRENGTH, GREATEST_STRENGTH = 0.5, 2.0
#: Stiffness per rad of the strongest motor, relative to the same; with half of it legs buckle under a standing robot.
USUAL_STIFFNESS = 0.75
#: Damping in s, relative to the stiffness.
RELATIVE_DAMPING = 1 / 40

#: A number for all joints, or numbers by the joints' names: regular expressions that match all of a name.
PerJoint = float | Mapping[str, float]


class Servo(NamedTuple):
    """
    Torque is ``clip(stiffness · (target - angle) - damping · velocity, ±torque_limit)``.

    :param joint: that it drives
    :param stiffness: in N·m/rad
    :param damping: in N·m·s/rad
    :param torque_limit: in N·m
    """

    joint: str
    stiffness: float
    damping: float
    torque_limit: float


def choose_servos(
    motors: Mapping[str, float | None],
    weighty_length: float,
    stiffness: PerJoint | None = None,
    damping: PerJoint | None = None,
    torque_limit: PerJoint | None = None,
) -> tuple[Servo, ...]:
    """
    :param motors: torque limits by joint as the file has them, None where it has none
    :param weighty_length: the robot's weight times the length of its legs in N·m
    :param stiffness: in N·m/rad; by default as much as a robot of this weight needs in its strongest motors to stand,
        and in the others in proportion to their torque limits
    :param damping: in N·m·s/rad, in place of a fortieth of the stiffness per s
    :param torque_limit: in N·m, in place of the file's
    :return: a servo for each motor
    :raises ValueError: if a number is not positive, a name matches no motor, two match the same, or the robot has no
        weight or its legs no length
    """
    if not weighty_length > 0:
        raise ValueError(
            "expected legs that have a length, and a robot that has a weight, to choose servos for; their product is "
            f"{weighty_length} N·m"
        )
    names = list(motors)
    limits = by_name("torque_limit", torque_limit, names)
    stiffnesses, dampings = by_name("stiffness", stiffness, names), by_name("damping", damping, names)
    for joint, given in motors.items():
        usable = given is not None and given <= GREATEST_STRENGTH * weighty_length
        limits.setdefault(joint, given if usable else USUAL_STRENGTH * weighty_length)  # type: ignore[arg-type]
    per_torque = USUAL_STIFFNESS * weighty_length / max(limits.values())
    servos = []
    for joint in names:
        kp = stiffnesses.get(joint, per_torque * limits[joint])
        servos.append(Servo(joint, kp, dampings.get(joint, RELATIVE_DAMPING * kp), limits[joint]))
    for servo in servos:
        if not (servo.stiffness > 0 and servo.torque_limit > 0 and servo.damping >= 0):
            raise ValueError(
                f"`stiffness` and `torque_limit` must be positive, and `damping` not negative, got {servo}"
            )
    return tuple(servos)


def by_name(what: str, values: PerJoint | None, names: Sequence[str]) -> dict[str, float]:
    """
    :param what: name of the argument
    :param values: one for all, or by regular expressions that match whole names; None for none
    :param names: of what there is
    :return: the values by name, where one was given
    :raises ValueError: if an expression is none or matches nothing, two match the same name, or a value is no number
    """
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        return dict.fromkeys(names, _finite(what, values))
    found: dict[str, float] = {}
    for pattern, value in values.items():
        try:
            matches = [name for name in names if re.fullmatch(pattern, name)]
        except (re.error, TypeError) as error:
            raise ValueError(f"`{what}` names {pattern!r}, which is no regular expression: {error}") from error
        if not matches:
            raise ValueError(f"`{what}` names {pattern!r}, which matches none of the joints {list(names)}")
        twice = [name for name in matches if name in found]
        if twice:
            raise ValueError(f"`{what}` gives the joint {twice[0]!r} two values: two of {list(values)} match it")
        found.update(dict.fromkeys(matches, _finite(what, value)))
    return found


def _finite(what: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"`{what}` must be a finite number, or finite numbers by names of joints, got {value!r}")
    return float(value)


def add_servos(spec: Any, servos: Sequence[Servo]) -> None:
    """
    A joint whose file knows no rotor inertia gets ``stiffness · timestep²``, which keeps the servo stable on links of
    next to no inertia, and is less than real rotors have.

    :param spec: ``mujoco.MjSpec`` of the robot with its timestep, changed in place
    :param servos: for its joints
    """
    joints = {joint.name: joint for joint in spec.joints}
    for joint, stiffness, damping, limit in servos:
        if not joints[joint].armature:
            joints[joint].armature = stiffness * spec.option.timestep**2
        # All of it is said, as the file's defaults may be of any kind.
        spec.add_actuator(
            name=joint,
            target=joint,
            trntype=mujoco.mjtTrn.mjTRN_JOINT,
            gear=[1, 0, 0, 0, 0, 0],
            dyntype=mujoco.mjtDyn.mjDYN_NONE,
            gaintype=mujoco.mjtGain.mjGAIN_FIXED,
            gainprm=[stiffness, *[0] * 9],
            biastype=mujoco.mjtBias.mjBIAS_AFFINE,
            biasprm=[0, -stiffness, -damping, *[0] * 7],
            ctrllimited=False,
            forcelimited=True,
            forcerange=[-limit, limit],
            inheritrange=0,
        )
