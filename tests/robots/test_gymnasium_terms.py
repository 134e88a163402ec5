"""What Gymnasium's observations are made of, held up against the simulator's own numbers."""

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.robots.mujoco.terms import (
    actuator_names,
    body_names,
    gymnasium_observation_terms,
    mujoco_action_terms,
    task_reflections,
)
from sb3_memaug.symmetry import Reflection

mujoco = pytest.importorskip("mujoco")

LEGS = ("hip_1", "ankle_1", "hip_2", "ankle_2", "hip_3", "ankle_3", "hip_4", "ankle_4")


def layout(env):
    return [(term.name, term.kind, term.size) for term in gymnasium_observation_terms(env)]


def test_the_ant_sees_all_but_where_it_is():
    env = gym.make("Ant-v5")
    assert layout(env) == [
        ("base_height", "scalar", 1),
        ("base_orientation", "quaternion_wxyz", 4),
        ("joint_positions", "joint_positions", 8),
        ("base_linear_velocity", "vector", 3),
        ("base_angular_velocity", "axial_vector", 3),
        ("joint_velocities", "joints", 8),
        ("contact_forces", "spatial_vectors", 78),
    ]
    terms = gymnasium_observation_terms(env)
    assert terms[2].names == terms[5].names == LEGS
    assert terms[6].names == body_names(env.unwrapped.model)
    assert len(terms[6].names) == 13 and terms[6].names[0] == "torso"


def test_the_ant_may_see_where_it_is_and_need_not_see_contacts():
    env = gym.make("Ant-v5", exclude_current_positions_from_observation=False, include_cfrc_ext_in_observation=False)
    assert layout(env) == [
        ("base_position", "vector", 3),
        ("base_orientation", "quaternion_wxyz", 4),
        ("joint_positions", "joint_positions", 8),
        ("base_linear_velocity", "vector", 3),
        ("base_angular_velocity", "axial_vector", 3),
        ("joint_velocities", "joints", 8),
    ]


def test_the_humanoid_sees_inertias_velocities_and_forces():
    assert layout(gym.make("Humanoid-v5")) == [
        ("base_height", "scalar", 1),
        ("base_orientation", "quaternion_wxyz", 4),
        ("joint_positions", "joint_positions", 17),
        ("base_linear_velocity", "vector", 3),
        ("base_angular_velocity", "axial_vector", 3),
        ("joint_velocities", "joints", 17),
        ("body_inertias", "inertias", 130),
        ("body_velocities", "spatial_vectors", 78),
        ("joint_torques", "joints", 17),
        ("contact_forces", "spatial_vectors", 78),
    ]
    lean = gym.make("Humanoid-v5", include_cinert_in_observation=False, include_qfrc_actuator_in_observation=False)
    assert [name for name, _, _ in layout(lean)][6:] == ["body_velocities", "contact_forces"]


@pytest.mark.parametrize(
    ("name", "skipped"),
    [("Walker2d-v5", 1), ("HalfCheetah-v5", 1), ("Hopper-v5", 1), ("Swimmer-v5", 2), ("InvertedPendulum-v5", 0)],
)
def test_what_moves_on_rails_sees_its_joints_but_the_first(name, skipped):
    env = gym.make(name)
    model = env.unwrapped.model
    joints = tuple(model.joint(i).name for i in range(model.njnt))
    positions, velocities = gymnasium_observation_terms(env)
    assert (positions.kind, positions.names) == ("joint_positions", joints[skipped:])
    assert (velocities.kind, velocities.names) == ("joints", joints)
    if skipped:
        everything = gym.make(name, exclude_current_positions_from_observation=False)
        assert gymnasium_observation_terms(everything)[0].names == joints


def test_the_double_pendulum_sees_sines_and_cosines():
    assert layout(gym.make("InvertedDoublePendulum-v5")) == [
        ("cart_position", "joint_positions", 1),
        ("sines", "joints", 2),
        ("cosines", "scalar", 2),
        ("joint_velocities", "joints", 3),
        ("constraint_force", "joints", 1),
    ]


ALL = ["Ant", "Humanoid", "HumanoidStandup", "Walker2d", "HalfCheetah", "Hopper", "Swimmer", "InvertedPendulum"]


@pytest.mark.parametrize("name", [*ALL, "InvertedDoublePendulum"])
def test_terms_are_as_long_as_observation_and_action(name):
    env = gym.make(f"{name}-v5")
    assert sum(term.size for term in gymnasium_observation_terms(env)) == env.observation_space.shape[0]
    (action,) = mujoco_action_terms(env)
    assert (action.kind, action.size) == ("actuators", env.action_space.shape[0])


def test_terms_tell_what_the_numbers_are():
    env = gym.make("Humanoid-v5")
    observation, _ = env.reset(seed=0)
    for _ in range(20):
        observation, *_ = env.step(env.action_space.sample())
    data, start, seen = env.unwrapped.data, 0, {}
    for term in gymnasium_observation_terms(env):
        seen[term.name] = observation[start : start + term.size]
        start += term.size
    np.testing.assert_array_equal(seen["base_height"], data.qpos[2:3])
    np.testing.assert_array_equal(seen["base_orientation"], data.qpos[3:7])
    np.testing.assert_array_equal(seen["joint_positions"], data.qpos[7:])
    np.testing.assert_array_equal(seen["base_linear_velocity"], data.qvel[:3])
    np.testing.assert_array_equal(seen["base_angular_velocity"], data.qvel[3:6])
    np.testing.assert_array_equal(seen["joint_velocities"], data.qvel[6:])
    np.testing.assert_array_equal(seen["body_inertias"], data.cinert[1:].ravel())
    np.testing.assert_array_equal(seen["body_velocities"], data.cvel[1:].ravel())
    np.testing.assert_array_equal(seen["joint_torques"], data.qfrc_actuator[6:])
    np.testing.assert_array_equal(seen["contact_forces"], data.cfrc_ext[1:].ravel())


@pytest.mark.parametrize("name", ["Reacher-v5", "Pusher-v5", "CartPole-v1"])
def test_what_does_not_tell_its_layout_is_not_known(name):
    assert gymnasium_observation_terms(gym.make(name)) is None


def test_actions_that_are_no_controls_are_not_known():
    assert mujoco_action_terms(gym.make("CartPole-v1")) is None
    ant = gym.make("Ant-v5")
    smaller = gym.spaces.Box(-1, 1, (4,))
    assert mujoco_action_terms(gym.wrappers.TransformAction(ant, lambda a: np.repeat(a, 2), smaller)) is None


class Own(gym.Env):
    def __init__(self, text, structure=None):
        self.model = mujoco.MjModel.from_xml_string(text)
        self.action_space = gym.spaces.Box(-1, 1, (self.model.nu,))
        self.observation_structure = structure


def model(actuators, joint='type="hinge"'):
    return f"""
    <mujoco>
      <worldbody>
        <body name="trunk"><freejoint/><geom size="0.1"/>
          <body><joint name="a" {joint}/><geom size="0.1"/></body>
          <body name="arm"><joint/><geom size="0.1"/></body>
        </body>
      </worldbody>
      <tendon><fixed name="cord"><joint joint="a" coef="1"/></fixed></tendon>
      <actuator>{actuators}</actuator>
    </mujoco>
    """


def test_what_has_no_name_is_called_after_its_joint_or_its_number():
    env = Own(model('<motor joint="a"/><motor name="b" joint="a"/><motor joint="a" gear="2"/>'))
    assert actuator_names(env.model) == ("a", "b", "actuator_2")
    assert body_names(env.model) == ("trunk", "body_2", "arm")
    assert mujoco_action_terms(env)[0].names == ("a", "b", "actuator_2")


def test_what_drives_a_tendon_is_not_known():
    assert mujoco_action_terms(Own(model('<motor joint="a"/><motor tendon="cord"/>'))) is None


def test_a_ball_joint_is_refused():
    env = Own(
        model("", joint='type="ball"').replace('<fixed name="cord"><joint joint="a" coef="1"/></fixed>', ""),
        {"qpos": 0},
    )
    with pytest.raises(
        ValueError, match="expected hinges and slides, got the ball joint 'a': pass MirrorSpec your own"
    ):
        gymnasium_observation_terms(env)


@pytest.mark.parametrize("skipped", [1, 3, 4])
def test_half_a_position_is_refused(skipped):
    env = Own(model(""), {"skipped_qpos": skipped, "qpos": 0})
    with pytest.raises(ValueError, match=f"without the base's x and y, got one without {skipped} numbers"):
        gymnasium_observation_terms(env)


def test_an_unknown_part_of_an_observation_is_not_guessed():
    assert gymnasium_observation_terms(Own(model(""), {"qpos": 0, "camera": 12})) is None
    assert len(gymnasium_observation_terms(Own(model(""), {"skipped_qpos": 2, "qpos": 0, "camera": 0}))) == 3


def test_who_runs_ahead_does_not_run_back():
    both = {
        "left_right": Reflection("sagittal"),
        "front_back": Reflection("transverse"),
        "turn": Reflection("half_turn"),
    }
    assert list(task_reflections(gym.make("Ant-v5"), both)) == ["left_right"]
    assert list(task_reflections(gym.make("InvertedPendulum-v5"), both)) == list(both)
