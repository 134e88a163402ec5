"""The update of a policy with memory: whole sequences beside their mirror images."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.type_aliases import GymEnv

from sb3_memaug.ppo.evaluation import evaluate_sequences
from sb3_memaug.ppo.layout import Columns, SequenceRollout, rows_of
from sb3_memaug.ppo.memory import join_states, stack_images, zero_states
from sb3_memaug.ppo.mirrored_memory import WAYS, MemoryName, MirroredRollout
from sb3_memaug.ppo.mirrored_update import Minibatch, MirroredUpdate, Part
from sb3_memaug.ppo.update import Targets
from sb3_memaug.vec_env.devices import num_chunks


class SequenceUpdate(MirroredUpdate):
    """
    Steps 2 and 3 of docs/method.md: sequences start from the states that were lived, and their images from those of the
    mirrored memory.

    :param n_minibatches: see the algorithm
    :param sequence_length: see the algorithm
    :param mirrored_memory: see the algorithm
    """

    policy: RecurrentActorCriticPolicy
    batch_size: int | None
    _last_lstm_states: RNNStates
    #: What the mirrored LSTMs begin the next rollout with, for each image.
    _last_mirrored_lstm_states: list[RNNStates]
    #: What the present update learns from.
    _rollout: SequenceRollout

    def _init_sequences(
        self, n_minibatches: int | None, sequence_length: int | None, mirrored_memory: MemoryName
    ) -> None:
        self.n_minibatches = n_minibatches
        self.sequence_length = sequence_length
        self.mirrored_memory = mirrored_memory

    def _setup_sequences(self) -> None:
        if self.mirrored_memory not in tuple(WAYS):
            raise ValueError(f"`mirrored_memory` must be 'carried', 'zeroed' or 'copied', got {self.mirrored_memory!r}")
        length = self.sequence_length
        if length is not None and not 1 <= length <= self.n_steps:
            raise ValueError(f"`sequence_length` must lie between 1 and n_steps = {self.n_steps}, got {length}")
        self._forget_the_mirrored_life()

    def _setup_learn(self, *args: Any, **kwargs: Any) -> tuple[int, BaseCallback]:
        # A model may have been loaded with fewer environments than it learns from, to be looked at.
        self._check_minibatches()
        return super()._setup_learn(*args, **kwargs)

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
        self._check_minibatches()
        if self.n_minibatches is None and self.batch_size is not None and self.batch_size < self._longest_sequence:
            warnings.warn(
                f"batch_size = {self.batch_size} is less than the whole sequences of up to {self._longest_sequence} "
                "steps that a minibatch is made of, so there will be fewer, larger minibatches. Pass "
                f"sequence_length={self.batch_size} for truncated backpropagation, or a larger `batch_size`",
                stacklevel=4,
            )

    def _forget_the_mirrored_life(self) -> None:
        self._last_mirrored_lstm_states = [zero_states(self._last_lstm_states) for _ in range(self.group_size - 1)]

    def set_env(self, env: GymEnv, force_reset: bool = True) -> None:
        group = self.symmetry_group
        super().set_env(env, force_reset)
        if self.symmetry_group != group:
            self._forget_the_mirrored_life()
            # Also without a reset: the original would remember its present episode, and its images nothing.
            self._is_interrupted = True

    def train(self) -> None:
        # Before the parameters change, and with dropout off: as when the rollout was collected.
        self.policy.set_training_mode(False)
        buffer = self.rollout_buffer
        samples, episode_starts = buffer.rollout(), buffer.episode_starts.cpu().numpy()
        at_starts = [[states] for states in buffer.lstm_states]
        if self.symmetry_group is not None:
            mirrored = self._mirrored_states(samples.observations, episode_starts)
            at_starts = [original + images for original, images in zip(at_starts, mirrored, strict=True)]
        self._rollout = SequenceRollout(
            samples,
            episode_starts,
            join_states([stack_images(states) for states in at_starts]),
            self.n_minibatches or -(-len(samples.values) // (self.batch_size or len(samples.values))),
            self.sequence_length,
        )
        super().train()

    def _mirrored_states(self, observations: Any, episode_starts: np.ndarray) -> list[list[RNNStates]]:
        """Step 2 of the method: the states of each image, at each step where a sequence can start."""
        rollout = MirroredRollout(
            self.policy,
            observations,
            self._augmentation.observation_images,
            episode_starts,
            [*self.rollout_buffer.lstm_states, self._last_lstm_states],
            self.sequence_length,
            self._can_split,
        )
        with self._precision():
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
        if n_parts > 1 and not self._can_split(
            lambda few: self._evaluate(few).outputs(),
            columns.take(some),
            lambda: [columns.take(half) for half in np.array_split(some, 2)],
        ):
            n_parts = 1
        for which in np.array_split(every, n_parts):
            yield self._evaluate(columns.take(which))

    def _evaluate(self, columns: Columns) -> Part:
        rows, rectangle = rows_of(columns.rows, self.device)
        batch = self._rollout.samples.take(rows)
        observations, actions = (
            self._augmentation.observation_orbit(batch.observations),
            self._augmentation.action_orbit(batch.actions),
        )
        with self._precision():
            evaluation = evaluate_sequences(
                self.policy, observations, actions, self._rollout.states_before(columns), rectangle
            )
        return Part(
            evaluation.unflatten(self.group_size),
            Targets(batch.values, batch.log_prob, batch.advantages, batch.returns),
        )

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_last_mirrored_lstm_states", "_rollout"]
