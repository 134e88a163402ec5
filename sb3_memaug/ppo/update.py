"""
PPO's update over minibatches that hold each sample beside its mirror images: loss, steps, adaptive rate and log.

Steps 4 and 5 of docs/method.md. :class:`Update` is the whole of it; the rest of the file is what it is made of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple, NoReturn, TypeVar

import torch as th
from stable_baselines3.common.policies import BasePolicy
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase

from sb3_memaug.ppo.evaluation import Evaluation
from sb3_memaug.vec_env.devices import steps_without_sync
from sb3_memaug.vec_env.distributed import all_sum, gather, is_distributed, world_size


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


def approximate_kl(log_ratio: th.Tensor) -> th.Tensor:
    """
    Schulman's low-variance estimate of the KL divergence, as SB3 measures it.

    :param log_ratio: log-probabilities now minus when the actions were taken
    :return: a scalar
    """
    return (log_ratio.exp() - 1 - log_ratio).mean()


@dataclass
class AdaptiveLearningRate:
    """
    The paper's "target KL" schedule: divide the rate by 1.5 where the policy moved more than twice as far as desired,
    multiply it by 1.5 where it moved less than half as far.

    :param rate: where to start
    :param desired_kl: desired KL divergence between the policy before and after an update
    :param bounds: between which the rate stays
    :raises ValueError: if ``desired_kl`` is not positive, or the rate starts outside its bounds
    """

    rate: float
    desired_kl: float
    bounds: tuple[float, float] = (1e-5, 1e-2)

    def __post_init__(self) -> None:
        low, high = self.bounds
        if not self.desired_kl > 0:
            raise ValueError(f"`desired_kl` must be positive, got {self.desired_kl}")
        if not 0 < low <= self.rate <= high:
            raise ValueError(
                f"an adaptive learning rate must start within its bounds {low:g} to {high:g}, got {self.rate:g}"
            )

    def adapt(self, kl: float) -> float:
        """
        :param kl: what was measured
        :return: the new rate
        """
        self.rate = float(self.after(th.tensor(self.rate, dtype=th.float64), th.tensor(kl, dtype=th.float64)))
        return self.rate

    def within_bounds(self, rate: float) -> float:
        """
        :param rate: as a device computed it, perhaps with fewer digits than the bounds have
        :return: the same, or the bound that it passed or rounds to
        """
        low, high = self.bounds
        return next(
            (bound for bound in self.bounds if math.isclose(rate, bound, rel_tol=1e-7)), min(max(rate, low), high)
        )

    def after(self, rate: th.Tensor, kl: th.Tensor) -> th.Tensor:
        """
        The same on a device, without looking at what was measured.

        :param rate: the present one, a scalar, in float64 where the device has it: the rate goes up and down for as
            long as a training lasts, and is to come back to where it was
        :param kl: what was measured, a scalar
        :return: the rate that follows, with the same number of digits
        """
        faster, slower = rate * 1.5, rate / 1.5
        follows = th.where(kl > 2 * self.desired_kl, slower, th.where(kl < self.desired_kl / 2, faster, rate))
        return follows.clamp(*self.bounds)


#: Terms of the loss by their names in the log.
TERMS = {
    "policy_gradient_loss": "the policy loss",
    "value_loss": "the value loss",
    "entropy_loss": "the entropy",
    "mirror_policy_gradient_loss": "the policy loss of the mirror images",
    "mirror_value_loss": "the value loss of the mirror images",
    "mirror_entropy_loss": "the entropy of the mirror images",
    "mirror_asymmetry": "the mirror loss",
}


class GuardedSteps:
    """
    The gradient steps of one update. One whose gradient is not finite is refused: parameters, buffers and optimiser
    stay as they are.

    Where looking means to wait for the device, the device leaves that step and all later ones out by itself, and the
    host looks once, at the end of the update.

    :param policy: to improve
    :param update: how to name the update
    :raises ValueError: if the learning rate, as a schedule may give it, is not finite
    """

    def __init__(self, policy: BasePolicy, update: str) -> None:
        rates = [float(group["lr"]) for group in policy.optimizer.param_groups]
        if not all(map(isfinite, rates)):
            raise ValueError(
                f"the learning rate in {update} is {rates[0]}, but must be finite: look at the schedule. No step was "
                "taken, and the last checkpoint is still good"
            )
        self._policy = policy
        self._update = update
        self._blindly = steps_without_sync(policy.optimizer, policy.device)
        self._all_finite = th.ones((), dtype=th.bool, device=policy.device)
        self._steps: list[tuple[th.Tensor, str, Mapping[str, th.Tensor]]] = []
        self._buffers: list[th.Tensor] = []

    def begin(self) -> None:
        """Call it before the policy evaluates a minibatch, which may already change statistics that it keeps."""
        self._buffers = [buffer.clone() for buffer in self._policy.buffers()]

    def step(self, norm: th.Tensor, minibatch: str, terms: Mapping[str, th.Tensor]) -> None:
        """
        :param norm: of the gradient, the same on all ranks
        :param minibatch: how to name it
        :param terms: of its loss, and what else was measured, scalars by their names in the log
        :raises ValueError: if the gradient is not finite, at once where that can be seen without waiting
        """
        finite = norm.isfinite()
        self._steps.append((finite, minibatch, terms))
        if not self._blindly:
            if not finite:
                self._put_buffers_back(finite)
                self._refuse()
            self._policy.optimizer.step()
            return
        self._all_finite = self._all_finite & finite
        optimizer = self._policy.optimizer
        # As torch's GradScaler asks it of fused optimisers.
        optimizer.found_inf = (~self._all_finite).float()  # type: ignore[attr-defined]
        try:
            optimizer.step()
        finally:
            del optimizer.found_inf  # type: ignore[attr-defined]
        self._put_buffers_back(self._all_finite)

    def end(self) -> None:
        """
        :raises ValueError: if a step was refused
        """
        if self._blindly and not self._all_finite:
            self._refuse()

    def _put_buffers_back(self, unless: th.Tensor) -> None:
        for buffer, before in zip(self._policy.buffers(), self._buffers, strict=True):
            buffer.copy_(th.where(unless, buffer, before))

    def _refuse(self) -> NoReturn:
        first = th.stack([finite for finite, _, _ in self._steps]).tolist().index(False)
        _, minibatch, terms = self._steps[first]
        own = [text for name, text in TERMS.items() if name in terms and not terms[name].isfinite()]
        of_ranks = gather(own)
        if is_distributed():
            of_ranks = [[f"{text} of rank {i}" for text in texts] for i, texts in enumerate(of_ranks)]
        names = [text for texts in of_ranks for text in texts]
        whose = (
            f"not finite: {', '.join(names)}" if names else "finite: every term of the loss, only its gradient is not"
        )
        raise ValueError(
            f"the gradient of {minibatch} of {self._update} is not finite ({whose}). The step was refused: the policy "
            "and its optimiser are as before it, and the last checkpoint is still good. Look for observations, rewards "
            "or returns that are very large, which SymmetricVecNormalize scales, or lower the learning rate"
        )


class UpdateLog:
    """Scalars of each minibatch, to be looked at once, in one transfer."""

    def __init__(self) -> None:
        self._entries: list[Mapping[str, th.Tensor]] = []

    def append(self, entry: Mapping[str, th.Tensor]) -> None:
        """
        :param entry: of a minibatch, the same names each time
        """
        self._entries.append(entry)

    def summary(self, latest: Mapping[str, th.Tensor]) -> dict[str, float]:
        """
        :param latest: scalars that were measured at the end
        :return: means over the minibatches and ranks; of the loss the last one, as SB3 logs it, and of the mirrored
            ratio the first one, since only at the first gradient step is it 1 where the policy is equivariant
        """
        columns = {name: th.stack([entry[name] for entry in self._entries]) for name in self._entries[0]}
        scalars = {name: column.mean() for name, column in columns.items()}
        scalars["loss"] = columns["loss"][-1]
        if "mirror_log_ratio" in columns:
            del scalars["mirror_log_ratio"], scalars["mirror_asymmetry"], scalars["mirror_entropy_loss"]
            scalars["mirror_first_ratio"] = columns["mirror_log_ratio"][0].exp()
            scalars["mirror_equivariance_error"] = columns["mirror_asymmetry"].sqrt().mean()
        scalars |= latest
        values = all_sum(th.stack([value.float() for value in scalars.values()])) / world_size()
        return dict(zip(scalars, values.tolist(), strict=True))


Batch = TypeVar("Batch")

#: Largest difference that float errors make between the values of a batch and those of its parts.
TOLERANCE = 1e-4


def keeps_batch_statistics(module: nn.Module) -> bool:
    """
    :param module: one layer of a network
    :return: whether it is one of PyTorch's that learn statistics of the batches that they see, each process its own
    """
    if isinstance(module, nn.SyncBatchNorm):
        return False
    return isinstance(module, _BatchNorm) or (isinstance(module, _NormBase) and module.track_running_stats)


def evaluates_in_parts(
    policy: nn.Module, evaluate: Callable[[Batch], Sequence[th.Tensor]], whole: Batch, parts: Sequence[Batch]
) -> bool:
    """
    Try it: an own layer of a user's may centre a batch, or count how often it was asked, and no type would tell.

    Where the policy draws random numbers, as dropout does, the parts differ too, and the answer is no.

    :param policy: in the mode that it is used in; it is left as it was
    :param evaluate: computes by it what is wanted of samples, in tensors
    :param whole: some samples
    :param parts: the same, in some parts
    :return: whether evaluating the parts, one after another, is evaluating the whole
    """
    if any(isinstance(module, _BatchNorm) or keeps_batch_statistics(module) for module in policy.modules()):
        return False
    before = [buffer.clone() for buffer in policy.buffers()]
    try:
        with th.no_grad(), th.random.fork_rng(devices=[]):
            together, apart = evaluate(whole), [evaluate(part) for part in parts]
        changed = any(not th.equal(new, old) for new, old in zip(policy.buffers(), before, strict=True))
    finally:
        for buffer, old in zip(policy.buffers(), before, strict=True):
            buffer.copy_(old)
    return not changed and all(
        # The parts hold the samples in another order.
        th.allclose(
            x.flatten().sort().values,
            th.cat([part.flatten() for part in xs]).sort().values,
            rtol=TOLERANCE,
            atol=TOLERANCE,
        )
        for x, *xs in zip(together, *apart, strict=True)
    )
