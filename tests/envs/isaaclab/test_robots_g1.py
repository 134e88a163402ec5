"""Every G1 that there is: without fingers, with those of Isaac Lab's robot, and with others."""

from __future__ import annotations

import re

import pytest
import torch as th

from sb3_memaug.envs.isaaclab.mirrors import isaaclab_symmetry_group

from .simulated import FILES, simulated

WITH_HANDS = FILES["G1"].with_name("g1_29dof_with_hand_rev_1_0.urdf")
#: What Isaac Lab's robot calls the joints of a hand, and of the arm and the waist.
FINGERS = dict(
    zip(
        ("thumb_0", "thumb_1", "thumb_2", "middle_0", "middle_1", "index_0", "index_1"),
        ("zero", "one", "two", "three", "four", "five", "six"),
        strict=True,
    )
)
OTHERS = {"waist_yaw": "torso", "elbow": "elbow_pitch", "wrist_roll": "elbow_roll"}
FINGER = f".*_({'|'.join([*FINGERS.values(), *(f'hand_{name}' for name in FINGERS)])})_joint"
#: What it does not have.
STIFF = ("waist_roll", "waist_pitch", "wrist_pitch", "wrist_yaw")


def as_in_isaac_lab(text):
    """The robot with hands, its joints as Isaac Lab's robot has them, which has to be downloaded."""
    text = text.replace("package://example-robot-data/robots/g1_description/", f"{WITH_HANDS.parents[1]}/")
    for old, new in FINGERS.items():
        text = re.sub(rf"_hand_{old}_joint", f"_{new}_joint", text)
    for old, new in OTHERS.items():
        text = re.sub(rf'joint name="((?:left|right)_)?{old}_joint"', rf'joint name="\g<1>{new}_joint"', text)
    for name in STIFF:
        text = re.sub(rf'(joint name="(?:left_|right_)?{name}_joint" type=)"revolute"', r'\1"fixed"', text)
    return text


@pytest.fixture
def files(tmp_path):
    if not WITH_HANDS.is_file():
        pytest.skip("example-robot-data is not installed")
    like_isaac_lab = tmp_path / "g1.urdf"
    like_isaac_lab.write_text(as_in_isaac_lab(WITH_HANDS.read_text()))
    return {29: FILES["G1"], 37: like_isaac_lab, 43: WITH_HANDS}


@pytest.mark.parametrize(("n_joints", "n_fingers"), [(29, 0), (37, 14), (43, 14)])
def test_names_decide_which_joints_a_robot_has(files, n_joints, n_fingers):
    with simulated("G1-Velocity-JointFailure", num_envs=2, robot=files[n_joints]) as env:
        assert env.action_manager.total_action_dim == n_joints
        group = isaaclab_symmetry_group(env)
        assert group.names == ("identity", "left_right")
        names = env.scene["robot"].joint_names
        partners = group["left_right"].action.permutation
        assert all(names[j] == _other_side(names[i]) for i, j in enumerate(partners))
        terms = env.reward_manager.active_terms
        assert ("fingers_deviation" in terms) == (n_fingers > 0)
        if n_fingers:
            cfg = env.reward_manager.get_term_cfg("fingers_deviation")
            assert len(cfg.params["asset_cfg"].joint_ids) == n_fingers
        env.reset()
        for _ in range(5):
            observation, reward, *_ = env.step(0.2 * th.randn(2, n_joints))
        assert observation["policy"].shape == (2, 3 * n_joints + 12)
        assert th.isfinite(observation["policy"]).all()
        assert th.isfinite(reward).all()
        if n_fingers:
            data = env.scene["robot"].data
            fingers = [i for i, name in enumerate(names) if re.fullmatch(FINGER, name)]
            away = (data.joint_pos.torch - data.default_joint_pos.torch)[:, fingers].abs().sum(dim=1)
            rewarded = env.reward_manager._step_reward[:, terms.index("fingers_deviation")]
            th.testing.assert_close(rewarded, -0.05 * away)
            assert (away > 0).all()


def _other_side(name):
    return re.sub("left|right", lambda side: {"left": "right", "right": "left"}[side[0]], name)
