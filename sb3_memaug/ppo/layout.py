"""
The sequences that a recurrent policy is trained on: cut from a rollout, arranged in columns one behind another with a
gap between two, and shared out to minibatches.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch as th
from sb3_contrib.common.recurrent.type_aliases import RNNStates

from sb3_memaug.ppo.buffer import Rollout
from sb3_memaug.ppo.memory import Rectangle, rectangle_of, select_states
from sb3_memaug.vec_env.distributed import all_min


class Sequences(NamedTuple):
    """
    Stretches of a rollout of shape (n_steps, n_envs), each within one environment and one episode.

    :param envs: environment of each sequence, (n_sequences,)
    :param starts: its first step
    :param lengths: its number of steps
    """

    envs: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray


def split_into_sequences(episode_starts: np.ndarray, max_length: int | None = None) -> Sequences:
    """
    Cut at every episode start, and every ``max_length`` steps where truncated backpropagation is asked for.

    :param episode_starts: whether each step is the first of an episode, (n_steps, n_envs)
    :param max_length: steps between cuts, counted from the start of the rollout
    :return: sequences that together hold each step once
    """
    n_steps = len(episode_starts)
    cuts = np.asarray(episode_starts, dtype=bool).T.copy()
    cuts[:, :: max_length or n_steps] = True
    first = np.flatnonzero(cuts)
    return Sequences(first // n_steps, first % n_steps, np.diff(np.append(first, cuts.size)))


def continues(sequences: Sequences, episode_starts: np.ndarray) -> np.ndarray:
    """
    :param sequences: of a rollout
    :param episode_starts: whether each step is the first of an episode, (n_steps, n_envs)
    :return: whether each sequence goes on with an episode, and not from zero
    """
    return ~episode_starts[sequences.starts, sequences.envs].astype(bool)


def steps_since_episode_start(episode_starts: np.ndarray) -> np.ndarray:
    """
    The steps of each environment's last episode, or of the whole rollout where none has started in it.

    :param episode_starts: whether each step is the first of an episode, (n_steps, n_envs)
    :return: whether a step belongs to it, (n_steps, n_envs)
    """
    starts = np.asarray(episode_starts, dtype=bool)
    later_starts = starts[::-1].cumsum(axis=0)[::-1] - starts
    return later_starts == 0


#: In place of a row of the rollout: a gap, in which the memory is reset, or the end of a column.
PADDING = -1


class Columns(NamedTuple):
    """
    :param rows: what each column holds at each of its steps, (length of the longest, n_columns): rows of the flattened
        (n_steps · n_envs) rollout, or :data:`PADDING`
    :param firsts: index of the sequence that each column begins with, (n_columns,)
    """

    rows: np.ndarray
    firsts: np.ndarray

    def take(self, which: np.ndarray) -> Columns:
        """
        :param which: indices of columns
        :return: those columns, no longer than the longest of them
        """
        rows = self.rows[:, which]
        longest = np.flatnonzero((rows != PADDING).any(axis=1))[-1] + 1
        return Columns(rows[:longest], self.firsts[which])


def lay_out(sequences: Sequences, leads: np.ndarray, n_envs: int, n_minibatches: int = 1) -> Columns:
    """
    :param sequences: of a rollout
    :param leads: whether each has to be the first of its column, since it goes on from a state, (n_sequences,)
    :param n_envs: number of environments of the rollout
    :param n_minibatches: how many the columns are to be shared out to; there are as many columns if there are as many
        sequences
    :return: columns that together hold each sequence once, no longer than the longest of them or a minibatch needs
    """
    lengths = sequences.lengths
    capacity = min(lengths.max(), lengths.sum() // n_minibatches)
    columns = _best_fit(lengths, leads, capacity)
    if len(columns) < min(n_minibatches, len(lengths)):
        columns = [[i] for i in range(len(lengths))]
    return Columns(_rows(sequences, columns, n_envs), np.array([column[0] for column in columns]))


def _best_fit(lengths: np.ndarray, leads: np.ndarray, capacity: int) -> list[list[int]]:
    """Longest first, each sequence where it leaves the least room."""
    columns: list[list[int]] = []
    with_room: list[list[int]] = [[] for _ in range(capacity + 1)]

    def begin(sequence: int, length: int) -> None:
        with_room[max(0, capacity - length)].append(len(columns))
        columns.append([sequence])

    longest_first = np.argsort(-lengths, kind="stable").tolist()
    of = lengths.tolist()
    for sequence in longest_first:
        if leads[sequence]:
            begin(sequence, of[sequence])
    for sequence in longest_first:
        if leads[sequence]:
            continue
        needed = of[sequence] + 1
        room = next((room for room in range(needed, capacity + 1) if with_room[room]), None)
        if room is None:
            begin(sequence, of[sequence])
        else:
            column = with_room[room].pop()
            columns[column].append(sequence)
            with_room[room - needed].append(column)
    return columns


def _rows(sequences: Sequences, columns: list[list[int]], n_envs: int) -> np.ndarray:
    order = np.concatenate([np.array(column) for column in columns])
    column_of = np.repeat(np.arange(len(columns)), [len(column) for column in columns])
    envs, starts, lengths = (array[order] for array in sequences)
    # Where each sequence begins: behind all that stand before it in its column, and a gap after each of them.
    behind = np.cumsum(lengths + 1) - (lengths + 1)
    first_of_column = np.flatnonzero(np.diff(column_of, prepend=-1))
    begins = behind - behind[first_of_column][column_of]

    step = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = np.full(((begins + lengths).max(), len(columns)), PADDING)
    rows[np.repeat(begins, lengths) + step, np.repeat(column_of, lengths)] = (
        np.repeat(starts, lengths) + step
    ) * n_envs + np.repeat(envs, lengths)
    return rows


def split_into_minibatches(columns: Columns, n_minibatches: int) -> list[Columns]:
    """
    Shuffle whole columns into minibatches of about the same number of steps.

    :param columns: to be shuffled
    :param n_minibatches: how many; fewer where there are not as many columns
    :return: the minibatches, none empty
    """
    n_columns = len(columns.firsts)
    order = np.random.permutation(n_columns)
    lengths = (columns.rows != PADDING).sum(axis=0)[order]
    ends = np.cumsum(lengths)
    minibatch = ((ends - lengths / 2) * n_minibatches / ends[-1]).astype(np.intp)
    parts = np.split(order, np.flatnonzero(np.diff(minibatch)) + 1)
    if len(parts) < min(n_minibatches, n_columns):
        # Long columns have jumped over a minibatch: balance their number instead of their steps.
        parts = np.array_split(order, min(n_minibatches, n_columns))
    return [columns.take(part) for part in parts]


def rows_of(rows: np.ndarray, device: th.device) -> tuple[th.Tensor, Rectangle]:
    """
    :param rows: of columns, (n_steps, n_columns)
    :param device: of the samples
    :return: the rows of the rollout that stand there, and the rectangle of these samples
    """
    filled = rows != PADDING
    return th.as_tensor(rows[filled], device=device), rectangle_of(filled, device)


class SequenceRollout:
    """
    :param samples: of the rollout, the environments of the first step first
    :param episode_starts: whether each step is the first of an episode, (n_steps, n_envs)
    :param states: of the memories at each step where a sequence can start, for each image of the environments, each
        tensor (n_layers, n_starts · n_envs, n_images, …)
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
        self._columns = lay_out(self._sequences, self._continues, self._n_envs, n_minibatches)
        self._n_minibatches = all_min(min(n_minibatches, len(self._columns.firsts)), self._device)

    def minibatches(self) -> list[Columns]:
        """
        :return: all sequences in random minibatches
        """
        return split_into_minibatches(self._columns, self._n_minibatches)

    def states_before(self, columns: Columns) -> RNNStates:
        """
        :param columns: some of them
        :return: states that their memories start from, each tensor (n_layers, n_columns · n_images, …)
        """
        firsts = columns.firsts
        rows = self._sequences.starts[firsts] // self._length * self._n_envs + self._sequences.envs[firsts]
        remembers = self._continues[firsts]
        return select_states(
            self.states, th.as_tensor(rows, device=self._device), th.as_tensor(remembers, device=self._device)
        )
