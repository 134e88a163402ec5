"""Arranging the states of LSTMs: of several images, at several steps, before chosen sequences."""

from __future__ import annotations

import torch as th
from sb3_contrib.common.recurrent.type_aliases import RNNStates


def zero_states(states: RNNStates) -> RNNStates:
    """
    :param states: whose shapes to take
    :return: zeros, as at the start of an episode
    """
    return RNNStates(*(tuple(th.zeros_like(x) for x in pair) for pair in states))


def stack_images(states: list[RNNStates]) -> RNNStates:
    """
    :param states: of each image, each tensor (n_layers, n_envs, hidden_size)
    :return: the same in tensors of shape (n_layers, n_envs, n_images, hidden_size)
    """
    return RNNStates(
        *(tuple(th.stack(parts, dim=2) for parts in zip(*pairs, strict=True)) for pairs in zip(*states, strict=True))
    )


def join_states(states: list[RNNStates]) -> RNNStates:
    """
    :param states: of some environments, or at some steps, tensors of shape (n_layers, n, …)
    :return: of all of them, tensors of shape (n_layers, sum of n, …)
    """
    return RNNStates(
        *(tuple(th.cat(parts, dim=1) for parts in zip(*pairs, strict=True)) for pairs in zip(*states, strict=True))
    )


def select_states(stacked: RNNStates, rows: th.Tensor, remembers: th.Tensor) -> RNNStates:
    """
    :param stacked: tensors of shape (n_layers, n_rows, n_images, hidden_size)
    :param rows: of each sequence, (n_sequences,)
    :param remembers: whether a sequence starts from its state, and not from zero, (n_sequences,)
    :return: tensors of shape (n_layers, n_sequences · n_images, hidden_size), the images of a sequence side by side
    """
    keep = remembers.view(1, -1, 1, 1)
    return RNNStates(*(tuple((x[:, rows] * keep).flatten(1, 2) for x in pair) for pair in stacked))
