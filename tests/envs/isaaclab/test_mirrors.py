"""What the terms of Isaac Lab's managers are, and what mirrors make of them, without Isaac Lab."""

import re

import pytest
import torch as th

from sb3_memaug.envs.isaaclab.mirrors import refuse_asymmetric_actions, refuse_asymmetric_observations
from sb3_memaug.envs.isaaclab.terms import action_terms, kinds_of, observation_terms, register_kinds
from sb3_memaug.symmetry import Reflection, Term

from .stand_ins import JOINTS, described, joint_action, observed, of_class

#: The left leg lifts where the right one does, and both turn outwards; the middle one swings sideways.
REFLECTIONS = {
    "left_right": Reflection("sagittal", {"left": ("right", 1), "right": ("left", 1), "middle": ("middle", -1)})
}
VELOCITY = of_class("UniformVelocityCommand", "isaaclab.envs.mdp.commands.velocity_command")


class Chosen:
    """A part of the scene, as a term's parameters name it."""

    def __init__(self, name="robot", **ids):
        self.name = name
        self.__dict__.update({"joint_ids": slice(None), "body_ids": slice(None)} | ids)


def kinds_in(terms):
    return [(term.kind, term.size) for term in terms]


def test_terms_are_known_by_their_functions_and_in_every_group():
    env = described(
        {
            "policy": {
                "v": observed("base_lin_vel", 3),
                "w": observed("base_ang_vel", 3),
                "g": observed("projected_gravity", 3),
                "c": observed("generated_commands", 3, command_name="go"),
                "q": observed("joint_pos_rel", 3),
                "a": observed("last_action", 3),
            },
            "critic": {"t": observed("remaining_time_s", 1), "q": observed("joint_pos", 3)},
        },
        commands={"go": VELOCITY},
    )
    terms = observation_terms(env, ("policy", "critic"))
    assert kinds_in(terms["policy"]) == [
        ("vector", 3), ("axial_vector", 3), ("vector", 3), ("xy", 2), ("pseudoscalar", 1), ("joints", 3), ("action", 3)
    ]  # fmt: skip
    assert kinds_in(terms["critic"]) == [("scalar", 1), ("joint_positions", 3)]
    assert terms["policy"][-1].names == terms["policy"][-2].names == JOINTS
    assert action_terms(env) == (Term("actions", "action", 3, JOINTS),)


@pytest.mark.parametrize("ids", [[1, 0], th.tensor([1, 0])])
def test_joints_are_those_that_the_term_chooses(ids):
    term = observed("joint_vel_rel", 2, asset_cfg=Chosen(joint_ids=ids))
    (found,) = observation_terms(described({"policy": {"v": term}}), ("policy",))["policy"]
    assert found.names == ("right", "left")


def test_bodies_are_those_of_the_asset_or_the_sensor():
    register_kinds("tests:loads", "bodies")
    term = observed("tests:loads", 2, sensor_cfg=Chosen(body_ids=[1, 2]))
    (found,) = observation_terms(described({"policy": {"f": term}}), ("policy",))["policy"]
    assert found.names == ("left_foot", "right_foot")


def test_a_group_that_is_not_concatenated_has_a_key_for_each_term():
    groups = {"policy": {"v": observed("base_lin_vel", 3), "w": observed("base_ang_vel", 3)}}
    assert list(observation_terms(described(groups, apart=("policy",)), ("policy",))) == ["policy/v", "policy/w"]


@pytest.mark.parametrize("time_major", [False, True])
def test_a_history_repeats_its_terms(time_major):
    groups = {"policy": {"v": observed("base_lin_vel", 3, history=2), "q": observed("joint_vel", 3, history=2)}}
    env = described(groups, time_major=("policy",) if time_major else ())
    kinds = [term.kind for term in observation_terms(env, ("policy",))["policy"]]
    assert kinds == (["vector", "joints"] * 2 if time_major else ["vector", "vector", "joints", "joints"])


def test_a_class_is_known_by_those_that_it_descends_from():
    class Mine(type(VELOCITY)):
        pass

    assert kinds_of(Mine) == kinds_of(Mine()) == ("xy", "pseudoscalar")
    register_kinds(Mine, "xy")
    assert kinds_of(Mine()) == ("xy",)


@pytest.mark.parametrize("name", ["imu_lin_acc", "elsewhere:base_lin_vel"])
def test_a_term_of_which_nothing_is_known_is_refused(name):
    expected = "elsewhere:base_lin_vel" if ":" in name else "isaaclab.envs.mdp.observations:imu_lin_acc"
    with pytest.raises(ValueError, match=rf"policy/x is made by {re.escape(expected)}, of which nobody has said"):
        observation_terms(described({"policy": {"x": observed(name, 3)}}), ("policy",))


def test_a_command_of_which_nothing_is_known_is_refused():
    env = described(
        {"policy": {"c": observed("generated_commands", 3, command_name="go")}}, commands={"go": of_class("Dance")}
    )
    with pytest.raises(ValueError, match=r"policy/c is the command .*:Dance, of which nobody has said"):
        observation_terms(env, ("policy",))


def test_an_action_of_which_nothing_is_known_is_refused():
    with pytest.raises(ValueError, match=r"the action 'grip' is of the class .*:Gripper"):
        action_terms(described({}, {"grip": of_class("Gripper")}))


def test_kinds_that_make_another_number_of_entries_are_refused():
    env = described({"policy": {"c": observed("generated_commands", 2, command_name="go")}}, commands={"go": VELOCITY})
    with pytest.raises(ValueError, match=r"has 2 entries, but the kinds \['xy', 'pseudoscalar'\] make 3"):
        observation_terms(env, ("policy",))


def test_images_are_refused():
    cfg, _ = observed("base_lin_vel", 3)
    with pytest.raises(ValueError, match=r"got the observation policy/v of the shape \(4, 4, 3\)"):
        observation_terms(described({"policy": {"v": (cfg, (4, 4, 3))}}), ("policy",))


@pytest.mark.parametrize(
    ("term", "message"),
    [
        (observed("joint_vel", 3, scale=th.tensor([1.0, 2.0, 1.0])), "the scale .* is not its own mirror image"),
        (observed("base_lin_vel", 3, clip=(-1.0, 2.0)), "the clipping range .* is not its own mirror image"),
    ],
)
def test_an_observation_that_a_mirror_would_change_is_refused(term, message):
    with pytest.raises(ValueError, match=rf"the observation policy/x under the mirror 'left_right': {message}"):
        refuse_asymmetric_observations(described({"policy": {"x": term}}), ("policy",), REFLECTIONS)


def test_scales_and_ranges_that_are_their_own_mirror_images_are_taken():
    terms = {
        "q": observed("joint_vel", 3, scale=th.tensor([2.0, 2.0, 1.0]), clip=(-3.0, 3.0)),
        "t": observed("remaining_time_s", 1, clip=(0.0, 1.0), scale=th.tensor(0.5)),
    }
    refuse_asymmetric_observations(described({"policy": terms}), ("policy",), REFLECTIONS)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (joint_action(scale=th.tensor([[1.0, 2.0, 1.0]])), "the scale .* is not its own mirror image"),
        (joint_action(offset=th.tensor([[0.1, 0.1, 0.1]])), "the targets .* are not their own mirror image"),
        (joint_action(clip=[-1.0, 2.0]), "the clipping range .* is not its own mirror image"),
    ],
)
def test_an_action_that_a_mirror_would_change_is_refused(action, message):
    with pytest.raises(ValueError, match=rf"the action 'legs' under the mirror 'left_right': {message}"):
        refuse_asymmetric_actions(described({}, {"legs": action}), REFLECTIONS)


@pytest.mark.parametrize("kind", ["JointPositionAction", "JointEffortAction", "RelativeJointPositionAction"])
def test_actions_about_a_pose_that_is_its_own_mirror_image_are_taken(kind):
    action = joint_action(kind, th.tensor([[0.5, 0.5, 2.0]]), th.tensor([[0.3, 0.3, 0.0]]), clip=[-1.0, 1.0])
    refuse_asymmetric_actions(described({}, {"legs": action}), REFLECTIONS)


def test_positions_are_measured_about_the_pose_that_the_mirror_keeps():
    # A middle leg whose rest is not at zero: its target there is its own mirror image, and zero is not.
    about = {"m": Reflection("sagittal", {"middle": ("middle", -1)}, pose={"middle": 0.4})}
    refuse_asymmetric_actions(described({}, {"m": joint_action(offset=0.4, joints=("middle",))}), about)
    with pytest.raises(ValueError, match="are not their own mirror image"):
        refuse_asymmetric_actions(described({}, {"m": joint_action(joints=("middle",))}), about)
