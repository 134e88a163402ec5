"""The method in miniature: what is told once has to be remembered, and it was only ever told to go right."""

import numpy as np
import pytest
from stable_baselines3.common.env_util import make_vec_env

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from tests.ppo.worlds import ToldOnce

LENGTH = ToldOnce.length


def learned_returns(algorithm, policy, n_steps=16, timesteps=8_000, **kwargs):
    """Mean returns on the direction of training and on the other one; at best the length of an episode."""
    model = algorithm(
        policy,
        make_vec_env(ToldOnce, 16, seed=0),
        n_steps=n_steps,
        n_epochs=6,
        gamma=0.9,
        learning_rate=3e-3,
        seed=0,
        **kwargs,
    ).learn(timesteps)
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


@pytest.mark.parametrize(("way", "learns"), [("carried", True), ("copied", False)])
def test_who_remembers_the_original_cannot_act_for_the_image(way, learns):
    """Half of the rollouts begin when it was told already, and what was told decides what is right."""
    returns = learned_returns(
        MemAugRecurrentPPO,
        "MlpLstmPolicy",
        n_steps=LENGTH // 2,
        timesteps=3_000,
        mirrored_memory=way,
        mirror_loss_coef=1.0,
        **LSTM,
    )
    assert (min(returns) > 0.8 * LENGTH) == learns


def test_without_mirrors_it_goes_right_whatever_it_is_told():
    trained_on, mirrored = learned_returns(MemAugRecurrentPPO, "MlpLstmPolicy", symmetry=False, **LSTM)
    assert trained_on > 0.8 * LENGTH
    assert mirrored < 0.2 * LENGTH


def test_without_memory_mirrors_cost_what_it_was_trained_on():
    trained_on, _ = learned_returns(SymmetricPPO, "MlpPolicy", batch_size=64, mirror_loss_coef=1.0)
    assert trained_on == pytest.approx(1.0, abs=0.75)
