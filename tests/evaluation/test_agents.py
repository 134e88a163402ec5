import gymnasium as gym
import numpy as np
import pytest
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from sb3_memaug.evaluation.agents import model_agent, random_agent, zero_agent

SPACES = [gym.spaces.Box(-1.0, 1.0, (3,), np.float32), gym.spaces.Discrete(4), gym.spaces.MultiDiscrete([2, 3])]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_zero_is_an_action_of_any_space(space):
    action = zero_agent(space)(None, True)
    assert space.contains(action)
    assert not np.any(action)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_random_actions_are_those_of_the_seed(space):
    drawn = []
    for seed in (1, 1, 2):
        agent = random_agent(space, seed)
        drawn.append([agent(None, False) for _ in range(5)])
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_a_model_remembers_until_an_episode_starts():
    env = gym.make("Pendulum-v1")
    model = RecurrentPPO("MlpLstmPolicy", env, seed=0, policy_kwargs={"lstm_hidden_size": 8})
    observation = env.observation_space.sample()
    agent = model_agent(model)
    first, second, again = agent(observation, True), agent(observation, False), agent(observation, True)
    assert env.action_space.contains(first)
    np.testing.assert_array_equal(first, again)
    assert (first != second).any()
    _, state = model.predict(observation, episode_start=np.array([True]), deterministic=True)
    expected, _ = model.predict(observation, state, np.array([False]), deterministic=True)
    np.testing.assert_array_equal(second, expected)


def test_a_model_sees_normalised_observations():
    env = gym.make("Pendulum-v1")
    model = RecurrentPPO("MlpLstmPolicy", env, seed=0, policy_kwargs={"lstm_hidden_size": 8})
    normalizer = VecNormalize(DummyVecEnv([lambda: gym.make("Pendulum-v1")]))
    normalizer.obs_rms.mean[:] = 0.5
    observation = env.observation_space.sample()
    seen = model_agent(model, normalizer)(observation, True)
    np.testing.assert_array_equal(seen, model_agent(model)(normalizer.normalize_obs(observation), True))
    assert (seen != model_agent(model)(observation, True)).any()
