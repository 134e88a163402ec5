"""PPO's loss over samples and their mirror images."""

from __future__ import annotations

from typing import NamedTuple

import torch as th
from torch.nn import functional

from sb3_memaug.ppo.evaluation import Evaluation
from sb3_memaug.vec_env.distributed import all_sum


class Targets(NamedTuple):
    """
    What the original samples of a minibatch are held against; their images share it (section 4.2).

    :param values: predicted when the actions were taken, (n,)
    :param log_prob: of the actions when they were taken, (n,)
    :param advantages: (n,)
    :param returns: (n,)
    """

    values: th.Tensor
    log_prob: th.Tensor
    advantages: th.Tensor
    returns: th.Tensor


class LossTerms(NamedTuple):
    """
    Terms for each sample and image, (n, group size), to be averaged.

    :param policy: clipped surrogate, to be minimised
    :param value: squared error
    :param entropy: of the action distribution, or what stands for it
    :param log_ratio: of the action's probability now to that when it was taken
    """

    policy: th.Tensor
    value: th.Tensor
    entropy: th.Tensor
    log_ratio: th.Tensor


def center_and_scale(advantages: th.Tensor) -> tuple[th.Tensor, th.Tensor]:
    """
    :param advantages: of the originals of a minibatch, (n,)
    :return: what to subtract from them and what to divide them by, so that they have zero mean and unit variance over
        all ranks; 0 and 1 where there is only one
    """
    n = all_sum(th.tensor(float(len(advantages)), device=advantages.device))
    mean = all_sum(advantages.sum()) / n
    variance = all_sum((advantages - mean).square().sum()) / (n - 1)
    alone = n == 1
    return th.where(alone, 0.0, mean), th.where(alone, 1.0, variance.sqrt() + 1e-8)


def ppo_loss_terms(
    evaluation: Evaluation,
    targets: Targets,
    clip_range: float,
    clip_range_vf: float | None = None,
) -> LossTerms:
    """
    :param evaluation: of samples and images, the originals first, (n, group size)
    :param targets: of the originals
    :param clip_range: of the probability ratio
    :param clip_range_vf: of the change of the values, not clipped by default
    :return: the terms of the loss
    """
    values, log_prob, entropy, _ = evaluation
    advantages = targets.advantages.unsqueeze(1)

    log_ratio = log_prob - targets.log_prob.unsqueeze(1)
    ratio = log_ratio.exp()
    surrogate = th.min(advantages * ratio, advantages * ratio.clamp(1 - clip_range, 1 + clip_range))
    if clip_range_vf is not None:
        old_values = targets.values.unsqueeze(1)
        values = old_values + (values - old_values).clamp(-clip_range_vf, clip_range_vf)
    return LossTerms(
        policy=-surrogate,
        value=(targets.returns.unsqueeze(1) - values) ** 2,
        # Approximate entropy where there is no analytical form, as SB3 does.
        entropy=-log_prob if entropy is None else entropy,
        log_ratio=log_ratio,
    )


def mirror_loss(action_mean: th.Tensor, mirrored_target: th.Tensor) -> th.Tensor:
    """
    How far the mean action on a mirrored observation is from the mirrored mean action.

    :param action_mean: of samples and images, the originals first, (n, group size, …)
    :param mirrored_target: images of the originals' mean, which are not learned from here, the same shape
    :return: mean squared error over the images, a scalar
    """
    return functional.mse_loss(action_mean[:, 1:], mirrored_target[:, 1:].detach())


def approximate_kl(log_ratio: th.Tensor) -> th.Tensor:
    """
    Schulman's low-variance estimate of the KL divergence, as SB3 measures it.

    :param log_ratio: log-probabilities now minus when the actions were taken
    :return: a scalar
    """
    return (log_ratio.exp() - 1 - log_ratio).mean()
