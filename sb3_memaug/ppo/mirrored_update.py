"""PPO's update over minibatches that hold each sample beside its mirror images."""

from __future__ import annotations

import io
import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import torch as th
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.type_aliases import GymEnv
from stable_baselines3.common.utils import FloatSchedule
from stable_baselines3.common.vec_env import VecEnv

from sb3_memaug.ppo.augmentation import Augmentation, check_symmetry_argument, find_group
from sb3_memaug.ppo.buffer import TensorRolloutBuffer
from sb3_memaug.ppo.evaluation import Evaluation
from sb3_memaug.ppo.saving import load_algorithm
from sb3_memaug.ppo.update import (
    AdaptiveLearningRate,
    GuardedSteps,
    LossTerms,
    Targets,
    UpdateLog,
    approximate_kl,
    center_and_scale,
    evaluates_in_parts,
    ppo_loss_terms,
)
from sb3_memaug.symmetry import SymmetryGroup, check_group_fits
from sb3_memaug.vec_env.devices import long_float, no_host_sync
from sb3_memaug.vec_env.distributed import all_sum, is_distributed, share_gradients, world_size
from sb3_memaug.vec_env.groups import SymmetryArgument

Batch = TypeVar("Batch")
SelfMirroredUpdate = TypeVar("SelfMirroredUpdate", bound="MirroredUpdate")


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


class MirroredUpdate(OnPolicyAlgorithm):
    """
    What the symmetric algorithms share: where the group comes from, the loss over samples and images, the adaptive
    learning rate, and the log. A subclass yields minibatches, already evaluated.

    Nothing between the first minibatch of an update and the last waits for the device, but for ``target_kl`` and where
    the optimiser is not fused.

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
    #: See :class:`~sb3_memaug.ppo.rollout.TensorRollout`.
    _is_interrupted: bool
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
        check_symmetry_argument(symmetry)
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
        self._separable: dict[bool, bool] = {}

    def _setup_mirroring(self) -> None:
        """Find the group, and refuse at once what would only show as a policy that does not learn."""
        if self.desired_kl is not None and self.adaptive_rate is None:
            self.adaptive_rate = self._new_adaptive_rate(self.desired_kl)
        if self.compile:
            for head in (self.policy.mlp_extractor.policy_net, self.policy.mlp_extractor.value_net):
                head.compile(dynamic=True)
        for group in self.policy.optimizer.param_groups:
            # One kernel for all parameters, where PyTorch would start several for each.
            if isinstance(self.policy.optimizer, th.optim.Adam) and self.device.type in ("cpu", "cuda"):
                group["fused"], group["foreach"] = True, False
        if self.env is None:
            if self.symmetry_group is not None:
                check_group_fits(self.symmetry_group, self.observation_space, self.action_space)
            return
        self._fit_group(self.env)
        if self.symmetry_group is None and self.symmetry is None:
            warnings.warn(
                f"the environment has no symmetry group, so {type(self).__name__} trains without mirrors. Wrap it in "
                "sb3_memaug.MirrorSpec, pass `symmetry=`, or say `symmetry=False` to train like this on purpose",
                stacklevel=5,
            )

    def _new_adaptive_rate(self, desired_kl: float) -> AdaptiveLearningRate:
        # rl_zoo3 turns numbers into constant schedules.
        schedule = FloatSchedule(self.learning_rate)
        if len({schedule(progress) for progress in (1.0, 0.5, 0.0)}) > 1:
            raise ValueError(
                "`desired_kl` adapts the learning rate by itself and cannot follow a schedule: "
                "give `learning_rate` a number, or leave out `desired_kl`"
            )
        return AdaptiveLearningRate(schedule(1.0), desired_kl)

    def _check_sizes(self) -> None:
        """Refuse sizes that the environments cannot make; SB3's ``PPO`` looks at its own."""

    def _fit_group(self, env: VecEnv) -> None:
        self.symmetry_group = find_group(self.symmetry, env, self.observation_space, self.action_space)

    def set_env(self, env: GymEnv, force_reset: bool = True) -> None:
        """
        :param env: to train on from now on
        :param force_reset: see ``BaseAlgorithm.set_env``
        :raises ValueError: if its normalisation or its group does not fit
        """
        super().set_env(env, force_reset)
        assert self.env is not None
        self._fit_group(self.env)

    @classmethod
    def load(
        cls: type[SelfMirroredUpdate],
        path: str | Path | io.BufferedIOBase,
        env: GymEnv | str | None = None,
        device: th.device | str = "auto",
        custom_objects: dict[str, Any] | None = None,
        print_system_info: bool = False,
        force_reset: bool = True,
        **kwargs: Any,
    ) -> SelfMirroredUpdate:
        """
        :param path: of a saved model, or an open file
        :param env: to train on from now on; none is needed to use the model
        :param device: ``"cpu"``, ``"cuda"`` …
        :param custom_objects: in place of what the file holds under these names, where it cannot be read any more
        :param print_system_info: of this machine, and of the one that saved the model
        :param force_reset: whether the next training begins with new episodes
        :param kwargs: arguments of the constructor, which mean here what they mean there; those that are not given are
            as they were, and so is what became of them, such as an adapted learning rate
        :return: the model
        :raises TypeError: if the constructor has not such an argument
        :raises ValueError: as the constructor does, and if ``policy``, ``policy_kwargs`` or ``use_sde``, by which the
            networks were made, are not those that were saved
        """
        return load_algorithm(cls, path, env, device, custom_objects, print_system_info, force_reset, kwargs)

    @property
    def _augmentation(self) -> Augmentation:
        """The images of samples under the present group."""
        return Augmentation(self.symmetry_group, self.action_space, self.policy.squash_output)

    @property
    def group_size(self) -> int:
        """Number of images of each sample, itself included."""
        return self._augmentation.size

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
            if isinstance(rate, th.Tensor) and group.get("fused"):
                # Only fused optimisers take a rate that is still on its way, and CUDA's read it as a float32.
                group["lr"] = rate.float()
            else:
                group["lr"] = float(rate)

    def _adapt_rate(self, kl: th.Tensor) -> None:
        if self.adaptive_rate is not None:
            self._rate = self.adaptive_rate.after(self._rate, kl)
            self._use_rate(self._rate)

    def train(self) -> None:
        """
        Improve the policy on the rollout, by steps 3 to 5 of docs/method.md.

        :raises ValueError: if a gradient is not finite; neither its step nor a later one was taken
        """
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        log = UpdateLog()
        if self.adaptive_rate is not None:
            self._rate = th.tensor(self.adaptive_rate.rate, dtype=long_float(self.device), device=self.device)
        steps = GuardedSteps(self.policy, self._present_update())
        try:
            with no_host_sync():
                for epoch in range(self.n_epochs):
                    self._n_updates += 1
                    if not self._train_epoch(epoch, log, steps):
                        break
            steps.end()
            if self.adaptive_rate is not None:
                self.adaptive_rate.rate = self.adaptive_rate.within_bounds(float(self._rate))
        finally:
            if self.adaptive_rate is not None:
                self._use_rate(self.adaptive_rate.rate)
        self._record(log)
        self._is_interrupted = False

    def _present_update(self) -> str:
        number = -(-self.num_timesteps // (self.n_steps * self.n_envs * world_size()))
        return f"update {number}, after {self.num_timesteps} steps"

    def _train_epoch(self, epoch: int, log: UpdateLog, steps: GuardedSteps) -> bool:
        """Returns False where the policy has moved so far that the rollout should not be used any more."""
        divergences, goes_on = [], True
        for number, minibatch in enumerate(self._minibatches(), start=1):
            steps.begin()
            n = th.tensor(float(len(minibatch.advantages)), device=self.device)
            share = n / all_sum(n.clone())  # of this rank among the samples that all ranks learn from together
            entry = self._accumulate_gradients(minibatch)
            kl = entry["approx_kl"] = all_sum(entry["approx_kl"] * share)
            divergences.append(kl)
            log.append(entry)
            if self.adapt_rate == "minibatch":
                self._adapt_rate(kl)
            if self.target_kl is not None and kl > 1.5 * self.target_kl:
                if self.verbose >= 1:
                    print(f"Early stopping at step {epoch} due to reaching max kl: {kl:.2f}")
                goes_on = False
                break
            if is_distributed():
                share_gradients(self.policy.parameters(), share)
            norm = th.nn.utils.clip_grad_norm_(self.policy.parameters(), self.max_grad_norm)
            steps.step(norm, f"minibatch {number} in epoch {epoch + 1}", entry)
        if self.adapt_rate == "update" and (epoch == self.n_epochs - 1 or not goes_on):
            self._adapt_rate(th.stack(divergences).mean())
        return goes_on

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
                asymmetry = self._augmentation.mirror_loss(evaluation.action_mean)
            loss = loss + self.mirror_loss_coef * asymmetry
            with th.no_grad():
                mirrored = _entry(LossTerms(*(term[:, 1:] for term in terms)), clip_range)
                mirrored["log_ratio"] = terms.log_ratio[:, 1:].abs().mean()
                mirrored["asymmetry"] = asymmetry.detach()
                entry.update({f"mirror_{name}": value for name, value in mirrored.items()})
        entry["loss"] = loss.detach()
        return loss, entry

    def _can_split(
        self, evaluate: Callable[[Batch], Sequence[th.Tensor]], whole: Batch, parts: Callable[[], Sequence[Batch]]
    ) -> bool:
        """Whether samples may be evaluated in parts, which is tried once, on some, in each mode of the policy."""
        training = self.policy.training
        if training not in self._separable:
            self._separable[training] = evaluates_in_parts(self.policy, evaluate, whole, parts())
        return self._separable[training]

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_rate", "_separable"]

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
