"""A step whose gradient is not finite is not taken, and is named."""

from __future__ import annotations

import copy

import pytest
import torch as th
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.envs.rower import Rower
from sb3_memaug.ppo.update import PolicyUpdate
from sb3_memaug.vec_env import devices
from tests.ppo.worlds import random_worlds
from tests.vec_env.test_steppers import act_asynchronously, both, make

ways = pytest.mark.parametrize("blindly", [False, True], ids=["looking", "blindly"])
N_STEPS = 8


def filled(algorithm, n_epochs=3, **kwargs):
    """A model that has learned from one rollout, and has collected the next."""
    size = {"n_minibatches": 2} if algorithm is MemAugRecurrentPPO else {"batch_size": 32}
    arguments = {"n_steps": N_STEPS, "n_epochs": n_epochs, "desired_kl": 0.01, **size, **kwargs}
    model = make(algorithm, Rower(8), **arguments)
    model.learn(8 * N_STEPS)
    _, callback = model._setup_learn(8 * N_STEPS, reset_num_timesteps=False)
    model.collect_rollouts(model.env, callback, model.rollout_buffer, N_STEPS)
    return model


def state(model):
    """All that an update changes, but for the gradients."""
    return copy.deepcopy((model.policy.state_dict(), model.policy.optimizer.state_dict(), model.adaptive_rate))


def assert_same(one, other):
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key, value in one.items():
            assert_same(value, other[key])
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    elif isinstance(one, th.Tensor):
        assert th.equal(one, other)
    else:
        assert one == other


def plant(model, monkeypatch, at, what=lambda entry: None):
    """The gradient of the minibatch with this number, from 1, is not finite; the state before its step is kept."""
    accumulate, before, calls = PolicyUpdate.accumulate_gradients, [], []

    def planted(update, minibatch):
        calls.append(1)
        if len(calls) <= at:
            before[:] = [copy.deepcopy((model.policy.state_dict(), model.policy.optimizer.state_dict()["state"]))]
        entry = accumulate(update, minibatch)
        if len(calls) == at:
            next(p for p in model.policy.parameters() if p.grad is not None).grad.view(-1)[1] = th.nan
            what(entry)
        return entry

    monkeypatch.setattr(PolicyUpdate, "accumulate_gradients", planted)
    return before


@both
@ways
@pytest.mark.parametrize("at", [1, 4, 6])
def test_the_policy_is_bit_for_bit_the_one_before_the_step(algorithm, blindly, at, monkeypatch):
    if blindly:
        act_asynchronously(monkeypatch)
    model = filled(algorithm)
    first = state(model)
    before = plant(model, monkeypatch, at)
    with pytest.raises(ValueError, match="is not finite") as error:
        model.train()
    policy, optimizer, rate = state(model)
    assert_same((policy, optimizer["state"]), before[0])
    assert (at == 1) == all(th.equal(x, policy[name]) for name, x in first[0].items())
    # As if the update had not begun.
    assert rate == first[2]
    assert [group["lr"] for group in optimizer["param_groups"]] == [rate.rate]
    assert str(error.value).startswith(
        f"the gradient of minibatch {2 - at % 2} in epoch {(at + 1) // 2} of update 2, after 128 steps is not finite "
        "(finite: every term of the loss, only its gradient is not). The step was refused"
    )
    assert "last checkpoint is still good" in str(error.value)
    assert not hasattr(model.policy.optimizer, "found_inf")


@both
@ways
def test_a_training_goes_on_after_a_refusal(algorithm, blindly, monkeypatch):
    if blindly:
        act_asynchronously(monkeypatch)
    model = filled(algorithm)
    with monkeypatch.context() as patch:
        plant(model, patch, 2)
        with pytest.raises(ValueError, match="is not finite"):
            model.train()
    before = state(model)[0]
    model.learn(8 * N_STEPS, reset_num_timesteps=False)
    after = state(model)[0]
    assert any(not th.equal(x, after[name]) for name, x in before.items())
    assert all(x.isfinite().all() for x in after.values())


NAMES = {
    "policy_gradient_loss": "the policy loss",
    "value_loss": "the value loss",
    "entropy_loss": "the entropy",
    "mirror_policy_gradient_loss": "the policy loss of the mirror images",
    "mirror_value_loss": "the value loss of the mirror images",
    "mirror_entropy_loss": "the entropy of the mirror images",
    "mirror_asymmetry": "the mirror loss",
}


@ways
@pytest.mark.parametrize("term", NAMES)
def test_the_term_is_named(blindly, term, monkeypatch):
    if blindly:
        act_asynchronously(monkeypatch)
    model = filled(MemAugRecurrentPPO, mirror_loss_coef=1.0)
    plant(model, monkeypatch, 3, lambda entry: entry.update({term: th.tensor(th.inf)}))
    with pytest.raises(ValueError, match=rf"minibatch 1 in epoch 2 .* is not finite \(not finite: {NAMES[term]}\)"):
        model.train()


@both
@ways
@pytest.mark.parametrize(
    ("stored", "name"),
    [
        ("advantages", "the policy loss, the policy loss of the mirror images"),
        ("values", "the value loss, the value loss of the mirror images"),
    ],
)
def test_terms_of_a_real_loss(algorithm, blindly, stored, name, monkeypatch):
    """Returns are advantages and values: with the one, the others are none as well."""
    if blindly:
        act_asynchronously(monkeypatch)
    model = filled(algorithm, normalize_advantage=False)
    getattr(model.rollout_buffer, stored)[3, 5] = th.nan
    before = state(model)
    with pytest.raises(ValueError, match="is not finite") as error:
        model.train()
    assert name.split(", ")[0] in str(error.value)
    assert name.split(", ")[1] in str(error.value)
    assert ("the policy loss" in str(error.value)) == (stored == "advantages")
    assert "the entropy" not in str(error.value)
    after = state(model)
    # It stands in one of the two minibatches.
    if "minibatch 1 in epoch 1" in str(error.value):
        assert_same(after[0], before[0])


@both
@ways
@pytest.mark.parametrize("optimizer", [th.optim.RMSprop, th.optim.SGD, th.optim.AdamW])
def test_any_optimizer_is_left_as_it_was(algorithm, blindly, optimizer, monkeypatch):
    if blindly:
        act_asynchronously(monkeypatch)
    lstm = {"lstm_hidden_size": 8} if algorithm is MemAugRecurrentPPO else {}
    kwargs = {"optimizer_class": optimizer, "optimizer_kwargs": {}, "net_arch": [8], **lstm}
    model = filled(algorithm, policy_kwargs=kwargs)
    before = plant(model, monkeypatch, 3)
    with pytest.raises(ValueError, match="minibatch 1 in epoch 2"):
        model.train()
    policy, remembered, _ = state(model)
    assert_same((policy, remembered["state"]), before[0])


class Normed(BaseFeaturesExtractor):
    """Keeps statistics of what it is trained on."""

    def __init__(self, observation_space):
        super().__init__(observation_space, observation_space.shape[0])
        self.norm = nn.BatchNorm1d(self.features_dim)

    def forward(self, observations):
        return self.norm(observations)


@both
@ways
def test_statistics_of_the_policy_are_not_poisoned(algorithm, blindly, monkeypatch):
    if blindly:
        act_asynchronously(monkeypatch)
    model = filled(algorithm, policy_kwargs={"features_extractor_class": Normed}, normalize_advantage=False)
    model.rollout_buffer.observations[2, 1] = th.nan
    before = state(model)[0]
    with pytest.raises(ValueError, match="is not finite"):
        model.train()
    after = state(model)[0]
    assert all(x.isfinite().all() for x in after.values())
    named = [name for name in before if "running" in name]
    assert named


def test_only_fused_optimizers_step_blindly(monkeypatch):
    parameter = nn.Parameter(th.zeros(2))
    plain, fused = th.optim.SGD([parameter]), th.optim.Adam([parameter], fused=True)
    assert not devices.steps_without_sync(fused, th.device("cpu"))
    act_asynchronously(monkeypatch)
    assert devices.steps_without_sync(fused, th.device("cpu"))
    assert not devices.steps_without_sync(plain, th.device("cpu"))


def test_an_exploding_ratio_is_refused_and_not_a_message_of_torch():
    """The mean of the actions is finite when they are taken, and not when they are evaluated."""
    model = MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(2), n_steps=8, seed=0, batch_size=16)
    _, callback = model._setup_learn(64)
    model.collect_rollouts(model.env, callback, model.rollout_buffer, 8)
    model.rollout_buffer.observations[:, 0] = 3e38
    model.rollout_buffer.log_probs[:, 1] = -200.0
    before = copy.deepcopy(model.policy.state_dict())
    with pytest.raises(ValueError, match="the gradient of minibatch 1 in epoch 1 of update 1, after 16 steps"):
        model.train()
    assert_same(before, model.policy.state_dict())


@both
@pytest.mark.parametrize("rate", [th.nan, th.inf])
def test_a_schedule_that_gives_no_rate_changes_nothing(algorithm, rate):
    model = make(algorithm, Rower(8), n_steps=N_STEPS, learning_rate=lambda left: rate if 0.2 < left < 0.3 else 1e-3)
    before = []

    def keep(*_):
        if model.num_timesteps == 24 * N_STEPS:
            before[:] = [copy.deepcopy((model.policy.state_dict(), model.policy.optimizer.state_dict()["state"]))]
        return True

    with pytest.raises(
        ValueError, match=f"the learning rate in update 3, after 192 steps is {rate}, but must be finite"
    ):
        model.learn(4 * 8 * N_STEPS, callback=keep)
    assert_same(before[0], (model.policy.state_dict(), model.policy.optimizer.state_dict()["state"]))
