"""
Laying sequences end to end, so that an LSTM reads all of them as one rectangle.

PyTorch's LSTM is fast on rectangles (n_steps, batch size): one fused call, on CPUs and GPUs alike. Sequences differ in
length, and padding them is work for nothing. So they stand in *lanes*, one behind another, with one step between two of
them at which the LSTM forgets (:mod:`~sb3_memaug.ppo.forgetful_lstm`): an episode that ends costs one step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sb3_memaug.ppo.sequences import Sequences

#: In place of a row of the rollout, where a lane forgets or has ended.
NOTHING = -1


class Lanes(NamedTuple):
    """
    :param rows: what each lane holds at each of its steps, (length of the longest, n_lanes): rows of the flattened
        (n_steps · n_envs) rollout, or :data:`NOTHING`
    :param leaders: index of the sequence that each lane begins with, (n_lanes,)
    """

    rows: np.ndarray
    leaders: np.ndarray

    def take(self, which: np.ndarray) -> Lanes:
        """
        :param which: indices of lanes
        :return: those lanes, no longer than the longest of them
        """
        rows = self.rows[:, which]
        longest = np.flatnonzero((rows != NOTHING).any(axis=1))[-1] + 1
        return Lanes(rows[:longest], self.leaders[which])


def lay_out(sequences: Sequences, leads: np.ndarray, n_envs: int, n_minibatches: int = 1) -> Lanes:
    """
    :param sequences: of a rollout
    :param leads: whether each has to be the first of its lane, since it goes on from a state of its own, (n_sequences,)
    :param n_envs: number of environments of the rollout
    :param n_minibatches: how many the lanes are to be shared out to; there are as many lanes if there are as many
        sequences
    :return: lanes that together hold each sequence once, no longer than the longest of them or a minibatch needs
    """
    lengths = sequences.lengths
    capacity = min(lengths.max(), lengths.sum() // n_minibatches)
    lanes = _best_fit(lengths, leads, capacity)
    if len(lanes) < min(n_minibatches, len(lengths)):
        lanes = [[i] for i in range(len(lengths))]
    return Lanes(_rows(sequences, lanes, n_envs), np.array([lane[0] for lane in lanes]))


def _best_fit(lengths: np.ndarray, leads: np.ndarray, capacity: int) -> list[list[int]]:
    """Longest first, each sequence where it leaves the least room."""
    lanes: list[list[int]] = []
    with_room: list[list[int]] = [[] for _ in range(capacity + 1)]

    def begin(sequence: int, length: int) -> None:
        with_room[max(0, capacity - length)].append(len(lanes))
        lanes.append([sequence])

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
            lane = with_room[room].pop()
            lanes[lane].append(sequence)
            with_room[room - needed].append(lane)
    return lanes


def _rows(sequences: Sequences, lanes: list[list[int]], n_envs: int) -> np.ndarray:
    order = np.concatenate([np.array(lane) for lane in lanes])
    lane_of = np.repeat(np.arange(len(lanes)), [len(lane) for lane in lanes])
    envs, starts, lengths = (array[order] for array in sequences)
    # Where each sequence begins: behind all that stand before it in its lane, and a step to forget each of them.
    behind = np.cumsum(lengths + 1) - (lengths + 1)
    first_of_lane = np.flatnonzero(np.diff(lane_of, prepend=-1))
    begins = behind - behind[first_of_lane][lane_of]

    step = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = np.full(((begins + lengths).max(), len(lanes)), NOTHING)
    rows[np.repeat(begins, lengths) + step, np.repeat(lane_of, lengths)] = (
        np.repeat(starts, lengths) + step
    ) * n_envs + np.repeat(envs, lengths)
    return rows


def split_into_minibatches(lanes: Lanes, n_minibatches: int) -> list[Lanes]:
    """
    Shuffle whole lanes into minibatches of about the same number of steps.

    :param lanes: to be shuffled
    :param n_minibatches: how many; fewer where there are not as many lanes
    :return: the minibatches, none empty
    """
    n_lanes = len(lanes.leaders)
    order = np.random.permutation(n_lanes)
    lengths = (lanes.rows != NOTHING).sum(axis=0)[order]
    ends = np.cumsum(lengths)
    minibatch = ((ends - lengths / 2) * n_minibatches / ends[-1]).astype(np.intp)
    parts = np.split(order, np.flatnonzero(np.diff(minibatch)) + 1)
    if len(parts) < min(n_minibatches, n_lanes):
        # Long lanes have jumped over a minibatch: balance their number instead of their steps.
        parts = np.array_split(order, min(n_minibatches, n_lanes))
    return [lanes.take(part) for part in parts]
