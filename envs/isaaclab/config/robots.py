"""The robots: Isaac Lab's own, or the same from files of the user."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from os import PathLike

from isaaclab.actuators import ImplicitActuatorCfg
from isaaclab.assets import ArticulationCfg
from isaaclab.utils import clone
from isaaclab_assets.robots.anymal import ANYDRIVE_3_SIMPLE_ACTUATOR_CFG, ANYMAL_D_CFG
from isaaclab_assets.robots.unitree import G1_MINIMAL_CFG

from ..urdf import FEET
from ..usd import find_usd, joint_names

ANYMAL_D_MOTORS = ".*(HAA|HFE|KFE)"
#: Names of the groups of joints of a G1: with 29, 37 as Isaac Lab has it, or 43 joints.
G1_LEGS = ".*_(hip|knee)_.*"
G1_TORSO = "torso_joint|waist_.*"
G1_ANKLES = ".*_ankle_.*"
G1_ARMS = ".*_(shoulder|elbow|wrist)_.*"
G1_FINGERS = ".*_(zero|one|two|three|four|five|six)_joint|.*_hand_.*"

_G1_GROUPS = {"legs": f"{G1_LEGS}|{G1_TORSO}", "feet": G1_ANKLES, "arms": f"{G1_ARMS}|{G1_FINGERS}"}
_G1_STIFFNESS = {
    ".*_hip_(yaw|roll)_joint": 150.0,
    f".*_hip_pitch_joint|.*_knee_joint|{G1_TORSO}": 200.0,
    G1_ANKLES: 20.0,
    _G1_GROUPS["arms"]: 40.0,
}
_G1_DAMPING = {_G1_GROUPS["legs"]: 5.0, G1_ANKLES: 2.0, _G1_GROUPS["arms"]: 10.0}
_G1_ARMATURE = {f"{_G1_GROUPS['legs']}|{G1_ANKLES}|{G1_ARMS}": 0.01, G1_FINGERS: 0.001}
_G1_EFFORT = {"legs": 300.0, "feet": 20.0, "arms": 300.0}
_G1_POSE = {
    ".*_hip_pitch_joint": -0.20,
    ".*_knee_joint": 0.42,
    ".*_ankle_pitch_joint": -0.23,
    ".*_elbow_joint|.*_elbow_pitch_joint": 0.87,
    "left_shoulder_roll_joint": 0.16,
    "right_shoulder_roll_joint": -0.16,
    ".*_shoulder_pitch_joint": 0.35,
    "left_one_joint": 1.0,
    "right_one_joint": -1.0,
    "left_two_joint": 0.52,
    "right_two_joint": -0.52,
}


def anymal_d(file: str | PathLike[str] | None = None) -> ArticulationCfg:
    """Configure an ANYmal D.

    Args:
        file: Path of a USD or URDF file. By default Isaac Lab's USD and actuator network, which are downloaded; with a
            file the motors are DC motors.

    Returns:
        The robot.
    """
    robot = _robot(ANYMAL_D_CFG, height=0.65)
    if file is not None:
        _from_file(robot, str(find_usd(file, joints=ANYMAL_D_MOTORS)))
        robot.actuators = {"legs": clone(ANYDRIVE_3_SIMPLE_ACTUATOR_CFG)}
    for motors in robot.actuators.values():
        # Files of the same robot tell 7.5 or 8.5 rad/s; these are the motors that are simulated.
        motors.joint_velocity_limit = motors.actuator_velocity_limit
    return robot


def g1(file: str | PathLike[str] | None = None) -> ArticulationCfg:
    """Configure a Unitree G1.

    Args:
        file: Path of a USD or URDF file, of a robot with fingers or without. By default Isaac Lab's USD of a robot with
            37 joints, which is downloaded.

    Returns:
        The robot.
    """
    robot = _robot(G1_MINIMAL_CFG, height=0.74)
    if file is not None:
        # Where the waist is stiff, the torso stays a body, which falls and payloads refer to.
        usd = find_usd(file, keep=f"{FEET}|torso_link")
        _from_file(robot, str(usd))
        names = joint_names(usd)
        robot.actuators = g1_actuators(names)
        robot.init_state.joint_pos = by_name(_G1_POSE, names)
    return robot


def g1_actuators(names: Sequence[str]) -> dict[str, ImplicitActuatorCfg]:
    """Give the joints of a G1 the motors that Isaac Lab's has.

    Args:
        names: Of the joints.

    Returns:
        The actuators.
    """
    return {
        group: ImplicitActuatorCfg(
            joint_names_expr=members,
            joint_effort_limit=_G1_EFFORT[group],
            stiffness=by_name(_G1_STIFFNESS, members),
            damping=by_name(_G1_DAMPING, members),
            armature=by_name(_G1_ARMATURE, members),
        )
        for group, pattern in _G1_GROUPS.items()
        if (members := [name for name in names if re.fullmatch(pattern, name)])
    }


def by_name(numbers: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """Tell numbers by name: Isaac Lab allows no regular expression that matches nothing.

    Args:
        numbers: By regular expressions.
        names: Which the expressions match or not.

    Returns:
        The numbers by those names that an expression matches all of.
    """
    return {name: number for name in names for pattern, number in numbers.items() if re.fullmatch(pattern, name)}


def _robot(known: ArticulationCfg, height: float) -> ArticulationCfg:
    robot = clone(known)
    robot.prim_path = "{ENV_REGEX_NS}/Robot"
    robot.init_state.pos = (0.0, 0.0, height)
    return robot


def _from_file(robot: ArticulationCfg, usd: str) -> None:
    robot.spawn.usd_path = usd
    # Converted shapes are hulls, which overlap where parts meet.
    physx, newton = robot.spawn.articulation_props
    physx.enabled_self_collisions = newton.self_collision_enabled = False
