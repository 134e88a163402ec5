"""A force on the robot of an environment that advances the physics by itself."""

import copy

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.robots import find_robot

from .models import one_joint

mujoco = pytest.importorskip("mujoco")

FORCE, POINT = np.array((3.0, -2.0, -20.0)), np.array((0.3, 0.2, 0.1))


def life(env, n_steps=20, seed=0):
    actions = np.random.default_rng(seed).uniform(-1, 1, (n_steps, *env.action_space.shape))
    return np.array([env.step(action.astype(np.float32))[0] for action in env.action_space.high * actions])


@pytest.mark.parametrize("name", ["Ant-v5", "Walker2d-v5"])
def test_without_a_force_everything_is_as_before_bit_for_bit(name):
    with gym.make(name) as env, gym.make(name) as untouched:
        robot = find_robot(env)
        env.reset(seed=1)
        robot.set_base_force(FORCE, POINT)
        life(env)
        robot.set_base_force(np.zeros(3), POINT)
        assert "do_simulation" not in vars(env.unwrapped)
        for each in (env, untouched):
            each.reset(seed=2)
        np.testing.assert_array_equal(life(env), life(untouched))


def test_the_moment_follows_the_base_at_every_physics_step():
    with gym.make("Ant-v5") as env:
        robot, frames = find_robot(env), env.unwrapped.frame_skip
        env.reset(seed=0)
        env.unwrapped.data.qvel[3:6] = (1, 2, 8)
        model, expected = robot.model, copy.copy(robot.data)
        robot.set_base_force(FORCE, POINT)
        env.step(np.zeros(8, dtype=np.float32))
        for _ in range(frames):
            mujoco.mj_kinematics(model, expected)
            mujoco.mj_comPos(model, expected)
            where = expected.xpos[1] + expected.xmat[1].reshape(3, 3) @ POINT
            expected.qfrc_applied[:] = 0
            mujoco.mj_applyFT(model, expected, FORCE, np.zeros(3), where, 1, expected.qfrc_applied)
            mujoco.mj_step(model, expected)
        np.testing.assert_allclose(robot.data.qpos, expected.qpos, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(robot.data.qvel, expected.qvel, rtol=1e-9, atol=1e-9)


def test_a_force_is_not_among_those_that_an_environment_observes():
    with gym.make("Ant-v5") as env:
        find_robot(env).set_base_force(FORCE, POINT)
        env.reset(seed=0)
        env.step(np.zeros(8, dtype=np.float32))
        # High above the ground nothing touches the torso.
        assert env.unwrapped.data.qfrc_applied.any()
        np.testing.assert_array_equal(env.unwrapped.data.cfrc_ext[1], 0)


def test_a_force_on_a_base_that_does_not_float_follows_it_too():
    model = one_joint('<motor joint="swing"/>')
    data = mujoco.MjData(model)
    from sb3_memaug.robots.mujoco.robot import MuJoCoRobot

    robot = MuJoCoRobot(model, data)
    robot.set_base_force(np.array((0, 0, -5.0)), np.array((0.3, 0, 0.1)))
    for _ in range(200):
        angle = data.qpos[0]
        robot.advance(1)
        assert data.qfrc_applied[0] == pytest.approx(5 * (0.3 * np.cos(angle) + 0.1 * np.sin(angle)))
        assert data.qfrc_applied[1] == 0
    assert abs(angle) > 0.1


class Swing(gym.Env):
    """Steps MuJoCo by a method of no particular name."""

    observation_space, action_space = gym.spaces.Box(-np.inf, np.inf, (2,)), gym.spaces.Box(-1, 1, (1,))

    def __init__(self):
        self.model = one_joint('<motor joint="swing"/>')
        self.data = mujoco.MjData(self.model)

    def step(self, action):
        self.data.ctrl[:] = action
        mujoco.mj_step(self.model, self.data, 5)
        return self.data.qpos.copy(), 0.0, False, False, {}


def test_an_environment_that_cannot_be_slowed_down_gets_the_moment_at_each_control_step():
    env = Swing()
    robot = find_robot(env)
    robot.set_base_force(np.array((0, 0, -5.0)), np.array((0.3, 0, 0.1)))
    moments = []
    for _ in range(20):
        angle = env.data.qpos[0]
        env.step(np.zeros(1))
        moments.append(env.data.qfrc_applied[0])
        assert moments[-1] == pytest.approx(5 * (0.3 * np.cos(angle) + 0.1 * np.sin(angle)))
    assert len(set(moments)) == 20
    robot.set_base_force(np.zeros(3), np.zeros(3))
    assert "step" not in vars(env)
    assert not env.data.qfrc_applied.any()


def test_what_somebody_else_has_put_in_the_place_of_the_method_is_called_and_comes_back():
    with gym.make("Ant-v5") as env:
        inner, frames = env.unwrapped, []
        original = inner.do_simulation

        def noting(ctrl, n_frames):
            frames.append(n_frames)
            original(ctrl, n_frames)

        inner.do_simulation = noting
        robot = find_robot(env)
        env.reset(seed=0)
        robot.set_base_force(FORCE, POINT)
        robot.set_base_force(2 * FORCE, POINT)
        env.step(np.zeros(8, dtype=np.float32))
        robot.set_base_force(np.zeros(3), POINT)
        robot.set_base_force(np.zeros(3), POINT)
        assert inner.do_simulation is noting
        env.step(np.zeros(8, dtype=np.float32))
        assert frames == [1, 1, 1, 1, 1, 5]
