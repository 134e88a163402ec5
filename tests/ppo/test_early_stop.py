"""The learning rate is adapted by the divergence that ends an update early, too."""

from __future__ import annotations

import pytest
import torch as th

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.ppo import update
from tests.ppo.worlds import random_worlds

POLICIES = {MemAugRecurrentPPO: "MlpLstmPolicy", SymmetricPPO: "MlpPolicy"}
both = pytest.mark.parametrize("algorithm", POLICIES)
#: Between half and twice the desired one the rate stays; at 1.5 times the target the update stops.
DESIRED, TARGET = 0.01, 0.04


def rate_after(algorithm, divergences, monkeypatch, **kwargs):
    """An update of two epochs of two minibatches, whose divergences are told."""
    left = list(divergences)
    model = algorithm(
        POLICIES[algorithm],
        random_worlds(4, end=0.0),
        n_steps=8,
        batch_size=16,
        n_epochs=2,
        learning_rate=1e-3,
        desired_kl=DESIRED,
        seed=0,
        device="cpu",
        **{"target_kl": TARGET, **kwargs},
    )
    entry = update._entry
    first = []

    def told(terms, clip_range):
        # Asked for the originals and for the images, in turn.
        first.append(len(first) % 2 == 0)
        return {**entry(terms, clip_range), **({"approx_kl": th.tensor(left.pop(0))} if first[-1] else {})}

    monkeypatch.setattr(update, "_entry", told)
    model.learn(32)
    return model.adaptive_rate.rate, model._n_updates, left, model


@both
@pytest.mark.parametrize(
    ("divergences", "expected", "epochs"),
    [
        # Of two minibatches each; past 0.06 the update stops.
        ([0.5], 1e-3 / 1.5, 1),
        ([0.01, 0.5], 1e-3 / 1.5, 1),
        ([0.001, 0.5], 1e-3, 1),
        ([0.001, 0.001, 0.5], 1e-3 * 1.5, 2),
        ([0.03, 0.03, 0.03, 0.5], 1e-3 / 1.5**4, 2),
        ([0.01, 0.01, 0.01, 0.01], 1e-3, 2),
        ([0.001, 0.001, 0.001, 0.03], 1e-3 * 1.5**2, 2),
    ],
)
def test_after_each_minibatch(algorithm, divergences, expected, epochs, monkeypatch):
    rate, n_updates, left, model = rate_after(algorithm, divergences, monkeypatch)
    assert rate == pytest.approx(expected, rel=1e-12)
    assert model.policy.optimizer.param_groups[0]["lr"] == rate
    assert (n_updates, left) == (epochs, [])


@both
@pytest.mark.parametrize(
    ("divergences", "expected", "epochs"),
    [
        ([0.5], 1e-3 / 1.5, 1),
        # Their mean counts: of the last epoch, as far as it went.
        ([0.001, 0.5], 1e-3 / 1.5, 1),
        ([0.0, 0.0, 0.0, 0.07], 1e-3 / 1.5, 2),
        ([0.5 - 0.5, 0.0, 0.0, 0.03], 1e-3, 2),
        ([0.03, 0.03, 0.07], 1e-3 / 1.5, 2),
        ([0.03, 0.03, 0.001, 0.001], 1e-3 * 1.5, 2),
    ],
)
def test_once_an_update(algorithm, divergences, expected, epochs, monkeypatch):
    rate, n_updates, left, model = rate_after(algorithm, divergences, monkeypatch, adapt_rate="update")
    assert rate == pytest.approx(expected, rel=1e-12)
    assert model.policy.optimizer.param_groups[0]["lr"] == rate
    assert (n_updates, left) == (epochs, [])


@both
def test_the_policy_stands_where_it_stood_before_the_divergence(algorithm, monkeypatch):
    *_, stopped = rate_after(algorithm, [0.5], monkeypatch)
    monkeypatch.undo()
    *_, fresh = rate_after(algorithm, [0.5], monkeypatch)
    new = algorithm(POLICIES[algorithm], random_worlds(4, end=0.0), seed=0, device="cpu", n_steps=8, batch_size=16)
    for a, b in zip(stopped.policy.parameters(), new.policy.parameters(), strict=True):
        assert th.equal(a, b)
    assert fresh.adaptive_rate == stopped.adaptive_rate


@both
@pytest.mark.parametrize("adapt_rate", ["minibatch", "update"])
def test_updates_that_always_stop_lower_the_rate(algorithm, adapt_rate):
    model = algorithm(
        POLICIES[algorithm],
        random_worlds(4),
        n_steps=16,
        batch_size=32,
        n_epochs=5,
        learning_rate=1e-2,
        desired_kl=1e-9,
        target_kl=1e-9,
        adapt_rate=adapt_rate,
        seed=0,
        device="cpu",
    ).learn(10 * 64)
    # The first minibatch of an update sees an unmoved policy, the second one ends it.
    each = 1.0 if adapt_rate == "minibatch" else 1 / 1.5
    rate = 1e-2
    for _ in range(10):
        rate = min(rate * 1.5, 1e-2) / 1.5 if adapt_rate == "minibatch" else rate * each
    assert model.adaptive_rate.rate == pytest.approx(rate, rel=1e-9)
