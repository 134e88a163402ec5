"""Cutting a rollout into the sequences that a recurrent policy is trained on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


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
    What each environment has lived since the first step or its present episode began, whichever is later.

    :param episode_starts: whether each step is the first of an episode, (n_steps, n_envs)
    :return: whether a step belongs to it, (n_steps, n_envs)
    """
    starts = np.asarray(episode_starts, dtype=bool)
    later_starts = starts[::-1].cumsum(axis=0)[::-1] - starts
    return later_starts == 0
