"""Recurrent PPO with symmetry-guided memory augmentation."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
import torch as th
from sb3_contrib import RecurrentPPO
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.type_aliases import GymEnv, MaybeCallback, Schedule
from stable_baselines3.common.vec_env import VecEnv

from sb3_memaug.arguments import RECURRENT_ALGORITHM, checks_arguments
from sb3_memaug.ppo.augmentation import Augmentation, check_symmetry_argument, find_group, group_at_setup
from sb3_memaug.ppo.buffer import TensorRolloutBuffer
from sb3_memaug.ppo.chunks import ChunkTrial
from sb3_memaug.ppo.evaluation import evaluate_sequences
from sb3_memaug.ppo.interface import (
    MIRROR_ARGUMENTS,
    PPO_ARGUMENTS,
    autocast_to,
    check_choices,
    prepare_policy,
    warn_user,
)
from sb3_memaug.ppo.layout import Columns, SequenceRollout, rows_of
from sb3_memaug.ppo.memory import initial_states, join_states, stack_images, zero_states
from sb3_memaug.ppo.mirrored_memory import WAYS, MemoryName, MirroredRollout
from sb3_memaug.ppo.policies import CnnLstmPolicy, MlpLstmPolicy, MultiInputLstmPolicy
from sb3_memaug.ppo.ranks import Ranks, seed_of_rank
from sb3_memaug.ppo.rollout import RolloutCollector
from sb3_memaug.ppo.saving import load_algorithm
from sb3_memaug.ppo.update import (
    AdaptiveLearningRate,
    Minibatch,
    Part,
    Targets,
    adaptive_rate_of,
    policy_update,
)
from sb3_memaug.symmetry import SymmetryGroup
from sb3_memaug.vec_env.devices import num_chunks
from sb3_memaug.vec_env.distributed import init
from sb3_memaug.vec_env.groups import SymmetryArgument

SelfMemAugRecurrentPPO = TypeVar("SelfMemAugRecurrentPPO", bound="MemAugRecurrentPPO")


class MemAugRecurrentPPO(RecurrentPPO):
    __doc__ = f"""
    Recurrent PPO whose minibatches are joined by their mirror images and whose memory is that of the mirrored episode
    too, so that one policy handles the mirror images of the tasks that it was trained on (Symmetry-Guided Memory
    Augmentation, arXiv 2502.01521, sections 4.1 to 4.3).

    Without a symmetry group it is sb3-contrib's ``RecurrentPPO``, on whole sequences. What it logs of the images stands
    under ``train/mirror_*``: losses, KL divergence and clip fraction as SB3 logs them of the originals; how far the
    probability ratio is from 1 before the first gradient step (``mirror_first_ratio``); and the root mean square of
    ``π(g o) - g π(o)`` for the mean action (``mirror_equivariance_error``).

    :param policy: ``"MlpLstmPolicy"``, ``"CnnLstmPolicy"``, ``"MultiInputLstmPolicy"``, or a policy class
    :param env: to learn from, or the name of a registered one
    :param learning_rate: a number, or a function of the remaining progress from 1 to 0; where to start with
        ``desired_kl``
    :param n_steps: steps in each environment per update
    :param batch_size: number of original samples in a minibatch, about: it holds whole sequences, and at least one;
        None for all; not used with ``n_minibatches``
{PPO_ARGUMENTS}
    :param policy_kwargs: arguments of the policy; those of sb3-contrib's recurrent policies, and ``memory="gru"`` for
        GRUs in place of LSTMs, ``lstm_skip_connection=True`` to let the heads read the features beside the latent of
        the memory
{MIRROR_ARGUMENTS}
    :param n_minibatches: number of minibatches per epoch
    :param sequence_length: cut sequences after so many steps (truncated backpropagation through time); by default only
        where an episode starts
    :param mirrored_memory: the memory of the images: ``"carried"``, the paper's, that of a mirrored episode that goes
        on from update to update; to measure what that is worth, ``"zeroed"``, one that begins anew at each update, or
        ``"copied"``, the states of the original
    :raises ValueError: if the group, its bounds or a normalizer do not fit, or an argument is out of range
    """

    policy_aliases: ClassVar[dict[str, type[BasePolicy]]] = {
        "MlpLstmPolicy": MlpLstmPolicy,
        "CnnLstmPolicy": CnnLstmPolicy,
        "MultiInputLstmPolicy": MultiInputLstmPolicy,
    }
    policy: RecurrentActorCriticPolicy
    rollout_buffer: TensorRolloutBuffer
    batch_size: int | None
    # SB3 lets it be None, which it never is during a rollout.
    _last_lstm_states: RNNStates  # type: ignore[assignment]
    #: What the mirrored memories begin the next rollout with, for each image.
    _last_mirrored_lstm_states: list[RNNStates]
    #: What the present update learns from.
    _rollout: SequenceRollout

    @checks_arguments(RECURRENT_ALGORITHM)
    def __init__(
        self,
        policy: str | type[RecurrentActorCriticPolicy],
        env: GymEnv | str,
        learning_rate: float | Schedule = 3e-4,
        n_steps: int = 128,
        batch_size: int | None = 128,
        n_epochs: int = 10,
        gamma: float = 0.99,
        gae_lambda: float = 0.95,
        clip_range: float | Schedule = 0.2,
        clip_range_vf: float | Schedule | None = None,
        normalize_advantage: bool = True,
        ent_coef: float = 0.0,
        vf_coef: float = 0.5,
        max_grad_norm: float = 0.5,
        use_sde: bool = False,
        sde_sample_freq: int = -1,
        target_kl: float | None = None,
        stats_window_size: int = 100,
        tensorboard_log: str | None = None,
        policy_kwargs: dict[str, Any] | None = None,
        verbose: int = 0,
        seed: int | None = None,
        device: th.device | str = "auto",
        _init_setup_model: bool = True,
        symmetry: SymmetryArgument = None,
        n_minibatches: int | None = None,
        sequence_length: int | None = None,
        mirror_loss_coef: float = 0.0,
        desired_kl: float | None = None,
        adapt_rate: Literal["minibatch", "update"] = "minibatch",
        autocast: Literal["bf16"] | None = None,
        compile: bool = False,
        mirrored_memory: MemoryName = "carried",
    ) -> None:
        init(device)
        super().__init__(
            policy,
            env,
            learning_rate=learning_rate,
            n_steps=n_steps,
            batch_size=batch_size,
            n_epochs=n_epochs,
            gamma=gamma,
            gae_lambda=gae_lambda,
            clip_range=clip_range,
            clip_range_vf=clip_range_vf,
            normalize_advantage=normalize_advantage,
            ent_coef=ent_coef,
            vf_coef=vf_coef,
            max_grad_norm=max_grad_norm,
            use_sde=use_sde,
            sde_sample_freq=sde_sample_freq,
            target_kl=target_kl,
            stats_window_size=stats_window_size,
            tensorboard_log=tensorboard_log,
            policy_kwargs=policy_kwargs,
            verbose=verbose,
            seed=seed,
            device=device,
            _init_setup_model=False,
        )
        check_symmetry_argument(symmetry)
        check_choices(adapt_rate, autocast)
        self.symmetry = symmetry
        self.symmetry_group: SymmetryGroup | None = symmetry or None
        self.n_minibatches = n_minibatches
        self.sequence_length = sequence_length
        self.mirror_loss_coef = mirror_loss_coef
        self.desired_kl = desired_kl
        self.adapt_rate = adapt_rate
        self.autocast = autocast
        self.compile = compile
        self.mirrored_memory = mirrored_memory
        self.adaptive_rate: AdaptiveLearningRate | None = None
        self._ranks = Ranks()
        self._collector = RolloutCollector()
        self._chunk_trial = ChunkTrial()
        if _init_setup_model:
            self._setup_model()
            self._check_sizes()

    def _setup_model(self) -> None:
        super()._setup_model()
        self._last_lstm_states = initial_states(self.policy, self.n_envs)
        if self.adaptive_rate is None:
            self.adaptive_rate = adaptive_rate_of(self.learning_rate, self.desired_kl)
        prepare_policy(self.policy, self.device, self.compile)
        self.symmetry_group = group_at_setup(
            self.symmetry,
            self.symmetry_group,
            self.env,
            self.observation_space,
            self.action_space,
            type(self).__name__,
        )
        if self.mirrored_memory not in tuple(WAYS):
            raise ValueError(f"`mirrored_memory` must be 'carried', 'zeroed' or 'copied', got {self.mirrored_memory!r}")
        length = self.sequence_length
        if length is not None and not 1 <= length <= self.n_steps:
            raise ValueError(f"`sequence_length` must lie between 1 and n_steps = {self.n_steps}, got {length}")
        self._clear_mirrored_memory()
        self.rollout_buffer = TensorRolloutBuffer(
            self.n_steps,
            self.observation_space,
            self.action_space,
            self.device,
            gamma=self.gamma,
            gae_lambda=self.gae_lambda,
            n_envs=self.n_envs,
            sequence_length=self.sequence_length,
        )

    @property
    def _longest_sequence(self) -> int:
        return self.sequence_length or self.n_steps

    def _check_minibatches(self) -> None:
        most = self.n_envs * -(-self.n_steps // self._longest_sequence)
        if self.n_minibatches is not None and not 1 <= self.n_minibatches <= most:
            raise ValueError(
                f"`n_minibatches` must lie between 1 and {most}, got {self.n_minibatches}: a minibatch holds whole "
                f"sequences, of which {self.n_envs} environments and {self._longest_sequence} steps make no more. "
                "Use more environments, or a shorter `sequence_length`"
            )

    def _check_sizes(self) -> None:
        """Refuse sizes that the environments cannot make."""
        self._check_minibatches()
        if self.n_minibatches is None and self.batch_size is not None and self.batch_size < self._longest_sequence:
            warn_user(
                f"batch_size = {self.batch_size} is less than the whole sequences of up to {self._longest_sequence} "
                "steps that a minibatch is made of, so there will be fewer, larger minibatches. Pass "
                f"sequence_length={self.batch_size} for truncated backpropagation, or a larger `batch_size`"
            )

    @property
    def augmentation(self) -> Augmentation:
        """The images of samples under the present group."""
        return Augmentation(self.symmetry_group, self.action_space, self.policy.squash_output)

    @property
    def group_size(self) -> int:
        """Number of images of each sample, itself included."""
        return self.augmentation.size

    def set_env(self, env: GymEnv, force_reset: bool = True) -> None:
        """
        :param env: to train on from now on
        :param force_reset: see ``BaseAlgorithm.set_env``
        :raises ValueError: if its normalization or its group does not fit
        """
        super().set_env(env, force_reset)
        assert self.env is not None
        before = self.symmetry_group
        self.symmetry_group = find_group(self.symmetry, self.env, self.observation_space, self.action_space)
        if self.symmetry_group != before:
            self._clear_mirrored_memory()
            # Also without a reset: the original would remember its present episode, and its images nothing.
            self._collector.interrupted = True

    # Rollouts

    def _act(self, observations: Any, episode_starts: th.Tensor) -> tuple[th.Tensor, th.Tensor, th.Tensor]:
        self.rollout_buffer.note_lstm_states(self._last_lstm_states)
        actions, values, log_probs, self._last_lstm_states = self.policy(
            observations, self._last_lstm_states, episode_starts.float()
        )
        return actions, values, log_probs

    def _predict_values(self, observations: Any, episode_starts: th.Tensor, envs: th.Tensor | None) -> th.Tensor:
        states = self._last_lstm_states.vf
        if envs is not None:
            states = tuple(x[:, envs] for x in states)
        return self.policy.predict_values(observations, states, episode_starts.float())  # type: ignore[arg-type]

    def _named_memory(self) -> dict[str, th.Tensor]:
        named = zip(("actor", "critic"), self._last_lstm_states, strict=True)
        return {
            f"memory of the {name}": th.cat([x.transpose(0, 1).flatten(1) for x in state], dim=1)
            for name, state in named
        }

    def _clear_memory(self) -> None:
        self._last_lstm_states = zero_states(self._last_lstm_states)
        self._clear_mirrored_memory()

    def _clear_mirrored_memory(self) -> None:
        self._last_mirrored_lstm_states = [zero_states(self._last_lstm_states) for _ in range(self.group_size - 1)]

    def _setup_learn(self, *args: Any, **kwargs: Any) -> tuple[int, BaseCallback]:
        self._ranks.begin_training(self)
        # A model may have been loaded with fewer environments than it learns from, to be looked at.
        self._check_minibatches()
        with self._collector.training_begins(self):
            return super()._setup_learn(*args, **kwargs)

    def collect_rollouts(
        self, env: VecEnv, callback: BaseCallback, rollout_buffer: RolloutBuffer, n_rollout_steps: int
    ) -> bool:
        """
        See :meth:`~sb3_memaug.ppo.rollout.RolloutCollector.collect`.

        :param env: the training environment
        :param callback: called at each step, and at the beginning and end of the rollout
        :param rollout_buffer: to fill
        :param n_rollout_steps: number of steps in each environment
        :return: False if a callback stopped the training
        """
        return self._ranks.collect(
            self.device, lambda: self._collector.collect(self, env, callback, rollout_buffer, n_rollout_steps)
        )

    # Updates

    def train(self) -> None:
        """
        Augment the memory and improve the policy on the rollout, by steps 2 to 5 of docs/method.md.

        :raises ValueError: if a gradient is not finite; neither its step nor a later one was taken
        """
        self._rollout = self._mirrored_rollout()
        with policy_update(self) as update:
            for minibatch in update.minibatches(self._minibatches):
                update.accumulate_gradients(minibatch)
                update.step()
        self._collector.interrupted = False

    def _mirrored_rollout(self) -> SequenceRollout:
        """The rollout as sequences, with the states that they and their images start from."""
        # Before the parameters change, and with dropout off: as when the rollout was collected.
        self.policy.set_training_mode(False)
        buffer = self.rollout_buffer
        samples, episode_starts = buffer.rollout(), buffer.episode_starts.cpu().numpy()
        at_starts = [[states] for states in buffer.lstm_states]
        if self.symmetry_group is not None:
            mirrored = self._mirrored_states(samples.observations, episode_starts)
            at_starts = [original + images for original, images in zip(at_starts, mirrored, strict=True)]
        return SequenceRollout(
            samples,
            episode_starts,
            join_states([stack_images(states) for states in at_starts]),
            self.n_minibatches or -(-len(samples.values) // (self.batch_size or len(samples.values))),
            self.sequence_length,
        )

    def _mirrored_states(self, observations: Any, episode_starts: np.ndarray) -> list[list[RNNStates]]:
        """Step 2 of the method: the states of each image, at each step where a sequence can start."""
        rollout = MirroredRollout(
            self.policy,
            observations,
            self.augmentation.observation_images,
            episode_starts,
            [*self.rollout_buffer.lstm_states, self._last_lstm_states],
            self.sequence_length,
            lambda *trial: self._chunk_trial.passes(self.policy, *trial),
        )
        with autocast_to(self.autocast, self.device):
            *at_starts, self._last_mirrored_lstm_states = WAYS[self.mirrored_memory](
                rollout, self._last_mirrored_lstm_states
            )
        return at_starts

    def _minibatches(self) -> Iterator[Minibatch]:
        for columns in self._rollout.minibatches():
            rows, _ = rows_of(columns.rows, self.device)
            yield Minibatch(self._rollout.samples.advantages[rows], self._parts(columns))

    def _parts(self, columns: Columns) -> Iterator[Part]:
        n_parts = num_chunks(self.device, columns.rows.size * self.group_size * self.policy.lstm_actor.hidden_size)
        every = np.arange(len(columns.firsts))
        n_parts, some = min(n_parts, len(every)), every[:4]
        if n_parts > 1 and not self._chunk_trial.passes(
            self.policy,
            lambda few: self._evaluate(few).outputs(),
            columns.take(some),
            lambda: [columns.take(half) for half in np.array_split(some, 2)],
        ):
            n_parts = 1
        for which in np.array_split(every, n_parts):
            yield self._evaluate(columns.take(which))

    def _evaluate(self, columns: Columns) -> Part:
        rows, rectangle = rows_of(columns.rows, self.device)
        batch, augmentation = self._rollout.samples.take(rows), self.augmentation
        observations = augmentation.observation_orbit(batch.observations)
        actions = augmentation.action_orbit(batch.actions)
        with autocast_to(self.autocast, self.device):
            evaluation = evaluate_sequences(
                self.policy, observations, actions, self._rollout.states_before(columns), rectangle
            )
        return Part(
            evaluation.unflatten(augmentation.size),
            Targets(batch.values, batch.log_prob, batch.advantages, batch.returns),
        )

    # SB3's interface

    def set_random_seed(self, seed: int | None = None) -> None:
        """
        :param seed: of the first environment of rank 0; those of all ranks follow one another
        """
        super().set_random_seed(seed_of_rank(seed, self.n_envs))

    def dump_logs(self, iteration: int = 0) -> None:
        """
        :param iteration: number of the rollout
        """
        with self._ranks.all_episodes(self):
            super().dump_logs(iteration)

    def save(
        self,
        path: str | Path | io.BufferedIOBase,
        exclude: Iterable[str] | None = None,
        include: Iterable[str] | None = None,
    ) -> None:
        """
        :param path: of the file, to which ``.zip`` is added where it has no ending, or an open file
        :param exclude: names of attributes to leave out
        :param include: names of attributes to save that would be left out
        :raises ValueError: if the policy holds numbers that are not finite; a file that is there stays as it is
        """
        save = super().save
        self._ranks.save(self, lambda target: save(target, exclude, include), path)

    @classmethod
    def load(
        cls: type[SelfMemAugRecurrentPPO],
        path: str | Path | io.BufferedIOBase,
        env: GymEnv | str | None = None,
        device: th.device | str = "auto",
        custom_objects: dict[str, Any] | None = None,
        print_system_info: bool = False,
        force_reset: bool = True,
        **kwargs: Any,
    ) -> SelfMemAugRecurrentPPO:
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

    def _excluded_save_params(self) -> list[str]:
        own = ["_ranks", "_collector", "_chunk_trial", "_last_mirrored_lstm_states", "_rollout"]
        return [*super()._excluded_save_params(), *own]

    def learn(
        self: SelfMemAugRecurrentPPO,
        total_timesteps: int,
        callback: MaybeCallback = None,
        log_interval: int = 1,
        tb_log_name: str = "MemAugRecurrentPPO",
        reset_num_timesteps: bool = True,
        progress_bar: bool = False,
    ) -> SelfMemAugRecurrentPPO:
        return super().learn(
            total_timesteps=total_timesteps,
            callback=callback,
            log_interval=log_interval,
            tb_log_name=tb_log_name,
            reset_num_timesteps=reset_num_timesteps,
            progress_bar=progress_bar,
        )
