"""Cutting a rollout into the sequences that a recurrent policy is trained on, and packing them without padding."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch as th


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

    def take(self, which: np.ndarray) -> Sequences:
        """
        :param which: indices of sequences
        :return: those sequences
        """
        return Sequences(self.envs[which], self.starts[which], self.lengths[which])


class Packing(NamedTuple):
    """
    Sequences in the order in which ``torch.nn.utils.rnn.PackedSequence`` lists them: all first steps, all second
    steps of the sequences that have one, and so on, longer sequences first.

    :param sequences: longest first
    :param indices: of each packed step in the flattened (n_steps · n_envs) rollout
    :param batch_sizes: number of sequences that have a first, second, … step; on the CPU, as PyTorch asks
    """

    sequences: Sequences
    indices: np.ndarray
    batch_sizes: th.Tensor


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
    return _between_cuts(cuts)


def last_sequences(episode_starts: np.ndarray) -> Sequences:
    """
    What each environment has lived since the rollout or its present episode began, whichever is later.

    :param episode_starts: whether each step is the first of an episode, (n_steps, n_envs)
    :return: one sequence for each environment, in their order
    """
    sequences = split_into_sequences(episode_starts)
    return sequences.take(np.append(np.flatnonzero(np.diff(sequences.envs)), len(sequences.envs) - 1))


def _between_cuts(cuts: np.ndarray) -> Sequences:
    n_steps = cuts.shape[1]
    first = np.flatnonzero(cuts)
    return Sequences(first // n_steps, first % n_steps, np.diff(np.append(first, cuts.size)))


def split_into_minibatches(sequences: Sequences, n_minibatches: int) -> list[Sequences]:
    """
    Shuffle whole sequences into minibatches of about the same number of steps.

    :param sequences: to be shuffled
    :param n_minibatches: how many; fewer where there are not as many sequences
    :return: the minibatches, none empty
    """
    order = np.random.permutation(len(sequences.envs))
    ends = np.cumsum(sequences.lengths[order])
    middles = ends - sequences.lengths[order] / 2
    minibatch = (middles * n_minibatches / ends[-1]).astype(np.intp)
    parts = np.split(order, np.flatnonzero(np.diff(minibatch)) + 1)
    if len(parts) < min(n_minibatches, len(order)):
        # Long sequences have jumped over a minibatch: balance their number instead of their steps.
        parts = np.array_split(order, min(n_minibatches, len(order)))
    return [sequences.take(part) for part in parts]


def pack(sequences: Sequences, n_envs: int) -> Packing:
    """
    :param sequences: in any order
    :param n_envs: number of environments of the rollout
    :return: the same sequences, packed
    """
    longest_first = sequences.take(np.argsort(-sequences.lengths, kind="stable"))
    envs, starts, lengths = longest_first
    steps = np.arange(lengths[0])[:, None]
    lives = steps < lengths
    indices = ((starts + steps) * n_envs + envs)[lives]
    return Packing(longest_first, indices, th.from_numpy(lives.sum(axis=1)))
