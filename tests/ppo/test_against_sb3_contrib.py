"""Without a symmetry group the algorithm is sb3-contrib's RecurrentPPO."""

import numpy as np
import pytest
import torch as th
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.logger import configure

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.ppo.rollout import RolloutCollector
from tests.ppo.test_evaluation import POLICIES
from tests.ppo.worlds import ACTIONS, OBSERVATIONS, random_worlds

POLICY_OF = {"image": "CnnLstmPolicy", "dict": "MultiInputLstmPolicy"}


def pair_of_models(observation="vector", action="box", policy_kwargs=None, end=0.3, **kwargs):
    """One of each, with the same parameters and a rollout each from the same environments."""
    models = []
    for algorithm, extra in ((RecurrentPPO, {}), (MemAugRecurrentPPO, {"symmetry": False})):
        model = algorithm(
            POLICY_OF.get(observation, "MlpLstmPolicy"),
            random_worlds(3, symmetric=False, observation=observation, action=action, end=end),
            n_steps=10,
            n_epochs=1,
            batch_size=None,
            seed=3,
            policy_kwargs={"lstm_hidden_size": 8, "optimizer_class": th.optim.SGD, **(policy_kwargs or {})},
            **kwargs,
            **extra,
        )
        model.set_logger(configure(None, []))
        models.append(model)
    contrib, ours = models
    skips = (policy_kwargs or {}).get("lstm_skip_connection")
    assert skips or all(
        th.equal(a, b) for a, b in zip(contrib.policy.parameters(), ours.policy.parameters(), strict=True)
    )
    for model in models:
        _, callback = model._setup_learn(1000)
        th.manual_seed(4)
        for _ in range(2):  # the second rollout goes on from the memory of the first
            model.collect_rollouts(model.env, callback, model.rollout_buffer, model.n_steps)
    return contrib, ours


CASES = [
    *({"policy_kwargs": kwargs} for name, kwargs in POLICIES.items() if "skip" not in name),
    # sb3-contrib 2.9 cannot train on MultiBinary actions: its buffer hands int8 to the loss.
    *({"action": action} for action in ACTIONS if action != "multibinary"),
    *({"observation": observation} for observation in OBSERVATIONS),
    {"clip_range_vf": 0.1},
    {"normalize_advantage": False, "ent_coef": 0.01, "vf_coef": 0.3},
    {"use_sde": True, "sde_sample_freq": 4},
    {"max_grad_norm": 0.01},
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rollout_loss_and_gradients_are_equal(case, monkeypatch):
    contrib, ours = pair_of_models(**case)
    for name in ("actions", "rewards", "values", "log_probs", "advantages", "returns", "episode_starts"):
        np.testing.assert_allclose(
            getattr(contrib.rollout_buffer, name), getattr(ours.rollout_buffer, name), atol=1e-5, err_msg=name
        )
    # sb3-contrib rotates the rollout by a random number of steps, which would cut a sequence in two.
    monkeypatch.setattr(np.random, "randint", lambda *args, **kwargs: 0)
    before = [parameter.detach().clone() for parameter in ours.policy.parameters()]
    for model in (contrib, ours):
        model.train()
    for a, b in zip(contrib.policy.parameters(), ours.policy.parameters(), strict=True):
        th.testing.assert_close(a.grad, b.grad, atol=1e-5, rtol=1e-3)
        th.testing.assert_close(a, b, atol=1e-6, rtol=1e-5)
    assert any(not th.equal(a, b) for a, b in zip(before, ours.policy.parameters(), strict=True))
    for name, value in contrib.logger.name_to_value.items():
        if name.startswith("train/"):
            assert ours.logger.name_to_value[name] == pytest.approx(value, rel=1e-3, abs=1e-5), name


def test_time_limits_are_bootstrapped_from_the_final_observation_and_the_state_before_the_reset(monkeypatch):
    added = []
    add_values = RolloutCollector._bootstrap_truncated

    def spy(self, algorithm, rewards, truncation):
        bootstrapped = add_values(self, algorithm, rewards, truncation)
        added.append((bootstrapped != rewards).sum().item())
        return bootstrapped

    monkeypatch.setattr(RolloutCollector, "_bootstrap_truncated", spy)
    contrib, ours = pair_of_models(end=0.6)
    assert sum(added) > 1, "the comparison needs episodes that are cut short"
    np.testing.assert_allclose(contrib.rollout_buffer.rewards, ours.rollout_buffer.rewards, atol=1e-5)
