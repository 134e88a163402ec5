"""A rollout as the sequences that a recurrent policy learns from."""

from __future__ import annotations

import numpy as np
import torch as th
from sb3_contrib.common.recurrent.type_aliases import RNNStates

from sb3_memaug.ppo.lanes import Lanes, lay_out, split_into_minibatches
from sb3_memaug.ppo.lstm_states import select_states
from sb3_memaug.ppo.sequences import continues, split_into_sequences
from sb3_memaug.ppo.tensor_rollout_buffer import Rollout
from sb3_memaug.vec_env.distributed import all_min


class SequenceRollout:
    """
    :param samples: of the rollout, the environments of the first step first
    :param episode_starts: whether each step is the first of an episode, (n_steps, n_envs)
    :param states: of the LSTMs at each step where a sequence can start, for each image of the environments, each tensor
        (n_layers, n_starts · n_envs, n_images, hidden_size)
    :param n_minibatches: to share the sequences out to; fewer where one of the ranks has not as many sequences
    :param sequence_length: steps after which sequences are cut
    """

    def __init__(
        self,
        samples: Rollout,
        episode_starts: np.ndarray,
        states: RNNStates,
        n_minibatches: int,
        sequence_length: int | None = None,
    ) -> None:
        self.samples = samples
        self.states = states
        n_steps, self._n_envs = episode_starts.shape
        self._length = sequence_length or n_steps
        self._device = samples.values.device
        self._sequences = split_into_sequences(episode_starts, sequence_length)
        self._continues = continues(self._sequences, episode_starts)
        self._lanes = lay_out(self._sequences, self._continues, self._n_envs, n_minibatches)
        self._n_minibatches = all_min(min(n_minibatches, len(self._lanes.leaders)), self._device)

    def minibatches(self) -> list[Lanes]:
        """
        :return: all sequences in random minibatches
        """
        return split_into_minibatches(self._lanes, self._n_minibatches)

    def states_before(self, lanes: Lanes) -> RNNStates:
        """
        :param lanes: some of them
        :return: states that their LSTMs start from, each tensor (n_layers, n_lanes · n_images, hidden_size)
        """
        leaders = lanes.leaders
        rows = self._sequences.starts[leaders] // self._length * self._n_envs + self._sequences.envs[leaders]
        remembers = self._continues[leaders]
        return select_states(
            self.states, th.as_tensor(rows, device=self._device), th.as_tensor(remembers, device=self._device)
        )
