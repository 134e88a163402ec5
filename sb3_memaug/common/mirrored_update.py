"""PPO's update over minibatches that hold each sample beside its mirror images."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import torch as th
from gymnasium import spaces
from stable_baselines3.common.callbacks import BaseCallback, ConvertCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.type_aliases import GymEnv, MaybeCallback
from stable_baselines3.common.utils import FloatSchedule
from stable_baselines3.common.vec_env import VecEnv

from sb3_memaug.common.adaptive_rate import AdaptiveLearningRate
from sb3_memaug.common.between import check_between
from sb3_memaug.common.devices import without_looking
from sb3_memaug.common.distributed import is_distributed, share_gradients, total
from sb3_memaug.common.environment_group import group_of_environment
from sb3_memaug.common.evaluation import Evaluation, on_action_mean
from sb3_memaug.common.finite_check import FiniteCheck
from sb3_memaug.common.loss import (
    LossTerms,
    Targets,
    approximate_kl,
    center_and_scale,
    mirror_loss,
    ppo_loss_terms,
)
from sb3_memaug.common.observations import map_observations
from sb3_memaug.common.symmetry_source import SymmetryArgument, check_normalization
from sb3_memaug.common.tensor_rollout_buffer import TensorRolloutBuffer
from sb3_memaug.common.update_log import UpdateLog
from sb3_memaug.symmetry import SymmetryGroup, check_group_fits


class Part(NamedTuple):
    """
    :param evaluation: of samples and images by the present policy, the originals first, (n, group size)
    :param targets: of the originals, (n,)
    """

    evaluation: Evaluation
    targets: Targets


class Minibatch(NamedTuple):
    """
    :param advantages: of all originals, (n,)
    :param parts: which together hold all samples, evaluated one after another: what one of them needs is free again
        before the next
    """

    advantages: th.Tensor
    parts: Iterator[Part]


class MirroredUpdate(OnPolicyAlgorithm):
    """
    What the symmetric algorithms share: where the group comes from, the loss over samples and images, the adaptive
    learning rate, and the log. A subclass yields minibatches, already evaluated.

    Nothing between the first minibatch of an update and the last waits for the device, but for ``target_kl``.

    :param symmetry: see the algorithms
    :param mirror_loss_coef: see the algorithms
    :param desired_kl: see the algorithms
    :param adapt_rate: see the algorithms
    :param autocast: see the algorithms
    :param compile: see the algorithms
    """

    n_epochs: int
    clip_range: Any
    clip_range_vf: Any
    normalize_advantage: bool
    target_kl: float | None
    rollout_buffer: TensorRolloutBuffer
    #: The adaptive learning rate during an update, on the device.
    _rate: th.Tensor

    def _init_mirroring(
        self,
        symmetry: SymmetryArgument,
        mirror_loss_coef: float,
        desired_kl: float | None,
        adapt_rate: Literal["minibatch", "update"],
        autocast: Literal["bf16"] | None,
        compile: bool,
    ) -> None:
        if not (symmetry is None or symmetry is False or isinstance(symmetry, SymmetryGroup)):
            raise ValueError(
                "`symmetry` must be a SymmetryGroup, None for the group of the environment's MirrorSpec, or False for "
                f"none, got {symmetry!r}"
            )
        if mirror_loss_coef < 0:
            raise ValueError(f"`mirror_loss_coef` must not be negative, got {mirror_loss_coef}")
        if adapt_rate not in ("minibatch", "update"):
            raise ValueError(f"`adapt_rate` must be 'minibatch' or 'update', got {adapt_rate!r}")
        if autocast not in (None, "bf16"):
            raise ValueError(f"`autocast` must be 'bf16', or None for float32, got {autocast!r}")
        self.symmetry = symmetry
        self.symmetry_group: SymmetryGroup | None = symmetry or None
        self.mirror_loss_coef = mirror_loss_coef
        self.desired_kl = desired_kl
        self.adapt_rate = adapt_rate
        self.autocast = autocast
        self.compile = compile
        self.adaptive_rate: AdaptiveLearningRate | None = None
        if desired_kl is not None:
            # rl_zoo3 turns numbers into constant schedules.
            schedule = FloatSchedule(self.learning_rate)
            if len({schedule(progress) for progress in (1.0, 0.5, 0.0)}) > 1:
                raise ValueError(
                    "`desired_kl` adapts the learning rate by itself and cannot follow a schedule: "
                    "give `learning_rate` a number, or leave out `desired_kl`"
                )
            self.adaptive_rate = AdaptiveLearningRate(schedule(1.0), desired_kl)

    def _setup_mirroring(self) -> None:
        """Find the group, and refuse at once what would only show as a policy that does not learn."""
        if self.compile:
            for head in (self.policy.mlp_extractor.policy_net, self.policy.mlp_extractor.value_net):
                head.compile(dynamic=True)
        for group in self.policy.optimizer.param_groups:
            # One kernel for all parameters, where PyTorch would start several for each.
            if isinstance(self.policy.optimizer, th.optim.Adam) and self.device.type in ("cpu", "cuda"):
                group["fused"], group["foreach"] = True, False
        if self.env is None:
            return
        self._fit_group(self.env)
        if self.symmetry_group is None and self.symmetry is None:
            warnings.warn(
                f"the environment has no symmetry group, so {type(self).__name__} trains without mirrors. Wrap it in "
                "sb3_memaug.MirrorSpec, pass `symmetry=`, or say `symmetry=False` to train like this on purpose",
                stacklevel=4,
            )

    def _fit_group(self, env: VecEnv) -> None:
        if self.symmetry is False:
            return
        group = self.symmetry or group_of_environment(env)
        if group is not None:
            check_normalization(group, env)
            check_between(group, env)
            check_group_fits(group, self.observation_space, self.action_space)
        self.symmetry_group = group

    def _init_callback(self, callback: MaybeCallback, progress_bar: bool = False) -> BaseCallback:
        if callback is None:
            callback = []
        elif not isinstance(callback, list):
            callback = [callback if isinstance(callback, BaseCallback) else ConvertCallback(callback)]
        return super()._init_callback([FiniteCheck(), *callback], progress_bar)

    def set_env(self, env: GymEnv, force_reset: bool = True) -> None:
        """
        :param env: to train on from now on
        :param force_reset: see ``BaseAlgorithm.set_env``
        :raises ValueError: if its normalisation or its group does not fit
        """
        super().set_env(env, force_reset)
        assert self.env is not None
        self._fit_group(self.env)

    @property
    def group_size(self) -> int:
        """Number of images of each sample, itself included."""
        return 1 if self.symmetry_group is None else len(self.symmetry_group)

    def _observation_orbit(self, observations: Any) -> Any:
        """Each observation, followed by its images: (n, …) becomes (n · group size, …); dicts by key."""
        if self.symmetry_group is None:
            return observations
        orbit = self.symmetry_group.observations(observations)
        return map_observations(lambda x: x.transpose(0, 1).flatten(0, 1), orbit)

    def _action_orbit(self, actions: th.Tensor) -> th.Tensor:
        """The same for actions, in the form in which distributions take them."""
        if self.symmetry_group is not None:
            actions = self.symmetry_group.actions(actions).transpose(0, 1).flatten(0, 1)
        if isinstance(self.action_space, spaces.Discrete):
            return actions.long().flatten()
        return actions.float() if isinstance(self.action_space, spaces.MultiBinary) else actions

    @abstractmethod
    def _minibatches(self) -> Iterator[Minibatch]:
        """One epoch over the rollout."""

    def _update_learning_rate(self, optimizers: list[th.optim.Optimizer] | th.optim.Optimizer) -> None:
        if self.adaptive_rate is None:
            super()._update_learning_rate(optimizers)
            return
        self.logger.record("train/learning_rate", self.adaptive_rate.rate)
        self._use_rate(self.adaptive_rate.rate)

    def _use_rate(self, rate: float | th.Tensor) -> None:
        for group in self.policy.optimizer.param_groups:
            # Only fused optimisers take a rate that is still on its way.
            group["lr"] = rate if group.get("fused") else float(rate)

    def train(self) -> None:
        """
        Improve the policy on the rollout, by steps 3 to 5 of docs/method.md.
        """
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        log = UpdateLog()
        if self.adaptive_rate is not None:
            self._rate = th.tensor(self.adaptive_rate.rate, dtype=th.float64, device=self.device)
        with without_looking(self.device):
            for epoch in range(self.n_epochs):
                self._n_updates += 1
                if not self._train_epoch(epoch, log):
                    break
        if self.adaptive_rate is not None:
            self.adaptive_rate.rate = float(self._rate)
            self._use_rate(self.adaptive_rate.rate)
        self._record(log)

    def _train_epoch(self, epoch: int, log: UpdateLog) -> bool:
        """Returns False where the policy has moved so far that the rollout should not be used any more."""
        divergences = []
        for minibatch in self._minibatches():
            n = th.tensor(float(len(minibatch.advantages)), device=self.device)
            share = n / total(n.clone())  # of this rank among the samples that all ranks learn from together
            entry = self._accumulate_gradients(minibatch)
            kl = entry["approx_kl"] = total(entry["approx_kl"] * share)
            divergences.append(kl)
            log.append(entry)
            if self.target_kl is not None and kl > 1.5 * self.target_kl:
                if self.verbose >= 1:
                    print(f"Early stopping at step {epoch} due to reaching max kl: {kl:.2f}")
                return False
            if self.adaptive_rate is not None and self.adapt_rate == "minibatch":
                self._rate = self.adaptive_rate.after(self._rate, kl)
                self._use_rate(self._rate)
            if is_distributed():
                share_gradients(self.policy.parameters(), share)
            th.nn.utils.clip_grad_norm_(self.policy.parameters(), self.max_grad_norm)
            self.policy.optimizer.step()
        if self.adaptive_rate is not None and self.adapt_rate == "update" and epoch == self.n_epochs - 1:
            self._rate = self.adaptive_rate.after(self._rate, th.stack(divergences).mean())
        return True

    def _accumulate_gradients(self, minibatch: Minibatch) -> dict[str, th.Tensor]:
        """Returns what is logged of the minibatch."""
        self.policy.optimizer.zero_grad()
        mean, scale = center_and_scale(minibatch.advantages) if self.normalize_advantage else (0.0, 1.0)
        entry: dict[str, th.Tensor] = {}
        for evaluation, targets in minibatch.parts:
            targets = targets._replace(advantages=(targets.advantages - mean) / scale)
            loss, measured = self._loss(Part(evaluation, targets))
            weight = len(targets.advantages) / len(minibatch.advantages)
            (loss * weight).backward()
            entry = {name: entry.get(name, 0.0) + weight * value for name, value in measured.items()}
        return entry

    def _precision(self) -> th.autocast:
        """In which the networks compute."""
        return th.autocast(self.device.type, dtype=th.bfloat16, enabled=self.autocast is not None)

    def _loss(self, part: Part) -> tuple[th.Tensor, dict[str, th.Tensor]]:
        evaluation, targets = part
        clip_range = self.clip_range(self._current_progress_remaining)
        terms = ppo_loss_terms(
            evaluation,
            targets,
            clip_range,
            None if self.clip_range_vf is None else self.clip_range_vf(self._current_progress_remaining),
        )
        loss = terms.policy.mean() - self.ent_coef * terms.entropy.mean() + self.vf_coef * terms.value.mean()
        with th.no_grad():
            entry = _entry(LossTerms(*(term[:, :1] for term in terms)), clip_range)
        if self.symmetry_group is not None:
            with th.set_grad_enabled(self.mirror_loss_coef > 0):
                asymmetry = mirror_loss(evaluation.action_mean, self._mirrored_means(evaluation.action_mean))
            loss = loss + self.mirror_loss_coef * asymmetry
            with th.no_grad():
                mirrored = _entry(LossTerms(*(term[:, 1:] for term in terms)), clip_range)
                del mirrored["entropy_loss"]
                mirrored["log_ratio"] = terms.log_ratio[:, 1:].abs().mean()
                mirrored["asymmetry"] = asymmetry.detach()
                entry.update({f"mirror_{name}": value for name, value in mirrored.items()})
        entry["loss"] = loss.detach()
        return loss, entry

    def _mirrored_means(self, means: th.Tensor) -> th.Tensor:
        assert self.symmetry_group is not None
        original = means[:, 0].detach()
        images = [on_action_mean(mirror.action, self.action_space) for mirror in self.symmetry_group]
        return th.stack([image.apply(original) for image in images], dim=1)

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_rate"]

    def _record(self, log: UpdateLog) -> None:
        buffer = self.rollout_buffer
        values, returns = buffer.values, buffer.returns
        latest = {"explained_variance": 1 - (returns - values).var() / returns.var()}  # nan or -inf of constant ones
        if hasattr(self.policy, "log_std"):
            latest["std"] = self.policy.log_std.detach().exp().mean()
        for name, value in log.summary(latest).items():
            self.logger.record(f"train/{name}", value)
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record("train/clip_range", self.clip_range(self._current_progress_remaining))
        if self.clip_range_vf is not None:
            self.logger.record("train/clip_range_vf", self.clip_range_vf(self._current_progress_remaining))


def _entry(terms: LossTerms, clip_range: float) -> dict[str, th.Tensor]:
    """What SB3 logs of a minibatch."""
    return {
        "entropy_loss": -terms.entropy.mean(),
        "policy_gradient_loss": terms.policy.mean(),
        "value_loss": terms.value.mean(),
        "approx_kl": approximate_kl(terms.log_ratio),
        "clip_fraction": ((terms.log_ratio.exp() - 1).abs() > clip_range).float().mean(),
    }
