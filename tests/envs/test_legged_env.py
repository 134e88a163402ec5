import gymnasium as gym
import numpy as np
import pytest

import sb3_memaug  # noqa: F401
from sb3_memaug.symmetry import group_of_terms

pytest.importorskip("mujoco")
ENV = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"
POSITION = "MemAug/MinitaurPosition-MuJoCo-v0"


@pytest.fixture
def env():
    made = gym.make(ENV)
    yield made
    made.close()


def test_a_mirrored_reset_starts_the_mirrored_episode(env):
    group = env.get_wrapper_attr("symmetry_group")
    for seed in range(5):
        original, _ = env.reset(seed=seed, options={"failed_joint": None})
        for name, mirror in zip(group.names, group, strict=True):
            mirrored, _ = env.reset(seed=seed, options={"failed_joint": None, "mirror": name})
            np.testing.assert_allclose(mirror.apply_observation(original), mirrored, atol=1e-6)


def test_an_unknown_mirror_is_refused(env):
    with pytest.raises(ValueError, match=r"a product of \['left_right', 'front_back'\], got 'up_down'"):
        env.reset(options={"mirror": "up_down"})


def test_the_failure_is_told_but_not_observed(env):
    first, info = env.reset(seed=1, options={"failed_joint": None})
    second, other = env.reset(seed=1, options={"failed_joint": "motor_back_rightR_joint"})
    np.testing.assert_array_equal(first, second)
    assert info["failed_joint"] is None
    assert other["failed_joint"] == "motor_back_rightR_joint"


def test_terms_describe_the_observation(env):
    inner = env.unwrapped
    assert sum(term.size for term in inner.observation_terms) == env.observation_space.shape[0] == 38
    group = group_of_terms(inner.reflections, inner.observation_terms, inner.action_terms)
    assert group == env.get_wrapper_attr("symmetry_group")


def test_previous_action_and_clock_are_observed(env):
    action = np.linspace(-0.5, 0.5, 8).astype(np.float32)
    before, _ = env.reset(seed=0)
    after, *_ = env.step(action)
    np.testing.assert_array_equal(before[25:33], np.zeros(8))
    np.testing.assert_allclose(after[25:33], action)
    turned = np.angle(complex(*after[[37, 36]]) / complex(*before[[37, 36]]))
    assert turned == pytest.approx(2 * np.pi * 2.0 * 0.04, abs=1e-5)


def test_every_step_tells_reward_terms_of_its_own(env):
    env.reset(seed=0)
    steps = [env.step(np.full(8, scale, np.float32)) for scale in (0.1, 0.2)]
    told = [info["rewards"] for *_, info in steps]
    assert told[0].keys() == told[1].keys() == env.unwrapped.task.weights.keys()
    assert told[0] != told[1]
    for (_, reward, *_), terms in zip(steps, told, strict=True):
        assert {type(value) for value in (reward, *terms.values())} == {float}
        assert reward == sum(terms.values())


def test_what_the_task_measures_stands_beside_the_rewards(env):
    _, info = env.reset(seed=0)
    assert "distance" not in info
    with gym.make(POSITION) as position:
        observation, info = position.reset(seed=0)
        for _ in range(3):
            assert info["distance"] == pytest.approx(np.hypot(*observation[33:35]))
            observation, *_, info = position.step(np.full(8, 0.5, np.float32))
        assert {type(value) for value in info["rewards"].values()} == {float}


def test_the_task_knows_the_time_since_the_start():
    with gym.make(POSITION) as env:
        task = env.unwrapped.task
        for seed in range(2):
            env.reset(seed=seed)
            assert task.time == 0
            for _ in range(3):
                env.step(np.zeros(8, np.float32))
            assert task.time == pytest.approx(0.12)


def test_a_fall_ends_the_episode_and_costs(env):
    env.reset(seed=0, options={"failed_joint": None})
    robot = env.unwrapped.robot
    state = robot.get_state()
    robot.set_state(state._replace(base_orientation=np.array([np.cos(1.0), np.sin(1.0), 0, 0])))
    _, reward, terminated, truncated, info = env.step(np.zeros(8, np.float32))
    assert terminated
    assert not truncated
    assert info["rewards"]["fall"] == -2.0
    assert reward == pytest.approx(sum(info["rewards"].values()))


def test_actions_beyond_their_bounds_are_clipped(env):
    observations = []
    for scale in (1.0, 5.0):
        env.reset(seed=0, options={"failed_joint": None})
        observations.append(env.step(np.full(8, scale, np.float32))[0])
    np.testing.assert_array_equal(*observations)
