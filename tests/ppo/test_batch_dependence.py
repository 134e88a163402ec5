"""A minibatch is evaluated in parts only where that changes nothing."""

from __future__ import annotations

import pytest
import torch as th
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.ppo.chunks import ChunkTrial, keeps_batch_statistics
from sb3_memaug.vec_env import devices
from sb3_memaug.vec_env.distributed import rank
from tests.ppo.worlds import random_worlds

POLICIES = {MemAugRecurrentPPO: "MlpLstmPolicy", SymmetricPPO: "MlpPolicy"}
both = pytest.mark.parametrize("algorithm", POLICIES)


class Centred(nn.Module):
    """Looks at the batch, which no type and no buffer tells."""

    def forward(self, x):
        return x - x.mean(dim=0)


class Counts(nn.Module):
    """Gives out what it was asked how often."""

    def __init__(self):
        super().__init__()
        self.register_buffer("asked", th.zeros(()))

    def forward(self, x):
        self.asked += 1
        return x


class OverInstances(nn.Module):
    """Normalizes each sample by itself, over two channels."""

    def __init__(self, track):
        super().__init__()
        self.norm = nn.InstanceNorm1d(2, track_running_stats=track)

    def forward(self, x):
        return self.norm(x.unflatten(1, (2, 4))).flatten(1)


#: Layers behind the first one; whether they see each sample by itself.
LAYERS = {
    "batch norm": (lambda: nn.BatchNorm1d(8), False),
    "batch norm without memory": (lambda: nn.BatchNorm1d(8, track_running_stats=False), False),
    "lazy batch norm": (lambda: nn.LazyBatchNorm1d(), False),
    "instances that are remembered": (lambda: OverInstances(True), False),
    "instances": (lambda: OverInstances(False), True),
    "centred": (Centred, False),
    "counts": (Counts, False),
    "spectral norm": (lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(8, 8)), False),
    "layer norm": (lambda: nn.LayerNorm(8), True),
    "group norm": (lambda: nn.GroupNorm(2, 8), True),
    "plain": (nn.Tanh, True),
}


class Extractor(BaseFeaturesExtractor):
    def __init__(self, observation_space, layer):
        super().__init__(observation_space, 8)
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(observation_space.shape[0], 8), LAYERS[layer][0]())
        self.layers(th.zeros(2, observation_space.shape[0]))  # the lazy ones

    def forward(self, observations):
        return self.layers(observations)


def make(algorithm, layer, **kwargs):
    small = {"lstm_hidden_size": 8} if algorithm is MemAugRecurrentPPO else {}
    policy_kwargs = {
        "features_extractor_class": Extractor,
        "features_extractor_kwargs": {"layer": layer},
        "net_arch": [8],
        **small,
    }
    settings = {"n_steps": 16, "batch_size": 64, "n_epochs": 1, "seed": 0, "device": "cpu", **kwargs}
    # One that looks at the batch while it acts cannot be asked for the value of a single last observation.
    env = random_worlds(8, end=0.0 if layer == "batch norm without memory" else 0.1)
    return algorithm(POLICIES[algorithm], env, policy_kwargs=policy_kwargs, **settings)


def state_after(algorithm, layer, largest, monkeypatch):
    monkeypatch.setattr(devices, "LARGEST", largest)
    calls = []
    model = make(algorithm, layer)
    evaluate = model._evaluate
    model._evaluate = lambda batch: calls.append(None) or evaluate(batch)
    model.learn(3 * 128)
    return model.policy.state_dict(), len(calls), model


@both
@pytest.mark.parametrize("layer", LAYERS)
def test_a_training_is_the_same_whether_parts_are_asked_for_or_not(algorithm, layer, monkeypatch):
    whole, n_whole, _ = state_after(algorithm, layer, 2**60, monkeypatch)
    parts, n_parts, model = state_after(algorithm, layer, 256, monkeypatch)
    for name, value in whole.items():
        th.testing.assert_close(parts[name], value, atol=1e-5, rtol=1e-4)
    assert n_whole == 6
    assert model._chunk_trial.passed[True] is LAYERS[layer][1]
    # Where it is not split, only the samples that tell so are evaluated beside.
    assert (n_parts > 2 * n_whole) == LAYERS[layer][1]


def test_trying_leaves_no_trace(monkeypatch):
    monkeypatch.setattr(devices, "LARGEST", 64)
    states = []
    for separable in (None, False):
        model = make(SymmetricPPO, "counts")
        model._chunk_trial = ChunkTrial({True: False} if separable is False else {})
        model.learn(128)
        states.append((model.policy.state_dict(), th.get_rng_state()))
    assert all(th.equal(states[0][0][name], states[1][0][name]) for name in states[0][0])
    assert th.equal(states[0][1], states[1][1])


def test_it_is_tried_once_and_not_saved(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "LARGEST", 64)
    model = make(SymmetricPPO, "plain").learn(128)
    assert model._chunk_trial.passed == {True: True}
    model.save(tmp_path / "robot")
    assert SymmetricPPO.load(tmp_path / "robot")._chunk_trial.passed == {}


def test_statistics_of_batches_are_refused_where_each_rank_would_have_its_own(monkeypatch):
    def agree(model):
        monkeypatch.setattr("sb3_memaug.ppo.ranks.is_distributed", lambda: True)
        try:
            model._setup_learn(1)
        finally:
            monkeypatch.undo()

    with pytest.raises(ValueError, match=r"the policy has BatchNorm1d, of which each rank .* LayerNorm or GroupNorm"):
        agree(make(SymmetricPPO, "batch norm"))
    agree(make(SymmetricPPO, "layer norm"))
    assert rank() == 0
    assert not keeps_batch_statistics(nn.SyncBatchNorm(4))
    assert keeps_batch_statistics(nn.InstanceNorm2d(4, track_running_stats=True))


@both
def test_statistics_are_learned_over_samples_and_images_alike(algorithm):
    """So they are those of the orbit: exchanged entries have the same mean."""

    class Seen(BaseFeaturesExtractor):
        def __init__(self, observation_space):
            super().__init__(observation_space, observation_space.shape[0])
            self.norm = nn.BatchNorm1d(observation_space.shape[0], momentum=None)

        def forward(self, observations):
            return self.norm(observations)

    model = algorithm(
        POLICIES[algorithm],
        random_worlds(4),
        n_steps=16,
        batch_size=64,
        n_epochs=1,
        seed=0,
        device="cpu",
        policy_kwargs={"features_extractor_class": Seen},
    ).learn(64)
    mean = model.policy.features_extractor.norm.running_mean
    assert mean.abs().max() > 1e-3
    th.testing.assert_close(mean[[1, 0, 3, 2]], mean)
    # Acting and mirroring learn no statistics: there was one pass, that over the minibatch.
    assert model.policy.features_extractor.norm.num_batches_tracked == 1
