import warnings

import pytest
import torch as th
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sb3_memaug.models import ALGORITHMS
from sb3_memaug.zoo.samplers import SAMPLERS, convert

from ..ppo.worlds import random_worlds

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.WARNING)

DRAWN = {
    "n_steps": 24,
    "n_epochs": 5,
    "one_minus_gamma": 0.01,
    "one_minus_gae_lambda": 0.05,
    "clip_range": 0.2,
    "ent_coef": 0.003,
    "max_grad_norm": 1.0,
    "net_arch": "small",
    "activation_fn": "elu",
    "log_std_init": -0.7,
    "n_minibatches_pow": 2,
    "n_envs": 64,
    "learning_rate": 3e-4,
    "desired_kl": 0.01,
    "mirror_loss_coef": 1.0,
    "lstm_hidden_size": 32,
    "critic_memory": "own",
    "lstm_skip_connection": True,
    "sequences": "halves",
}


def random_study(seed=0, **kwargs):
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed), **kwargs)


def sample(algo, trial, n_envs):
    return SAMPLERS[algo](trial, 2, n_envs, {})


def build(algo, worlds, hyperparams):
    policy = "MlpLstmPolicy" if algo in ("memaug_ppo", "ppo_lstm") else "MlpPolicy"
    with warnings.catch_warnings():
        # SB3 warns of minibatches that do not divide a rollout, and we of those that are smaller than a sequence.
        warnings.simplefilter("error")
        return ALGORITHMS[algo](policy, worlds, **hyperparams)


def test_every_algorithm_has_a_sampler():
    assert list(SAMPLERS) == list(ALGORITHMS)


def test_of_memaug_ppo_all_is_sampled():
    trial = optuna.trial.FixedTrial(DRAWN)
    assert sample("memaug_ppo", trial, n_envs=64) == {
        "n_steps": 24,
        "n_minibatches": 4,
        "n_epochs": 5,
        "gamma": 0.99,
        "gae_lambda": 0.95,
        "clip_range": 0.2,
        "ent_coef": 0.003,
        "max_grad_norm": 1.0,
        "desired_kl": 0.01,
        "mirror_loss_coef": 1.0,
        "sequence_length": 12,
        "policy_kwargs": {
            "net_arch": [64, 64],
            "activation_fn": nn.ELU,
            "log_std_init": -0.7,
            "lstm_hidden_size": 32,
            "shared_lstm": False,
            "enable_critic_lstm": True,
            "lstm_skip_connection": True,
        },
    }
    # What rl_zoo3 shows of a trial.
    assert trial.user_attrs == {"gamma": 0.99, "gae_lambda": 0.95, "n_minibatches": 4, "sequence_length": 12}


def test_of_ppo_lstm_the_memory_is_sampled_and_batches_divide_the_rollout():
    sampled = sample("ppo_lstm", optuna.trial.FixedTrial(DRAWN), n_envs=64)
    assert sampled["batch_size"] == 64 * 24 // 4
    assert sampled["learning_rate"] == 3e-4
    assert sampled["policy_kwargs"] == {
        "net_arch": [64, 64],
        "activation_fn": nn.ELU,
        "log_std_init": -0.7,
        "lstm_hidden_size": 32,
        "shared_lstm": False,
        "enable_critic_lstm": True,
    }


@pytest.mark.parametrize(
    ("critic_memory", "shared", "own"), [("shared", True, False), ("own", False, True), ("none", False, False)]
)
def test_the_critic_remembers_by_the_memory_that_is_named(critic_memory, shared, own):
    policy_kwargs = convert({**DRAWN, "critic_memory": critic_memory})["policy_kwargs"]
    assert (policy_kwargs["shared_lstm"], policy_kwargs["enable_critic_lstm"]) == (shared, own)


@pytest.mark.parametrize("algo", ALGORITHMS)
def test_whatever_is_sampled_builds_a_model(algo):
    th.manual_seed(0)
    study = random_study()
    for n_envs, n_trials in ((1, 5), (4, 10), (64, 5)):
        worlds = random_worlds(n_envs)
        for _ in range(n_trials):
            model = build(algo, worlds, sample(algo, study.ask(), n_envs))
            assert model.n_steps * n_envs >= min(1024, 256 * n_envs)


@pytest.mark.parametrize("algo", ALGORITHMS)
def test_a_model_learns_by_what_is_sampled(algo):
    trial = optuna.trial.FixedTrial({**DRAWN, "n_steps": 16, "n_epochs": 2})
    model = build(algo, random_worlds(64), sample(algo, trial, 64))
    before = th.cat([parameter.detach().flatten() for parameter in model.policy.parameters()])
    model.learn(1024)
    assert not th.equal(before, th.cat([parameter.detach().flatten() for parameter in model.policy.parameters()]))


@settings(max_examples=25, deadline=None)
@given(n_envs=st.integers(1, 5000), seed=st.integers(0, 2**31))
def test_minibatches_divide_a_rollout_of_any_number_of_environments(n_envs, seed):
    study = random_study(seed)
    one = sample("ppo", study.ask(), n_envs)
    assert one["n_steps"] * n_envs % one["batch_size"] == 0
    other = sample("memaug_ppo", study.ask(), n_envs)
    assert other["n_minibatches"] <= n_envs
    assert other["sequence_length"] is None or other["n_steps"] % other["sequence_length"] == 0


@pytest.mark.parametrize("algo", ALGORITHMS)
def test_a_stored_trial_gives_back_what_was_sampled(registered, algo, tmp_path):
    registered(peers=True)
    from rl_zoo3.exp_manager import ExperimentManager

    file = str(tmp_path / "study.log")
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(file))
    study = random_study(storage=storage, study_name="study")
    sampled = []
    for _ in range(5):
        trial = study.ask()
        sampled.append(sample(algo, trial, 64))
        study.tell(trial, 0.0)
    manager = ExperimentManager(None, algo, "CartPole-v1", str(tmp_path))
    assert [manager.load_trial(file, "study", i) for i in range(5)] == sampled


def test_tpe_goes_on_from_what_was_sampled():
    # It would warn where the ranges of one parameter hung on another.
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(n_startup_trials=2, multivariate=True, seed=0), direction="maximize"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study.optimize(lambda trial: sample("memaug_ppo", trial, 64)["gamma"], n_trials=5)
    assert len(study.trials) == 5
