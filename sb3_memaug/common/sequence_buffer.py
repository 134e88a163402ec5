"""Rollout buffers for whole sequences: LSTM states are kept only where a sequence can start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch as th
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.buffers import DictRolloutBuffer, RolloutBuffer


class Rollout(NamedTuple):
    """
    A full rollout as tensors on the training device, with one axis of n_steps · n_envs rows, steps outermost.

    :param observations: (n, …), or a dict of them
    :param actions: (n, action_dim)
    :param values: predicted when the actions were taken, (n,)
    :param log_prob: of the actions when they were taken, (n,)
    :param advantages: estimated by GAE, (n,)
    :param returns: targets of the value function, (n,)
    """

    observations: Any
    actions: th.Tensor
    values: th.Tensor
    log_prob: th.Tensor
    advantages: th.Tensor
    returns: th.Tensor

    def take(self, rows: th.Tensor) -> Rollout:
        """
        :param rows: indices
        :return: those rows
        """
        observations, *others = self
        if isinstance(observations, Mapping):
            observations = {key: value[rows] for key, value in observations.items()}
        else:
            observations = observations[rows]
        return Rollout(observations, *(x[rows] for x in others))


class SequenceRolloutBuffer(RolloutBuffer):
    """
    :param sequence_length: an LSTM state is stored every so many steps; by default only at the first step of the
        rollout, since every other sequence starts with an episode, from zero
    """

    observations: Any

    def __init__(self, *args: Any, sequence_length: int | None = None, **kwargs: Any) -> None:
        self.sequence_length = sequence_length
        super().__init__(*args, **kwargs)

    def reset(self) -> None:
        self.lstm_states: list[RNNStates] = []
        super().reset()

    def add(self, *args: Any, lstm_states: RNNStates, **kwargs: Any) -> None:  # type: ignore[override]
        """
        :param lstm_states: of actor and critic before the step
        """
        if self.pos % (self.sequence_length or self.buffer_size) == 0:
            self.lstm_states.append(lstm_states)
        super().add(*args, **kwargs)

    def rollout(self) -> Rollout:
        """
        :return: what was collected, sharing the buffer's memory where the device allows it
        """
        observations = self.observations
        return Rollout(
            {key: self._rows(value) for key, value in observations.items()}
            if isinstance(observations, Mapping)
            else self._rows(observations),
            *(self._rows(getattr(self, name)) for name in ("actions", "values", "log_probs", "advantages", "returns")),
        )

    def _rows(self, array: np.ndarray) -> th.Tensor:
        return th.as_tensor(array, device=self.device).flatten(0, 1)


class SequenceDictRolloutBuffer(SequenceRolloutBuffer, DictRolloutBuffer):  # type: ignore[misc]
    """
    The same for dict observations.

    :param sequence_length: see :class:`SequenceRolloutBuffer`
    """
