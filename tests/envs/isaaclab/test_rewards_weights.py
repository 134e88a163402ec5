from __future__ import annotations

import re

import pytest

pytest.importorskip("isaaclab")

from isaaclab_assets.robots.unitree import G1_CFG

from sb3_memaug.envs.isaaclab import robots
from sb3_memaug.envs.isaaclab.config import anymal_d, g1


def weights(rewards):
    return {name: term.weight for name, term in vars(rewards).items() if term is not None}


def test_anymal_d_velocity_weights_are_the_papers():
    assert weights(anymal_d.AnymalDVelocityRewardsCfg()) == {
        "track_lin_vel_xy": 1.0,
        "track_ang_vel_z": 0.5,
        "lin_vel_z": -2.0,
        "ang_vel_xy": -0.05,
        "flat_orientation": -5.0,
        "undesired_contacts": -1.0,
        "joint_torques": -2.5e-5,
        "joint_acc": -2.5e-7,
        "action_rate": -0.01,
        "feet_air_time": 0.5,
    }


def test_anymal_d_position_weights_are_the_papers():
    assert weights(anymal_d.AnymalDPositionRewardsCfg()) == {
        "position_tracking": 10.0,
        "lin_vel_z": -2.0,
        "flat_orientation": -1.0,
        "applied_torque_limits": -0.2,
        "joint_vel": -0.001,
        "joint_vel_limits": -1.0,
        "contact_forces": -1.0e-5,
        "collision": -0.5,
        "joint_torques": -1.0e-5,
        "action_rate": -0.01,
        "feet_air_time": 0.1,
        "base_acceleration": -0.001,
        "feet_acceleration": -0.002,
        "termination": -200.0,
        "stalling": -1.0,
        "exploration": 1.0,
        "stand_still": -0.05,
    }


G1_BOTH = {
    "lin_vel_z": -0.2,
    "flat_orientation": -1.0,
    "joint_limits": -1.0,
    "hip_deviation": -0.1,
    "arms_deviation": -0.1,
    "fingers_deviation": -0.05,
    "torso_deviation": -0.1,
    "feet_slide": -0.1,
    "joint_torques": -2.0e-6,
    "joint_acc": -1.0e-7,
    "action_rate": -0.005,
    "feet_air_time": 0.75,
    "termination": -200.0,
}


def test_g1_velocity_weights_are_the_papers():
    assert weights(g1.G1VelocityRewardsCfg()) == {
        **G1_BOTH,
        "track_lin_vel_xy": 1.0,
        "track_ang_vel_z": 1.0,
        "ang_vel_xy": -0.05,
    }


def test_g1_position_weights_are_the_papers():
    assert weights(g1.G1PositionRewardsCfg()) == {
        **G1_BOTH,
        "position_tracking": 10.0,
        "ang_vel_xy": -0.005,
        "applied_torque_limits": -0.2,
        "joint_vel": -0.001,
        "joint_vel_limits": -1.0,
        "contact_forces": -1.0e-5,
        "stalling": -1.0,
        "exploration": 1.0,
        "stand_still": -0.05,
    }


SIDES = ("left", "right")
JOINTS_37 = [
    "torso_joint",
    *(f"{side}_{name}_joint" for side in SIDES for name in ("hip_pitch", "hip_roll", "hip_yaw", "knee")),
    *(f"{side}_ankle_{name}_joint" for side in SIDES for name in ("pitch", "roll")),
    *(f"{side}_shoulder_{name}_joint" for side in SIDES for name in ("pitch", "roll", "yaw")),
    *(f"{side}_elbow_{name}_joint" for side in SIDES for name in ("pitch", "roll")),
    *(f"{side}_{n}_joint" for side in SIDES for n in ("zero", "one", "two", "three", "four", "five", "six")),
]


def told(numbers, name):
    if not isinstance(numbers, dict):
        return numbers
    return next(number for pattern, number in numbers.items() if re.fullmatch(pattern, name))


@pytest.mark.parametrize("name", JOINTS_37)
def test_a_g1_from_a_file_has_the_motors_of_isaac_labs(name):
    def motor(groups):
        found = [g for g in groups.values() if any(re.fullmatch(pattern, name) for pattern in g.joint_names_expr)]
        assert len(found) == 1
        return [told(getattr(found[0], what), name) for what in ("stiffness", "damping", "armature")] + [
            found[0].joint_effort_limit
        ]

    assert len(JOINTS_37) == 37
    assert motor(robots.g1_actuators(JOINTS_37)) == motor(G1_CFG.actuators)


def test_a_g1_from_a_file_stands_as_isaac_labs():
    pose = {name: told({**G1_CFG.init_state.joint_pos, ".*": 0.0}, name) for name in JOINTS_37}

    assert robots.by_name(robots._G1_POSE, JOINTS_37) == {name: angle for name, angle in pose.items() if angle}
