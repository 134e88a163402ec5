"""Every argument of the constructors means the same when a model is loaded."""

from __future__ import annotations

import inspect
import io
import math
import warnings

import numpy as np
import pytest
import torch as th
from torch import nn

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.ppo import update
from sb3_memaug.ppo.buffer import TensorRolloutBuffer
from sb3_memaug.ppo.update import AdaptiveLearningRate
from sb3_memaug.symmetry import Mirror, SignedPermutation, SymmetryGroup
from tests.ppo.worlds import ACTIONS, SWAP, random_worlds

POLICIES = {MemAugRecurrentPPO: "MlpLstmPolicy", SymmetricPPO: "MlpPolicy"}
NAMES = {algorithm: set(inspect.signature(algorithm).parameters) for algorithm in POLICIES}
both = pytest.mark.parametrize("algorithm", POLICIES)

GROUP = SymmetryGroup({"left_right": Mirror(SWAP, ACTIONS["box"][1])})
OTHER = SymmetryGroup({"left_right": Mirror(SignedPermutation([0, 1, 3, 2]), ACTIONS["box"][1])})


class OwnBuffer(TensorRolloutBuffer):
    """One of a user's."""


def rising(progress):
    return 1e-3 * (2 - progress)


#: Of each argument what is given to `load`: what is allowed, and what is refused.
ALLOWED = {
    "learning_rate": [1e-3, rising, np.float32(2e-3)],
    "n_steps": [8, np.int64(24), 24.0],
    "batch_size": [16, 64],
    "n_epochs": [3],
    "gamma": [0.5, 1],
    "gae_lambda": [0.3],
    "clip_range": [0.1, lambda progress: 0.1 * progress],
    "clip_range_vf": [0.3, None, lambda progress: 0.1],
    "normalize_advantage": [False],
    "ent_coef": [0.1],
    "vf_coef": [0.1],
    "max_grad_norm": [2.0, math.inf],
    "sde_sample_freq": [4],
    "rollout_buffer_class": [None, OwnBuffer],
    "rollout_buffer_kwargs": [None, {"sequence_length": 4}],
    "target_kl": [0.1, None],
    "stats_window_size": [3],
    "tensorboard_log": ["logs", None],
    "policy_kwargs": [{"net_arch": [8]}],
    "verbose": [0, 1],
    "seed": [7, None],
    "device": ["cpu"],
    "_init_setup_model": [True],
    "symmetry": [None, False, GROUP, OTHER],
    "n_minibatches": [2, None],
    "sequence_length": [4, None],
    "mirror_loss_coef": [0.3],
    "desired_kl": [0.5, None],
    "adapt_rate": ["update"],
    "autocast": ["bf16"],
    "compile": [False],
    "mirrored_memory": ["zeroed"],
    "use_sde": [False],
}
REFUSED = {
    "learning_rate": [-1e-3, math.nan, "3e-4", lambda progress: -progress],
    "n_steps": [0, 3.7, None],
    "batch_size": [0, -1, 2.5],
    "n_epochs": [0, "3"],
    "gamma": [1.5, -0.1],
    "gae_lambda": [2.0],
    "clip_range": [-0.1, math.nan, lambda progress: progress - 0.5],
    "clip_range_vf": [0.0, -1.0, math.inf],
    "ent_coef": [math.inf, -0.1],
    "vf_coef": [math.nan],
    "max_grad_norm": [-0.5, 0.0, math.nan],
    "sde_sample_freq": [-2, 0.5],
    "rollout_buffer_class": [io.BytesIO, "Own"],
    "target_kl": [-1.0, 0.0, math.inf],
    "stats_window_size": [0],
    "seed": [-1, 0.5, 2**32],
    "symmetry": ["left_right", SymmetryGroup({"m": Mirror(SignedPermutation([1, 0]), ACTIONS["box"][1])})],
    "n_minibatches": [3.7, 0, 99],
    "sequence_length": [0, 17, 1.5],
    "mirror_loss_coef": [-1.0, math.inf],
    "desired_kl": [0.0, -1, math.inf, True],
    "adapt_rate": ["epoch"],
    "autocast": ["fp16"],
    "mirrored_memory": ["forgotten"],
    # What the networks were made of.
    "policy": ["CnnPolicy"],
    "policy_kwargs": [{"net_arch": [16]}, None],
    "use_sde": [True],
    "_init_setup_model": [False],
}
#: What `load` has under the same name.
OWN = {"env"}
#: What only shows when something is learned.
LEARNED_WITH = {"n_steps", "batch_size", "rollout_buffer_class", "rollout_buffer_kwargs", "sequence_length", "autocast"}


def settings_of(algorithm):
    """Other than all that is given, and so that all have an effect."""
    return {
        "n_steps": 16,
        "batch_size": 32,
        "n_epochs": 1,
        "learning_rate": 4e-4,
        "clip_range_vf": 0.2,
        "target_kl": 100.0,
        "stats_window_size": 50,
        "policy_kwargs": {"net_arch": [8]},
        "seed": 0,
        "desired_kl": 1e-4,
        "device": "cpu",
    }


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A file of each algorithm, whose adaptive rate has moved."""
    paths = {}
    for algorithm in POLICIES:
        path = tmp_path_factory.mktemp("models") / algorithm.__name__
        model = algorithm(POLICIES[algorithm], random_worlds(4), **settings_of(algorithm)).learn(192)
        assert model.adaptive_rate.rate != 4e-4
        model.save(path)
        paths[algorithm] = path
    return paths


def facts(model):
    """All that the arguments decide about, but for what training has changed."""
    found = {
        name: getattr(model, name, None)
        for name in NAMES[type(model)] - {"policy", "env", "device", "learning_rate", "_init_setup_model"}
    }
    for name in ("clip_range", "clip_range_vf"):
        schedule = found[name]
        found[name] = None if schedule is None else [schedule(progress) for progress in (1.0, 0.5, 0.0)]
    buffer = model.rollout_buffer
    found["buffer"] = [type(buffer), buffer.buffer_size, buffer.n_envs, buffer.gamma, buffer.gae_lambda]
    found["stored_every"] = buffer.sequence_length
    found["stats_window_size"] = model._stats_window_size
    found["learning_rate"] = [model.lr_schedule(progress) for progress in (1.0, 0.5, 0.0)]
    found["adaptive_rate"] = model.adaptive_rate
    found["group"] = model.symmetry_group
    found["device"] = model.device
    found["policy_class"] = model.policy_class
    return found


def error_of(make):
    with pytest.raises((ValueError, TypeError)) as error:
        make()
    return type(error.value), str(error.value)


def test_no_argument_is_forgotten():
    for algorithm, names in NAMES.items():
        assert names - OWN <= set(ALLOWED) | set(REFUSED), algorithm


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("algorithm", "name", "value"),
    [(a, name, value) for a in POLICIES for name, values in ALLOWED.items() if name in NAMES[a] for value in values],
)
def test_what_is_given_means_what_it_means_in_the_constructor(algorithm, name, value, saved):
    given = {name: value}
    if callable(value) and name == "learning_rate":
        given["desired_kl"] = None
    new = algorithm(POLICIES[algorithm], random_worlds(4), **{**settings_of(algorithm), **given})
    loaded = algorithm.load(saved[algorithm], random_worlds(4), **{"device": "cpu", **given})
    expected, found = facts(new), facts(loaded)
    if not {"learning_rate", "desired_kl"} & set(given):
        # What training has made of them.
        assert found.pop("adaptive_rate").rate != expected.pop("adaptive_rate").rate
    assert found == expected
    assert loaded.num_timesteps == 192
    if name in LEARNED_WITH:
        loaded.learn(64, reset_num_timesteps=False)
        assert loaded.num_timesteps >= 192 + 64


@pytest.mark.parametrize(
    ("algorithm", "name", "value"),
    [(a, name, value) for a in POLICIES for name, values in REFUSED.items() if name in NAMES[a] for value in values],
)
def test_what_the_constructor_refuses_is_refused(algorithm, name, value, saved):
    kind, message = error_of(lambda: algorithm.load(saved[algorithm], random_worlds(4), **{name: value}))
    assert f"`{name}`" in message or name == "symmetry"
    if name not in ("policy", "policy_kwargs", "use_sde", "_init_setup_model"):
        settings = {**settings_of(algorithm), name: value}
        assert (kind, message) == error_of(lambda: algorithm(POLICIES[algorithm], random_worlds(4), **settings))


@both
def test_what_is_not_given_is_as_it_was(algorithm, saved):
    group = SymmetryGroup({"flip": Mirror(SignedPermutation([1, 0, 3, 2]), SignedPermutation([1, 0]))})
    model = algorithm(
        POLICIES[algorithm],
        random_worlds(4),
        **{**settings_of(algorithm), "symmetry": group, "gamma": 0.7, "mirror_loss_coef": 0.2, "n_epochs": 2},
    ).learn(128)
    file = io.BytesIO()
    model.save(file)
    for env in (None, random_worlds(4)):
        file.seek(0)
        loaded = algorithm.load(file, env, device="cpu")
        assert facts(loaded) == facts(model)
        assert loaded._n_updates == model._n_updates
        for a, b in zip(loaded.policy.parameters(), model.policy.parameters(), strict=True):
            assert th.equal(a, b)
        states = [m.policy.optimizer.state_dict()["state"] for m in (loaded, model)]
        assert all(th.equal(states[0][i][key], states[1][i][key]) for i in states[1] for key in states[1][i])


@both
def test_a_training_that_goes_on_has_the_rate_that_it_had(algorithm, tmp_path, monkeypatch):
    model = algorithm(POLICIES[algorithm], random_worlds(4, end=0.0), **settings_of(algorithm)).learn(64)
    model.save(tmp_path / "robot")
    loaded = algorithm.load(tmp_path / "robot", random_worlds(4, end=0.0), device="cpu")
    assert loaded.adaptive_rate == model.adaptive_rate
    learned_at = []
    monkeypatch.setattr(update, "use_rate", lambda optimizer, rate: learned_at.append(rate))
    loaded.learn(64, reset_num_timesteps=False)
    assert learned_at[0] == model.adaptive_rate.rate != 4e-4


@both
@pytest.mark.parametrize("symmetry", [False, None, GROUP])
def test_mirrors_are_those_that_were_asked_for(algorithm, symmetry, saved):
    loaded = algorithm.load(saved[algorithm], random_worlds(4, symmetric=False), symmetry=GROUP, device="cpu")
    assert loaded.symmetry_group == GROUP
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = algorithm.load(
            saved[algorithm], random_worlds(4, symmetric=symmetry is None), symmetry=symmetry, device="cpu"
        )
    assert loaded.group_size == (1 if symmetry is False else 2)
    loaded.learn(64)
    # Without mirrors there is nothing to log of the images.
    assert ("train/mirror_first_ratio" in loaded.logger.name_to_value) == (symmetry is not False)
    alone = algorithm.load(saved[algorithm], symmetry=symmetry, device="cpu")
    assert alone.group_size == (1 if symmetry is False else 2)


@both
def test_a_group_that_was_given_makes_way_for_the_environments(algorithm, tmp_path):
    algorithm(POLICIES[algorithm], random_worlds(4), **settings_of(algorithm), symmetry=OTHER).save(tmp_path / "robot")
    assert algorithm.load(tmp_path / "robot", random_worlds(4), symmetry=None).symmetry_group == GROUP
    alone = algorithm.load(tmp_path / "robot", symmetry=None)
    assert alone.symmetry_group is None
    alone.set_env(random_worlds(4))
    assert alone.symmetry_group == GROUP


@both
def test_a_new_desired_divergence_starts_at_the_learning_rate(algorithm, saved):
    assert algorithm.load(saved[algorithm], desired_kl=0.02).adaptive_rate == AdaptiveLearningRate(4e-4, 0.02)
    assert algorithm.load(saved[algorithm], learning_rate=1e-3).adaptive_rate == AdaptiveLearningRate(1e-3, 1e-4)
    # Also where it is the one that the training began with.
    assert algorithm.load(saved[algorithm], learning_rate=4e-4).adaptive_rate == AdaptiveLearningRate(4e-4, 1e-4)
    fixed = algorithm.load(saved[algorithm], random_worlds(4), desired_kl=None, learning_rate=2e-3)
    assert fixed.adaptive_rate is None
    assert fixed.policy.optimizer.param_groups[0]["lr"] == 2e-3
    fixed.learn(64)
    assert fixed.policy.optimizer.param_groups[0]["lr"] == 2e-3
    with pytest.raises(ValueError, match="cannot follow a schedule"):
        algorithm.load(saved[algorithm], learning_rate=rising)


@both
def test_what_makes_no_sense_together_is_refused(algorithm, saved):
    with pytest.raises(ValueError, match=r"within its bounds 1e-05 to 0.01, got 0.5"):
        algorithm.load(saved[algorithm], learning_rate=0.5)


def test_short_batches_of_long_sequences_are_said_where_they_are_given(saved):
    path = saved[MemAugRecurrentPPO]
    with pytest.warns(UserWarning, match="whole sequences of up to 16 steps") as record:
        MemAugRecurrentPPO.load(path, random_worlds(4), batch_size=8)
    assert record[0].filename == __file__


@both
def test_episodes_that_were_logged_fit_the_new_window(algorithm, saved):
    loaded = algorithm.load(saved[algorithm], random_worlds(4), stats_window_size=3)
    assert loaded.ep_info_buffer.maxlen == loaded.ep_success_buffer.maxlen == 3
    loaded.learn(192, reset_num_timesteps=False)
    assert len(loaded.ep_info_buffer) == 3


@both
def test_the_same_networks_may_be_named_again(algorithm, saved):
    loaded = algorithm.load(saved[algorithm], policy=POLICIES[algorithm], policy_kwargs={"net_arch": [8]})
    assert loaded.policy_class is algorithm.policy_aliases[POLICIES[algorithm]]


@both
def test_an_argument_that_there_is_not_is_refused_with_the_near_ones(algorithm, saved):
    with pytest.raises(TypeError, match=r"no argument 'desired_lk' .*did you mean desired_kl"):
        algorithm.load(saved[algorithm], desired_lk=0.1)


@both
def test_an_environment_may_be_named(algorithm, tmp_path):
    with pytest.warns(UserWarning, match="no symmetry group"):
        algorithm(POLICIES[algorithm], "Pendulum-v1", device="cpu").save(tmp_path / "robot")
    with pytest.warns(UserWarning, match="no symmetry group") as record:
        loaded = algorithm.load(tmp_path / "robot", "Pendulum-v1", device="cpu")
    assert loaded.env.num_envs == 1
    assert record[0].filename == __file__


@both
def test_what_cannot_be_read_any_more_may_be_replaced(algorithm, saved):
    """As rl_zoo3 does it for models from other versions of Python."""
    replaced = {"learning_rate": 0.0, "lr_schedule": lambda _: 0.0, "clip_range": lambda _: 0.0}
    loaded = algorithm.load(saved[algorithm], custom_objects=replaced)
    assert loaded.learning_rate == 0.0
    assert loaded.clip_range(1.0) == 0.0


def test_a_subclass_with_settled_arguments_loads():
    class Open(SymmetricPPO):
        def __init__(self, *args, bonus=0.0, **kwargs):
            super().__init__(*args, **kwargs)
            self.bonus = bonus

    class Closed(SymmetricPPO):
        def __init__(self, policy, env, device="auto", _init_setup_model=True):
            super().__init__(policy, env, n_steps=8, batch_size=32, device=device, _init_setup_model=_init_setup_model)

    model = Closed("MlpPolicy", random_worlds(4), device="cpu")
    model.gamma = 0.5
    file = io.BytesIO()
    model.save(file)
    file.seek(0)
    loaded = Closed.load(file, random_worlds(4))
    assert (loaded.n_steps, loaded.gamma, loaded.rollout_buffer.gamma) == (8, 0.5, 0.5)
    file.seek(0)
    with pytest.raises(TypeError, match="Closed has no argument 'n_steps'"):
        Closed.load(file, n_steps=4)

    file = io.BytesIO()
    Open("MlpPolicy", random_worlds(4), bonus=3.0, gamma=0.5, device="cpu").save(file)
    for given, expected in (({}, (3.0, 0.5)), ({"bonus": 4.0, "gamma": 0.6}, (4.0, 0.6))):
        file.seek(0)
        loaded = Open.load(file, **given)
        assert (loaded.bonus, loaded.gamma) == expected


def test_how_an_optimizer_computes_is_not_loaded(tmp_path):
    model = SymmetricPPO("MlpPolicy", random_worlds(4), **settings_of(SymmetricPPO)).learn(64)
    for group in model.policy.optimizer.param_groups:
        group["fused"], group["foreach"] = None, True  # as on a device that has no fused one
    model.save(tmp_path / "robot")
    loaded = SymmetricPPO.load(tmp_path / "robot", random_worlds(4), device="cpu")
    assert [(group["fused"], group["foreach"]) for group in loaded.policy.optimizer.param_groups] == [(True, False)]
    loaded.learn(64)


@both
def test_a_file_of_something_else_is_refused(algorithm, tmp_path):
    from stable_baselines3.common.save_util import save_to_zip_file

    save_to_zip_file(tmp_path / "else.zip", data={"gamma": 0.9}, params={"net": nn.Linear(1, 1).state_dict()})
    with pytest.raises(ValueError, match=r"else.zip holds no saved algorithm"):
        algorithm.load(tmp_path / "else.zip")
