from __future__ import annotations

import numpy as np
import pytest
import torch as th

from sb3_memaug.envs.isaaclab.robot import IsaacLabRobot
from sb3_memaug.robots import find_robot
from tests.envs.isaaclab.simulated import simulated

NOTHING = np.zeros(3)
WEIGHT = np.array((0.0, 0.0, -9.81 * 25.0))
PAYLOAD = {"mass": 25.0, "x": 0.3, "y": 0.05, "z": 0.1}


@pytest.fixture(scope="module")
def env():
    with simulated("AnymalD-Position-Payload", num_envs=2, randomize=False) as env:
        yield env


@pytest.fixture
def robot(env):
    env.reset(seed=0, options={"payload": None})
    return IsaacLabRobot(env, 1)


def play(env, robot, state, payload=None):
    """State and reward after each of some steps from a state."""
    env.reset(seed=0, options={"payload": payload})
    robot.set_state(state)
    generator = th.Generator().manual_seed(0)
    for _ in range(5):
        _, reward, *_ = env.step(th.randn(2, 12, generator=generator))
        yield np.concatenate((*robot.get_state(), reward[1:].numpy()))


def test_the_robot_of_an_environment_is_found(env, robot):
    assert isinstance(find_robot(env), IsaacLabRobot) and find_robot(env).index == 0
    assert robot.foot_names == ("LF_FOOT", "LH_FOOT", "RF_FOOT", "RH_FOOT")
    assert robot.motor_names == robot.joint_names == tuple(env.scene["robot"].joint_names)
    assert robot.geometry().name == "Robot"
    with pytest.raises(ValueError, match="one of 2 environments, got 2"):
        IsaacLabRobot(env, 2)


def test_a_state_is_set_as_it_was_read(env, robot):
    rng = np.random.default_rng(0)
    state = robot.get_state()
    turn = np.array((0.9, 0.1, -0.2, 0.3)) / np.linalg.norm((0.9, 0.1, -0.2, 0.3))
    other = state._replace(base_orientation=turn, joint_velocities=rng.normal(size=12), base_angular_velocity=turn[1:])
    neighbor = IsaacLabRobot(env, 0).get_state()

    robot.set_state(other)

    np.testing.assert_allclose(np.concatenate(robot.get_state()), np.concatenate(other), atol=1e-6)
    np.testing.assert_array_equal(np.concatenate(IsaacLabRobot(env, 0).get_state()), np.concatenate(neighbor))
    quaternion = env.scene["robot"].data.root_link_quat_w.torch[1]
    np.testing.assert_allclose(quaternion.numpy(), turn[[1, 2, 3, 0]], atol=1e-6)
    np.testing.assert_allclose(state.base_position[:2], 0.0, atol=0.5)


def test_the_same_state_and_actions_give_the_same_states_whatever_was_before(env, robot):
    state = robot.get_state()
    first = list(play(env, robot, state))
    for _ in range(7):
        env.step(th.ones(2, 12))
    np.testing.assert_array_equal(list(play(env, robot, state)), first)


def test_a_dead_motor_gives_no_torque_until_it_is_sound_again(env, robot):
    state = robot.get_state()
    sound = list(play(env, robot, state))
    strength = np.ones(12)
    strength[3] = 0

    robot.set_motor_strength(strength)
    play_dead = list(play(env, robot, state))
    torques = env.scene["robot"].actuators.applied_effort.torch
    assert torques[1, 3] == 0 and (torques[1, [0, 1, 2, 4]] != 0).all() and (torques[0] != 0).all()
    assert not np.array_equal(play_dead, sound)

    robot.set_motor_strength(np.ones(12))
    np.testing.assert_array_equal(list(play(env, robot, state)), sound)
    with pytest.raises(ValueError, match="dead, 0, or sound, 1"):
        robot.set_motor_strength(np.full(12, 0.5))


def test_a_force_on_the_base_is_what_a_payload_gives(env, robot):
    state = robot.get_state()
    free, laden = list(play(env, robot, state)), list(play(env, robot, state, PAYLOAD))
    point = np.array([PAYLOAD[axis] for axis in "xyz"])

    robot.set_base_force(WEIGHT, point)
    pushed = list(play(env, robot, state))
    robot.set_base_force(WEIGHT / 2, point)
    both = list(play(env, robot, state, {**PAYLOAD, "mass": 12.5}))
    robot.set_base_force(NOTHING, NOTHING)

    assert np.abs(np.subtract(laden, free)).max() > 0.1
    np.testing.assert_allclose(pushed, laden, atol=1e-2)
    np.testing.assert_allclose(both, laden, atol=1e-2)
    np.testing.assert_array_equal(list(play(env, robot, state)), free)


def test_feet_touch_the_ground_where_they_are(env, robot):
    state = robot.get_state()
    robot.set_state(state._replace(base_position=state.base_position + np.array((0, 0, 1))))
    env.step(th.zeros(2, 12))
    assert not robot.foot_contacts().any()

    robot.set_state(state._replace(base_linear_velocity=NOTHING, base_angular_velocity=NOTHING))
    for _ in range(40):
        env.step(th.zeros(2, 12))
    heights = robot.foot_positions()[:, 2]
    assert robot.foot_contacts().all() and (np.abs(heights - 0.03) < 0.01).all()
