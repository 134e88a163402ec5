from __future__ import annotations

import re

import pytest

pytest.importorskip("isaaclab")

from isaaclab_assets.robots.unitree import G1_CFG

from sb3_memaug.envs.isaaclab.config import anymal_d, g1, robots

from .paper_weights import WEIGHTS


def weights(rewards):
    return {name: term.weight for name, term in vars(rewards).items() if term is not None}


@pytest.mark.parametrize(
    ("task", "rewards"),
    [
        ("AnymalD-Velocity", anymal_d.AnymalDVelocityRewardsCfg),
        ("AnymalD-Position", anymal_d.AnymalDPositionRewardsCfg),
        ("G1-Velocity", g1.G1VelocityRewardsCfg),
        ("G1-Position", g1.G1PositionRewardsCfg),
    ],
)
def test_weights_are_the_papers(task, rewards):
    assert weights(rewards()) == WEIGHTS[task]


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
