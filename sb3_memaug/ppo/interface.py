"""What the two algorithms share of their interface: the documentation of common arguments, checks and set-up."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import torch as th
from stable_baselines3.common.policies import ActorCriticPolicy

#: Arguments of SB3's PPO and sb3-contrib's RecurrentPPO, for the docstrings of both classes.
PPO_ARGUMENTS = """\
    :param n_epochs: passes over the rollout per update
    :param gamma: discount factor
    :param gae_lambda: bias-variance trade-off of the advantage estimate
    :param clip_range: of the probability ratio, a number or a function of the remaining progress
    :param clip_range_vf: of the change of the values, likewise; not clipped by default
    :param normalize_advantage: to zero mean and unit variance over the originals of each minibatch
    :param ent_coef: weight of the entropy
    :param vf_coef: weight of the value loss
    :param max_grad_norm: at which the gradient is clipped
    :param use_sde: explore by generalized state-dependent noise instead of independent noise
    :param sde_sample_freq: steps between draws of that noise; once per rollout by default
    :param target_kl: stop an update early where the KL divergence, on the originals, exceeds 1.5 times this
    :param stats_window_size: number of episodes that the logged means are over
    :param tensorboard_log: folder for TensorBoard
    :param verbose: 0 for nothing, 1 for information, 2 for debugging
    :param seed: of all random number generators
    :param device: ``"cpu"``, ``"cuda"`` …
    :param _init_setup_model: whether to build the networks"""

#: Arguments of both algorithms of this library.
MIRROR_ARGUMENTS = """\
    :param symmetry: the group to mirror by; that of the environment's ``MirrorSpec`` by default; False for none
    :param mirror_loss_coef: weight of the squared distance between the mean action on a mirrored observation and the
        mirrored mean action, which is held fixed; 0, the default, is the paper
    :param desired_kl: adapt the learning rate so that an update moves the policy by about this KL divergence, on the
        originals; not adapted by default
    :param adapt_rate: adapt it after every ``"minibatch"``, or once per ``"update"``
    :param autocast: ``"bf16"`` to learn with the networks in bfloat16, the rollout and all losses staying in float32;
        faster on GPUs, and on CPUs that compute in it
    :param compile: the heads of the policy, by ``torch.compile``, which needs a C++ compiler on a CPU"""


def check_choices(adapt_rate: Any, autocast: Any) -> None:
    """
    :param adapt_rate: argument of an algorithm
    :param autocast: argument of an algorithm
    :raises ValueError: if one of them is none of those that there are
    """
    if adapt_rate not in ("minibatch", "update"):
        raise ValueError(f"`adapt_rate` must be 'minibatch' or 'update', got {adapt_rate!r}")
    if autocast not in (None, "bf16"):
        raise ValueError(f"`autocast` must be 'bf16', or None for float32, got {autocast!r}")


def prepare_policy(policy: ActorCriticPolicy, device: th.device, compile: bool) -> None:
    """
    :param policy: that is trained
    :param device: it is on
    :param compile: whether to compile its heads
    """
    if compile:
        for head in (policy.mlp_extractor.policy_net, policy.mlp_extractor.value_net):
            head.compile(dynamic=True)
    for group in policy.optimizer.param_groups:
        # One kernel for all parameters, where PyTorch would start several for each.
        if isinstance(policy.optimizer, th.optim.Adam) and device.type in ("cpu", "cuda"):
            group["fused"], group["foreach"] = True, False


def autocast_to(autocast: str | None, device: th.device) -> th.autocast:
    """
    :param autocast: argument of an algorithm
    :param device: it computes on
    :return: a context in which its networks compute with that precision
    """
    return th.autocast(device.type, dtype=th.bfloat16, enabled=autocast is not None)


def warn_user(message: str) -> None:
    """
    Warn of the line outside of this library that led here.

    :param message: of the warning
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == "sb3_memaug":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)
