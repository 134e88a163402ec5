"""What ``memaug train -optimize`` draws hyperparameters from: ranges for many parallel environments, and for memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    from optuna import Trial

#: In rl_zoo3: of a trial, the number of actions, that of environments, and what is known of the replay buffer.
Sampler = Callable[["Trial", int, int, dict[str, Any]], dict[str, Any]]

NET_ARCH = {"small": [64, 64], "medium": [128, 128], "large": [256, 128, 128]}
ACTIVATION_FN = {"tanh": nn.Tanh, "relu": nn.ReLU, "elu": nn.ELU}
#: What the critic remembers by.
CRITIC_MEMORY = {
    "shared": {"shared_lstm": True, "enable_critic_lstm": False},
    "own": {"shared_lstm": False, "enable_critic_lstm": True},
    "none": {"shared_lstm": False, "enable_critic_lstm": False},
}
#: Into how many parts at least a rollout is cut for backpropagation through time.
SEQUENCES = {"whole": 1, "halves": 2, "quarters": 4}


def convert(params: Mapping[str, Any]) -> dict[str, Any]:
    """
    :param params: of a trial, as Optuna stores them
    :return: the hyperparameters that they stand for, by the names that the algorithms know
    """
    drawn = dict(params)
    hyperparams: dict[str, Any] = {
        "gamma": 1 - drawn.pop("one_minus_gamma"),
        "gae_lambda": 1 - drawn.pop("one_minus_gae_lambda"),
    }
    n_minibatches = 2 ** drawn.pop("n_minibatches_pow")
    if "n_envs" in drawn:
        hyperparams["batch_size"] = drawn["n_steps"] * drawn.pop("n_envs") // n_minibatches
    else:
        hyperparams["n_minibatches"] = n_minibatches
    if "sequences" in drawn:
        parts = SEQUENCES[drawn.pop("sequences")]
        hyperparams["sequence_length"] = None if parts == 1 else drawn["n_steps"] // parts
    policy_kwargs = {
        "net_arch": NET_ARCH[drawn.pop("net_arch")],
        "activation_fn": ACTIVATION_FN[drawn.pop("activation_fn")],
        **CRITIC_MEMORY.get(drawn.pop("critic_memory", None), {}),
    }
    for name in ("log_std_init", "lstm_hidden_size", "lstm_skip_connection"):
        if name in drawn:
            policy_kwargs[name] = drawn.pop(name)
    return {**hyperparams, **drawn, "policy_kwargs": policy_kwargs}


def _sample(
    trial: Trial,
    n_actions: int,
    n_envs: int,
    additional_args: dict[str, Any],
    memory: bool,
    mirrors: bool,
) -> dict[str, Any]:
    _suggest_ppo(trial, n_envs)
    if mirrors:
        trial.suggest_float("desired_kl", 0.003, 0.03, log=True)
        trial.suggest_categorical("mirror_loss_coef", [0.0, 0.3, 1.0, 3.0])
    else:
        trial.suggest_float("learning_rate", 3e-5, 2e-3, log=True)
    if memory:
        trial.suggest_categorical("lstm_hidden_size", [32, 64, 128, 256])
        trial.suggest_categorical("critic_memory", list(CRITIC_MEMORY))
    if memory and mirrors:
        trial.suggest_categorical("lstm_skip_connection", [False, True])
        trial.suggest_categorical("sequences", list(SEQUENCES))
        # Minibatches are made of whole sequences, one of each environment at least.
        trial.suggest_int("n_minibatches_pow", 0, min(3, n_envs.bit_length() - 1))
    else:
        trial.suggest_int("n_minibatches_pow", 0, 3)
        # Stored, because whoever reads the trial again has to know the size of a minibatch.
        trial.suggest_int("n_envs", n_envs, n_envs)
    hyperparams = convert(trial.params)
    for name in ("gamma", "gae_lambda", "batch_size", "n_minibatches", "sequence_length"):
        if name in hyperparams:
            trial.set_user_attr(name, hyperparams[name])
    return hyperparams


def _suggest_ppo(trial: Trial, n_envs: int) -> None:
    # About a thousand samples in an update at least, unless that takes more than 256 steps.
    fewest = 16 * min(max(64 // n_envs, 1), 16)
    trial.suggest_int("n_steps", fewest, 8 * fewest, step=fewest // 2)
    trial.suggest_int("n_epochs", 2, 8)
    trial.suggest_float("one_minus_gamma", 0.001, 0.05, log=True)
    trial.suggest_float("one_minus_gae_lambda", 0.01, 0.2, log=True)
    trial.suggest_categorical("clip_range", [0.1, 0.2, 0.3])
    trial.suggest_float("ent_coef", 1e-5, 0.03, log=True)
    trial.suggest_float("max_grad_norm", 0.3, 2.0)
    trial.suggest_categorical("net_arch", list(NET_ARCH))
    trial.suggest_categorical("activation_fn", list(ACTIVATION_FN))
    trial.suggest_float("log_std_init", -1.5, 0.0)


#: By the names of the algorithms.
SAMPLERS: dict[str, Sampler] = {
    "memaug_ppo": partial(_sample, memory=True, mirrors=True),
    "sym_ppo": partial(_sample, memory=False, mirrors=True),
    "ppo_lstm": partial(_sample, memory=True, mirrors=False),
    "ppo": partial(_sample, memory=False, mirrors=False),
}
