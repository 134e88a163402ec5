"""
PPO's update over minibatches that hold each sample beside its mirror images: loss, steps, adaptive rate and log.

Steps 3 to 5 of docs/method.md. :class:`PolicyUpdate` is the whole of it; what is above it are its parts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, NamedTuple, NoReturn, Protocol

import torch as th
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.type_aliases import Schedule
from stable_baselines3.common.utils import FloatSchedule

from sb3_memaug.ppo.augmentation import Augmentation
from sb3_memaug.ppo.evaluation import Evaluation
from sb3_memaug.vec_env.devices import long_float, no_host_sync, steps_without_sync
from sb3_memaug.vec_env.distributed import all_sum, gather, is_distributed, share_gradients, world_size


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

    :param policy: clipped surrogate, to be minimized
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
    The gradient steps of one update. One whose gradient is not finite is refused: parameters, buffers and optimizer
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
        # As torch's GradScaler asks it of fused optimizers.
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
            "and its optimizer are as before it, and the last checkpoint is still good. Look for observations, rewards "
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


class Part(NamedTuple):
    """
    :param evaluation: of samples and images by the present policy, the originals first, (n, group size)
    :param targets: of the originals, (n,)
    """

    evaluation: Evaluation
    targets: Targets

    def outputs(self) -> tuple[th.Tensor, th.Tensor]:
        """
        :return: what the policy says of the samples
        """
        return self.evaluation.values, self.evaluation.log_prob


class Minibatch(NamedTuple):
    """
    :param advantages: of all originals, (n,)
    :param parts: which together hold all samples, evaluated one after another: what one of them needs is free again
        before the next
    """

    advantages: th.Tensor
    parts: Iterator[Part]


class PPOAlgorithm(Protocol):
    """What an update reads of the algorithm whose policy it improves, and what it writes: rate, log and counter."""

    policy: Any
    device: th.device
    rollout_buffer: Any
    verbose: int
    num_timesteps: int
    n_steps: int
    n_envs: int
    n_epochs: int
    clip_range: Any
    clip_range_vf: Any
    normalize_advantage: bool
    ent_coef: float
    vf_coef: float
    max_grad_norm: float
    target_kl: float | None
    mirror_loss_coef: float
    adapt_rate: Literal["minibatch", "update"]
    adaptive_rate: AdaptiveLearningRate | None
    _n_updates: int
    _current_progress_remaining: float

    @property
    def augmentation(self) -> Augmentation:
        """The images of samples under its group."""

    @property
    def logger(self) -> Any:
        """SB3's logger."""

    def _update_learning_rate(self, optimizers: Any) -> None:
        """Set the rate that the schedule gives."""


@contextmanager
def policy_update(algorithm: PPOAlgorithm) -> Iterator[PolicyUpdate]:
    """
    One update of a policy, by steps 3 to 5 of docs/method.md.

    .. code-block:: python

        with policy_update(self) as update:
            for minibatch in update.minibatches(self._minibatches):
                update.accumulate_gradients(minibatch)
                update.step()

    Nothing between the first minibatch and the last waits for the device, but for ``target_kl`` and where the
    optimizer is not fused.

    :param algorithm: whose policy to improve on its rollout
    :return: the update; its log is written at the end
    :raises ValueError: if a gradient is not finite; neither its step nor a later one was taken
    """
    update = PolicyUpdate(algorithm)
    try:
        with no_host_sync():
            yield update
        update.finish()
    finally:
        update.restore_rate()
    update.record()


class PolicyUpdate:
    """
    The loss over samples and images, the gradient steps, the adaptive learning rate and the log of one update.

    :param algorithm: whose policy to improve
    """

    def __init__(self, algorithm: PPOAlgorithm) -> None:
        self.algorithm = algorithm
        self.policy = algorithm.policy
        self.policy.set_training_mode(True)
        self._rate: th.Tensor | None = None
        if algorithm.adaptive_rate is None:
            algorithm._update_learning_rate(self.policy.optimizer)
        else:
            rate = algorithm.adaptive_rate.rate
            algorithm.logger.record("train/learning_rate", rate)
            use_rate(self.policy.optimizer, rate)
            self._rate = th.tensor(rate, dtype=long_float(algorithm.device), device=algorithm.device)
        number = -(-algorithm.num_timesteps // (algorithm.n_steps * algorithm.n_envs * world_size()))
        self._steps = GuardedSteps(self.policy, f"update {number}, after {algorithm.num_timesteps} steps")
        self._log = UpdateLog()
        self._stopped = False

    def minibatches(self, of_epoch: Callable[[], Iterable[Minibatch]]) -> Iterator[Minibatch]:
        """
        :param of_epoch: makes the minibatches of an epoch
        :return: those of all epochs, or until the policy has moved so far that the rollout should not be used any more
        """
        algorithm = self.algorithm
        for self._epoch in range(algorithm.n_epochs):
            algorithm._n_updates += 1
            self._divergences: list[th.Tensor] = []
            for self._number, minibatch in enumerate(of_epoch(), start=1):
                yield minibatch
                if self._stopped:
                    break
            if algorithm.adapt_rate == "update" and (self._stopped or self._epoch == algorithm.n_epochs - 1):
                self._adapt(th.stack(self._divergences).mean())
            if self._stopped:
                return

    def accumulate_gradients(self, minibatch: Minibatch) -> dict[str, th.Tensor]:
        """
        Evaluate the parts of a minibatch one after another, and add up the gradients of their losses.

        :param minibatch: to learn from
        :return: what is logged of it
        """
        self._steps.begin()
        n = th.tensor(float(len(minibatch.advantages)), device=self.algorithm.device)
        self._share = n / all_sum(n.clone())  # of this rank among the samples that all ranks learn from together
        self.policy.optimizer.zero_grad()
        normalizes = self.algorithm.normalize_advantage
        mean, scale = center_and_scale(minibatch.advantages) if normalizes else (0.0, 1.0)
        self._entry: dict[str, th.Tensor] = {}
        for evaluation, targets in minibatch.parts:
            targets = targets._replace(advantages=(targets.advantages - mean) / scale)
            loss, measured = self.loss(Part(evaluation, targets))
            weight = len(targets.advantages) / len(minibatch.advantages)
            (loss * weight).backward()
            self._entry = {name: self._entry.get(name, 0.0) + weight * value for name, value in measured.items()}
        return self._entry

    def loss(self, part: Part) -> tuple[th.Tensor, dict[str, th.Tensor]]:
        """
        :param part: of a minibatch, its advantages normalized
        :return: PPO's loss over samples and images with the mirror loss, and what is logged of it
        """
        algorithm, progress = self.algorithm, self.algorithm._current_progress_remaining
        evaluation, targets = part
        clip_range = algorithm.clip_range(progress)
        clip_range_vf = None if algorithm.clip_range_vf is None else algorithm.clip_range_vf(progress)
        terms = ppo_loss_terms(evaluation, targets, clip_range, clip_range_vf)
        loss = terms.policy.mean() - algorithm.ent_coef * terms.entropy.mean() + algorithm.vf_coef * terms.value.mean()
        with th.no_grad():
            entry = _entry(LossTerms(*(term[:, :1] for term in terms)), clip_range)
        if algorithm.augmentation.group is not None:
            with th.set_grad_enabled(algorithm.mirror_loss_coef > 0):
                asymmetry = algorithm.augmentation.mirror_loss(evaluation.action_mean)
            loss = loss + algorithm.mirror_loss_coef * asymmetry
            with th.no_grad():
                mirrored = _entry(LossTerms(*(term[:, 1:] for term in terms)), clip_range)
                mirrored["log_ratio"] = terms.log_ratio[:, 1:].abs().mean()
                mirrored["asymmetry"] = asymmetry.detach()
                entry.update({f"mirror_{name}": value for name, value in mirrored.items()})
        entry["loss"] = loss.detach()
        return loss, entry

    def step(self) -> None:
        """
        Adapt the learning rate and take the gradient step, unless the policy has moved too far.

        :raises ValueError: if the gradient is not finite, at once where that can be seen without waiting
        """
        algorithm, entry = self.algorithm, self._entry
        kl = entry["approx_kl"] = all_sum(entry["approx_kl"] * self._share)
        self._divergences.append(kl)
        self._log.append(entry)
        if algorithm.adapt_rate == "minibatch":
            self._adapt(kl)
        if algorithm.target_kl is not None and kl > 1.5 * algorithm.target_kl:
            if algorithm.verbose >= 1:
                print(f"Early stopping at step {self._epoch} due to reaching max kl: {kl:.2f}")
            self._stopped = True
            return
        if is_distributed():
            share_gradients(self.policy.parameters(), self._share)
        norm = th.nn.utils.clip_grad_norm_(self.policy.parameters(), algorithm.max_grad_norm)
        self._steps.step(norm, f"minibatch {self._number} in epoch {self._epoch + 1}", entry)

    def _adapt(self, kl: th.Tensor) -> None:
        if self._rate is not None:
            assert self.algorithm.adaptive_rate is not None
            self._rate = self.algorithm.adaptive_rate.after(self._rate, kl)
            use_rate(self.policy.optimizer, self._rate)

    def finish(self) -> None:
        """
        Keep the rate that the update ended with.

        :raises ValueError: if a step was refused
        """
        self._steps.end()
        if self._rate is not None:
            adaptive = self.algorithm.adaptive_rate
            assert adaptive is not None
            adaptive.rate = adaptive.within_bounds(float(self._rate))

    def restore_rate(self) -> None:
        """Set the optimizer's rate to the number that is kept, also after a refusal."""
        if self.algorithm.adaptive_rate is not None:
            use_rate(self.policy.optimizer, self.algorithm.adaptive_rate.rate)

    def record(self) -> None:
        """Log what was measured."""
        algorithm, buffer = self.algorithm, self.algorithm.rollout_buffer
        values, returns = buffer.values, buffer.returns
        latest = {"explained_variance": 1 - (returns - values).var() / returns.var()}  # nan or -inf of constant ones
        if hasattr(self.policy, "log_std"):
            latest["std"] = self.policy.log_std.detach().exp().mean()
        for name, value in self._log.summary(latest).items():
            algorithm.logger.record(f"train/{name}", value)
        algorithm.logger.record("train/n_updates", algorithm._n_updates, exclude="tensorboard")
        progress = algorithm._current_progress_remaining
        algorithm.logger.record("train/clip_range", algorithm.clip_range(progress))
        if algorithm.clip_range_vf is not None:
            algorithm.logger.record("train/clip_range_vf", algorithm.clip_range_vf(progress))


def adaptive_rate_of(learning_rate: float | Schedule, desired_kl: float | None) -> AdaptiveLearningRate | None:
    """
    :param learning_rate: argument of an algorithm
    :param desired_kl: argument of an algorithm
    :return: the adaptive rate that begins at the learning rate; None where it is not adapted
    :raises ValueError: if the learning rate follows a schedule
    """
    if desired_kl is None:
        return None
    # rl_zoo3 turns numbers into constant schedules.
    schedule = FloatSchedule(learning_rate)
    if len({schedule(progress) for progress in (1.0, 0.5, 0.0)}) > 1:
        raise ValueError(
            "`desired_kl` adapts the learning rate by itself and cannot follow a schedule: "
            "give `learning_rate` a number, or leave out `desired_kl`"
        )
    return AdaptiveLearningRate(schedule(1.0), desired_kl)


def use_rate(optimizer: th.optim.Optimizer, rate: float | th.Tensor) -> None:
    """
    :param optimizer: whose learning rate to set
    :param rate: a number, or a scalar on the device
    """
    for group in optimizer.param_groups:
        if isinstance(rate, th.Tensor) and group.get("fused"):
            # Only fused optimizers take a rate that is still on its way, and CUDA's read it as a float32.
            group["lr"] = rate.float()
        else:
            group["lr"] = float(rate)


def _entry(terms: LossTerms, clip_range: float) -> dict[str, th.Tensor]:
    """What SB3 logs of a minibatch."""
    return {
        "entropy_loss": -terms.entropy.mean(),
        "policy_gradient_loss": terms.policy.mean(),
        "value_loss": terms.value.mean(),
        "approx_kl": approximate_kl(terms.log_ratio),
        "clip_fraction": ((terms.log_ratio.exp() - 1).abs() > clip_range).float().mean(),
    }
