"""Arranging the states of LSTMs: of several images, at several steps, before chosen sequences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch as th
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from torch import nn
from torch.nn import functional

from sb3_memaug.vec_env.devices import runs_lstms_in_bfloat16


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


#: Added to a gate to shut it: its sigmoid is 0 in every floating point type, and so is the sigmoid's slope.
SHUT = -1e4


class Rectangle(NamedTuple):
    """
    Where samples stand in the rectangle that an LSTM reads.

    :param n_steps: of the LSTM
    :param n_columns: side by side
    :param places: of each sample among the (n_steps · n_columns) places, steps outermost; None if they fill all of them
    """

    n_steps: int
    n_columns: int
    places: th.Tensor | None


def rectangle_of(filled: np.ndarray, device: th.device) -> Rectangle:
    """
    :param filled: whether a sample stands at each place, (n_steps, n_columns)
    :param device: of the samples
    :return: the rectangle
    """
    places = None if filled.all() else th.as_tensor(np.flatnonzero(filled), device=device)
    n_steps, n_columns = filled.shape
    return Rectangle(n_steps, n_columns, places)


def run_lstm(
    lstm: nn.LSTM, features: th.Tensor, states: tuple[th.Tensor, ...], rectangle: Rectangle
) -> tuple[th.Tensor, tuple[th.Tensor, th.Tensor]]:
    """
    Run an LSTM over columns of samples; it forgets wherever no sample stands.

    :param lstm: to run
    :param features: of samples and their images, (n · n_images, input size), the images of a sample side by side
    :param states: hidden and cell state before each column and image, (n_layers, n_columns · n_images, hidden size)
    :param rectangle: of the samples
    :return: outputs, (n · n_images, hidden size), and the states after each column and image
    """
    device = features.device.type
    if th.is_autocast_enabled(device) and not runs_lstms_in_bfloat16(device):
        with th.autocast(device, enabled=False):
            return run_lstm(lstm, features.float(), states, rectangle)
    n_steps, n_columns, places = rectangle
    size = features.shape[-1]
    if places is None:
        output, after = lstm(features.reshape(n_steps, -1, size), (states[0], states[1]))
        return output.flatten(0, 1), after
    by_sample = features.reshape(len(places), -1, size)
    n_images = by_sample.shape[1]
    inputs = features.new_zeros(n_steps * n_columns, n_images, size)
    inputs = inputs.index_copy(0, places, by_sample).view(n_steps, -1, size)
    forgets = features.new_ones(n_steps * n_columns, n_images, 1)
    forgets = forgets.index_fill(0, places, 0.0).view(n_steps, -1, 1)
    output, after = _forget_and_run(lstm, inputs, forgets, states)
    return output.view(n_steps * n_columns, -1).index_select(0, places).view(len(features), -1), after


def _forget_and_run(
    lstm: nn.LSTM, inputs: th.Tensor, forgets: th.Tensor, states: tuple[th.Tensor, ...]
) -> tuple[th.Tensor, tuple[th.Tensor, th.Tensor]]:
    """
    One more input shuts the input, forget and output gate: cell and output are 0 then, and no gradient passes. So the
    state is that of the start of an episode, in the middle of a call to PyTorch's own LSTM.
    """
    hidden = lstm.hidden_size
    shuts = inputs.new_full((4 * hidden, 1), SHUT)
    shuts[2 * hidden : 3 * hidden] = 0.0  # PyTorch's order: input, forget, cell, output
    ends: list[tuple[th.Tensor, th.Tensor]] = []
    for layer in range(lstm.num_layers):
        input_weight, *weights = lstm.all_weights[layer]
        if layer:
            inputs = functional.dropout(inputs, lstm.dropout, lstm.training)
        inputs, *end = th.lstm(
            th.cat((inputs, forgets), dim=-1),
            [state[layer : layer + 1] for state in states],
            [th.cat((input_weight, shuts), dim=-1), *weights],
            lstm.bias,
            1,
            0.0,
            lstm.training,
            False,
            False,
        )
        ends.append((end[0], end[1]))
    hidden_states, cell_states = zip(*ends, strict=True)
    return inputs, (th.cat(hidden_states), th.cat(cell_states))
