"""The method in miniature: what is told once has to be remembered, and it was only ever told to go right."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from stable_baselines3.common.env_util import make_vec_env

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.symmetry import Mirror, SignedPermutation, SymmetryGroup

LENGTH = 8


class ToldOnce(gym.Env):
    """The first observation tells the direction that is rewarded from then on; the others tell nothing."""

    observation_space = spaces.Box(-1, 1, (2,), np.float32)
    action_space = spaces.Box(-1, 1, (1,), np.float32)
    symmetry_group = SymmetryGroup(
        {"left_right": Mirror(SignedPermutation([0, 1], [-1, 1]), SignedPermutation([0], [-1]))}
    )

    def __init__(self, direction=1.0):
        self.direction = direction

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.step_ = 0
        return np.array([self.direction, 1.0], np.float32), {}

    def step(self, action):
        self.step_ += 1
        reward = float(np.clip(action, -1, 1)[0]) * self.direction
        return np.array([0.0, 0.0], np.float32), reward, self.step_ == LENGTH, False, {}


def learned_returns(algorithm, policy, **kwargs):
    """Mean returns on the direction of training and on the other one; at best the length of an episode."""
    model = algorithm(
        policy,
        make_vec_env(ToldOnce, 16, seed=0),
        n_steps=16,
        n_epochs=6,
        gamma=0.9,
        learning_rate=3e-3,
        seed=0,
        **kwargs,
    ).learn(8_000)
    returns = []
    for direction in (1.0, -1.0):
        env, state, start, total, over = ToldOnce(direction), None, np.array([True]), 0.0, False
        observation, _ = env.reset()
        while not over:
            action, state = model.predict(observation[None], state, start, deterministic=True)
            observation, reward, over, *_ = env.step(action[0])
            start, total = np.array([False]), total + reward
        returns.append(total)
    return returns


LSTM = {"batch_size": 64, "policy_kwargs": {"lstm_hidden_size": 32, "net_arch": [32]}}


def test_with_mirrored_memory_it_can_do_what_it_was_never_told():
    trained_on, mirrored = learned_returns(MemAugRecurrentPPO, "MlpLstmPolicy", mirror_loss_coef=1.0, **LSTM)
    assert trained_on > 0.8 * LENGTH
    assert mirrored > 0.8 * LENGTH


def test_without_mirrors_it_goes_right_whatever_it_is_told():
    trained_on, mirrored = learned_returns(MemAugRecurrentPPO, "MlpLstmPolicy", symmetry=False, **LSTM)
    assert trained_on > 0.8 * LENGTH
    assert mirrored < 0.2 * LENGTH


def test_without_memory_mirrors_cost_what_it_was_trained_on():
    trained_on, _ = learned_returns(SymmetricPPO, "MlpPolicy", batch_size=64, mirror_loss_coef=1.0)
    assert trained_on == pytest.approx(1.0, abs=0.75)
