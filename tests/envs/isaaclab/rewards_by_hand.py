"""The rewards of the eight tasks and the ends of their episodes, written down from their definitions, in NumPy."""

from __future__ import annotations

from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

from .raw_steps import RawSteps
from .simulated import FILES

#: s
PHYSICS_DT, STEP_DT = 0.005, 0.02
SIDES = ("left", "right")
#: rad
ANYMAL_POSE = {f"{leg}_{joint}": angle for leg, front in (("LF", 1), ("RF", 1), ("LH", -1), ("RH", -1))
               for joint, angle in (("HAA", 0.0), ("HFE", 0.4 * front), ("KFE", -0.8 * front))}  # fmt: skip
G1_POSE = {
    f"{side}_{joint}_joint": angle * (-1 if joint == "shoulder_roll" and side == "right" else 1)
    for side in SIDES
    for joint, angle in (
        ("hip_pitch", -0.20), ("knee", 0.42), ("ankle_pitch", -0.23),
        ("shoulder_pitch", 0.35), ("shoulder_roll", 0.16), ("elbow", 0.87),
    )
}  # fmt: skip


class Seen(NamedTuple):
    """
    What is known of a control step beside what the simulator holds, a row for each environment.

    :param action: that it was given
    :param last_action: the one before, zeros at the beginning of an episode
    :param command: as the policy observed it before the step
    :param left: s, of the episode
    :param to_target: m, from the base to the target in the world; for position tracking
    :param failed: joints that have failed, (envs, joints)
    """

    action: np.ndarray
    last_action: np.ndarray
    command: np.ndarray
    left: np.ndarray
    to_target: np.ndarray
    failed: np.ndarray


def rewards_by_hand(task: str, joints: list[str], raw: RawSteps, seen: Seen) -> dict[str, np.ndarray]:
    """
    :param task: robot and goal, as ``"G1-Velocity"``
    :param joints: names, in order
    :param raw: physics steps
    :param seen: the rest
    :return: terms by name, without their weights; first those of both robots
    """
    robot, goal = task.split("-")
    before, now = raw.steps[-2], raw.steps[-1]
    anymal, base = robot == "AnymalD", 0
    forces = np.max([np.linalg.norm(step.forces, axis=-1) for step in raw.steps], axis=0)
    feet = raw.bodies("_FOOT" if anymal else "_ankle_roll_link")
    assert len(feet) == (4 if anymal else 2)

    def in_base(vectors: np.ndarray) -> np.ndarray:
        return np.einsum("eji,ej->ei", now.turns[:, base], vectors)

    world_velocity, world_turning = np.split(now.motions[:, base], 2, axis=-1)
    velocity, turning = in_base(world_velocity), in_base(world_turning)
    down = in_base(np.tile((0.0, 0.0, -1.0), (len(velocity), 1)))
    accelerations = (now.motions - before.motions) / PHYSICS_DT
    joint_accelerations = (now.velocities - before.velocities) / PHYSICS_DT
    asked, given = _torques(anymal, joints, raw, seen)
    stepping = np.linalg.norm(seen.command[:, :2], axis=1) > 0.1
    pose = np.array([(ANYMAL_POSE if anymal else G1_POSE).get(name, 0.0) for name in joints])
    away = now.positions - pose

    terms = {
        "lin_vel_z": velocity[:, 2] ** 2,
        "flat_orientation": (down[:, :2] ** 2).sum(axis=1),
        "action_rate": ((seen.action - seen.last_action) ** 2).sum(axis=1),
        "ang_vel_xy": (turning[:, :2] ** 2).sum(axis=1),
    }
    if goal == "Velocity":
        if anymal:
            xy, yaw_rate = velocity[:, :2], turning[:, 2]
        else:
            heading = np.arctan2(now.turns[:, base, 1, 0], now.turns[:, base, 0, 0])
            cos, sin = np.cos(heading), np.sin(heading)
            x, y = world_velocity[:, 0], world_velocity[:, 1]
            xy, yaw_rate = np.stack((cos * x + sin * y, cos * y - sin * x), axis=1), world_turning[:, 2]
        terms["track_lin_vel_xy"] = np.exp(-((seen.command[:, :2] - xy) ** 2).sum(axis=1) / 0.25)
        terms["track_ang_vel_z"] = np.exp(-((seen.command[:, 2] - yaw_rate) ** 2) / 0.25)
    else:
        distance = np.linalg.norm(seen.to_target, axis=1)
        speed = np.linalg.norm(world_velocity[:, :2], axis=1)
        late = seen.left < 3.0 + 1e-3
        cosine = (world_velocity[:, :2] * seen.to_target).sum(axis=1) / (speed * distance)
        fastest = np.full(len(joints), 7.5) if anymal else _limits(joints)["velocity"]
        terms |= {
            "position_tracking": (1.0 - 0.5 * distance) * late / 3.0,
            "exploration": cosine,
            "stalling": ((distance > 0.25) & (speed < 0.2)).astype(float),
            "stand_still": (away**2).sum(axis=1) * (late & (distance <= 0.1)),
            "applied_torque_limits": np.abs(asked - given).sum(axis=1),
            "joint_vel": (now.velocities**2).sum(axis=1),
            "joint_vel_limits": np.clip(np.abs(now.velocities) - 0.9 * fastest, 0.0, 1.0).sum(axis=1),
            "contact_forces": np.maximum(forces[:, feet] - 700.0, 0.0).sum(axis=1),
        }

    def first_touch() -> np.ndarray:
        # It has come in one of the four physics steps.
        return (raw.ground[:, feet] > 0) & (raw.ground[:, feet] < STEP_DT + PHYSICS_DT / 2)

    if anymal:
        limbs = forces[:, raw.bodies("_THIGH", "_SHANK")]
        linear, angular = accelerations[:, base, :3], accelerations[:, base, 3:]
        terms |= {
            "joint_torques": (now.torques**2).sum(axis=1),
            "joint_acc": (joint_accelerations**2).sum(axis=1),
            "undesired_contacts": (forces[:, raw.bodies("_THIGH")] > 1.0).sum(axis=1).astype(float),
            "collision": np.where(limbs > 1.0, np.maximum(limbs, 200.0) / 200.0, 0.0).sum(axis=1),
            "feet_air_time": ((raw.last_air[:, feet] - 0.5) * first_touch()).sum(axis=1) * stepping,
            "base_acceleration": (linear**2).sum(axis=1) + 0.02 * (angular**2).sum(axis=1),
            "feet_acceleration": np.linalg.norm(accelerations[:, feet, :3], axis=-1).sum(axis=1),
        }
    else:

        def chosen(*parts: str) -> list[int]:
            return [i for i, name in enumerate(joints) if any(part in name for part in parts)]

        legs, ankles = chosen("_hip_", "_knee_"), chosen("_ankle_")
        assert (len(legs), len(ankles)) == (8, 4)
        limits = _limits(joints)
        middle, reach = (limits["upper"] + limits["lower"]) / 2, 0.9 * (limits["upper"] - limits["lower"]) / 2
        touching = raw.ground[:, feet] > 0
        since = np.where(touching, raw.ground[:, feet], raw.air[:, feet]).min(axis=1)
        sliding = np.linalg.norm(now.motions[:, feet, :2], axis=-1) * (forces[:, feet] > 1.0)
        terms |= {
            "joint_torques": (now.torques[:, legs] ** 2).sum(axis=1),
            "joint_acc": (joint_accelerations[:, legs] ** 2).sum(axis=1),
            "joint_limits": np.maximum(np.abs(now.positions - middle) - reach, 0.0)[:, ankles].sum(axis=1),
            "hip_deviation": np.abs(away[:, chosen("_hip_yaw_", "_hip_roll_")]).sum(axis=1),
            "arms_deviation": np.abs(away[:, chosen("_shoulder_", "_elbow_", "_wrist_")]).sum(axis=1),
            "torso_deviation": np.abs(away[:, chosen("waist_")]).sum(axis=1),
            "feet_slide": sliding.sum(axis=1),
            "feet_air_time": np.minimum(since * (touching.sum(axis=1) == 1), 0.4) * stepping,
        }
    terms["termination"] = falls_by_hand(task, raw).astype(float)
    return terms


def falls_by_hand(task: str, raw: RawSteps) -> np.ndarray:
    """
    :param task: robot and goal
    :param raw: physics steps
    :return: whether the episode of each environment ends before its time
    """
    forces = np.max([np.linalg.norm(step.forces, axis=-1) for step in raw.steps], axis=0)
    if task.startswith("G1"):
        return (forces[:, raw.bodies("torso_link")] > 1.0).any(axis=1)
    fallen = forces[:, raw.body_names.index("base")] > 1.0
    if task.endswith("Velocity"):
        return fallen
    return fallen | (forces[:, raw.bodies("_FOOT")] > 1500.0).any(axis=1) | (forces > 5000.0).any(axis=1)


def _torques(anymal: bool, joints: list[str], raw: RawSteps, seen: Seen) -> tuple[np.ndarray, np.ndarray]:
    """What motors are asked for in the last physics step and what they give, (envs, joints) each."""
    before = raw.steps[-2]
    pose = np.array([(ANYMAL_POSE if anymal else G1_POSE).get(name, 0.0) for name in joints])
    motors = np.array([(40.0, 5.0, 80.0) if anymal else _g1_motor(name) for name in joints])
    stiffness, damping, strongest = motors.T
    asked = stiffness * (pose + 0.5 * seen.action - before.positions) - damping * before.velocities
    low, high = -strongest, strongest
    if anymal:
        speed = np.clip(before.velocities / 7.5, -5 / 3, 5 / 3)
        low, high = np.maximum(low, 120.0 * (-1.0 - speed)), np.minimum(high, 120.0 * (1.0 - speed))
    dead = seen.failed
    return np.where(dead, 0.0, asked), np.where(dead, 0.0, np.clip(asked, low, high))


def torques_by_hand(task: str, joints: list[str], raw: RawSteps, seen: Seen) -> np.ndarray:
    """
    :return: what the motors give in the last physics step, (envs, joints)
    """
    return _torques(task.startswith("AnymalD"), joints, raw, seen)[1]


def _g1_motor(name: str) -> tuple[float, float, float]:
    """Stiffness, damping and the strongest torque."""
    if "_ankle_" in name:
        return 20.0, 2.0, 20.0
    if any(part in name for part in ("_hip_yaw_", "_hip_roll_")):
        return 150.0, 5.0, 300.0
    if any(part in name for part in ("_hip_pitch_", "_knee_", "waist_")):
        return 200.0, 5.0, 300.0
    return 40.0, 10.0, 300.0


def _limits(joints: list[str]) -> dict[str, np.ndarray]:
    """Of the G1's joints, as its file tells them."""
    limits = {joint.get("name"): joint.find("limit") for joint in ElementTree.parse(FILES["G1"]).iter("joint")}
    return {
        what: np.array([float(limits[name].get(what)) for name in joints]) for what in ("lower", "upper", "velocity")
    }
