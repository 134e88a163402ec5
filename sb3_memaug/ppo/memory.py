"""
Memories of a policy: what keeps a state from step to step, behind one interface.

A memory is an adapter of a plain module (``policy.lstm_actor``, ``policy.lstm_critic``), chosen by the module's type:
the parameters of saved models keep their names. To add one, write a subclass of :class:`Memory` and give it a name in
:data:`MEMORIES`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np
import torch as th
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from torch import nn
from torch.nn import functional

from sb3_memaug.vec_env.devices import runs_lstms_in_bfloat16

#: Tensors of floats with the batch along axis 1, all zero where an episode starts.
State = tuple[th.Tensor, ...]
Module = TypeVar("Module", bound=nn.Module)
Gated = TypeVar("Gated", nn.LSTM, nn.GRU)


class Rectangle(NamedTuple):
    """
    Where samples stand in the rectangle that a memory reads. A place without a sample is a gap.

    :param n_steps: of the memory
    :param n_columns: side by side
    :param places: of each sample among the (n_steps · n_columns) places, steps outermost; None if they fill all of them
    """

    n_steps: int
    n_columns: int
    places: th.Tensor | None

    def arrange(self, samples: th.Tensor) -> th.Tensor:
        """
        :param samples: and their images, (n · n_images, size), the images of a sample side by side
        :return: the same in the rectangle, with zeros in the gaps, (n_steps, n_columns · n_images, size)
        """
        if self.places is None:
            return samples.reshape(self.n_steps, -1, samples.shape[-1])
        by_sample = samples.reshape(len(self.places), -1, samples.shape[-1])
        empty = samples.new_zeros(self.n_steps * self.n_columns, *by_sample.shape[1:])
        return empty.index_copy(0, self.places, by_sample).view(self.n_steps, -1, samples.shape[-1])

    def collect(self, arranged: th.Tensor) -> th.Tensor:
        """
        :param arranged: in the rectangle, (n_steps, n_columns · n_images, size)
        :return: what stands at the samples, (n · n_images, size)
        """
        if self.places is None:
            return arranged.flatten(0, 1)
        by_place = arranged.reshape(self.n_steps * self.n_columns, -1)
        return by_place.index_select(0, self.places).view(-1, arranged.shape[-1])

    def gaps(self, like: th.Tensor) -> th.Tensor:
        """
        :param like: anything in the rectangle, (n_steps, n_columns · n_images, size)
        :return: 1 in the gaps and 0 at the samples, (n_steps, n_columns · n_images, 1)
        """
        gaps = like.new_ones(self.n_steps * self.n_columns, like.shape[1] // self.n_columns, 1)
        if self.places is None:
            return th.zeros_like(gaps).view(self.n_steps, -1, 1)
        return gaps.index_fill(0, self.places, 0.0).view(self.n_steps, -1, 1)


def rectangle_of(filled: np.ndarray, device: th.device) -> Rectangle:
    """
    :param filled: whether a sample stands at each place, (n_steps, n_columns)
    :param device: of the samples
    :return: the rectangle
    """
    places = None if filled.all() else th.as_tensor(np.flatnonzero(filled), device=device)
    n_steps, n_columns = filled.shape
    return Rectangle(n_steps, n_columns, places)


class Memory(ABC, Generic[Module]):
    """
    How a policy runs a module that has a state.

    :param module: to run, of type ``module_type``, which is made as ``nn.LSTM`` is, by ``(input_size, hidden_size,
        num_layers, **lstm_kwargs)``, and has the attributes ``hidden_size``, the width of its output, and
        ``num_layers``
    """

    module_type: ClassVar[type[nn.Module]]

    def __init__(self, module: Module) -> None:
        self.module = module

    @abstractmethod
    def initial(self, n: int) -> State:
        """
        :param n: number of environments, or of sequences
        :return: the state at the start of an episode: zeros, each of shape (n_layers, n, …)
        """

    @abstractmethod
    def step(self, features: th.Tensor, state: State, starts: th.Tensor) -> tuple[th.Tensor, State]:
        """
        :param features: of one step, (n, input size)
        :param state: before it, each tensor (n_layers, n, …)
        :param starts: 1.0 where an episode starts with this step, whose state before is not used; else 0.0; (n,)
        :return: outputs, (n, hidden size), and the state after the step
        """

    @abstractmethod
    def unroll(self, features: th.Tensor, state: State, rectangle: Rectangle) -> tuple[th.Tensor, State]:
        """
        Run over columns of samples. In a gap the state becomes that of the start of an episode.

        :param features: of samples and their images, (n · n_images, input size), the images of a sample side by side
        :param state: before each column and image, each tensor (n_layers, n_columns · n_images, …)
        :param rectangle: of the samples
        :return: outputs, (n · n_images, hidden size), and the state after each column and image
        """


class _GatedMemory(Memory[Gated]):
    """An LSTM or GRU of PyTorch, which is reset in the middle of a call by its gates."""

    #: Tensors in a state.
    n_tensors: ClassVar[int]

    def initial(self, n: int) -> State:
        shape = (self.module.num_layers, n, self.module.hidden_size)
        weight = next(self.module.parameters())
        return tuple(weight.new_zeros(shape) for _ in range(self.n_tensors))

    def step(self, features: th.Tensor, state: State, starts: th.Tensor) -> tuple[th.Tensor, State]:
        goes_on = (1.0 - starts).view(1, -1, 1)
        output, after = self._run(features.unsqueeze(0), tuple(x * goes_on for x in state))
        return output.squeeze(0), after

    def unroll(self, features: th.Tensor, state: State, rectangle: Rectangle) -> tuple[th.Tensor, State]:
        device = features.device.type
        if th.is_autocast_enabled(device) and not self._runs_in_bfloat16(device):
            with th.autocast(device, enabled=False):
                return self.unroll(features.float(), state, rectangle)
        inputs = rectangle.arrange(features)
        if rectangle.places is None:
            output, after = self._run(inputs, state)
        else:
            output, after = self._run_with_resets(inputs, rectangle.gaps(inputs), state)
        return rectangle.collect(output), after

    def _run_with_resets(self, inputs: th.Tensor, gaps: th.Tensor, state: State) -> tuple[th.Tensor, State]:
        ends: list[State] = []
        for layer in range(self.module.num_layers):
            if layer:
                inputs = functional.dropout(inputs, self.module.dropout, self.module.training)
            inputs, end = self._run_layer(layer, inputs, gaps, tuple(x[layer : layer + 1] for x in state))
            ends.append(end)
        return inputs, tuple(th.cat(parts) for parts in zip(*ends, strict=True))

    def _column(self, *of_gates: float) -> th.Tensor:
        """Weights of one more input, the same for all units of a gate."""
        weight = next(self.module.parameters())
        return th.cat([weight.new_full((self.module.hidden_size, 1), value) for value in of_gates])

    def _runs_in_bfloat16(self, device_type: str) -> bool:
        return False

    @abstractmethod
    def _run(self, inputs: th.Tensor, state: State) -> tuple[th.Tensor, State]:
        """An ordinary call of the module: (n_steps, n, input size) to (n_steps, n, hidden size)."""

    @abstractmethod
    def _run_layer(self, layer: int, inputs: th.Tensor, gaps: th.Tensor, state: State) -> tuple[th.Tensor, State]:
        """One layer, whose state is zero after a gap; its inputs are zero in the gaps."""


#: Added to a gate to shut it: its sigmoid is 0 in every floating point type, and so is the sigmoid's slope.
SHUT = -1e4


class LstmMemory(_GatedMemory[nn.LSTM]):
    """The state is (hidden, cell), each (n_layers, n, hidden size)."""

    module_type = nn.LSTM
    n_tensors = 2

    def _runs_in_bfloat16(self, device_type: str) -> bool:
        return runs_lstms_in_bfloat16(device_type)

    def _run(self, inputs: th.Tensor, state: State) -> tuple[th.Tensor, State]:
        return self.module(inputs, (state[0], state[1]))

    def _run_layer(self, layer: int, inputs: th.Tensor, gaps: th.Tensor, state: State) -> tuple[th.Tensor, State]:
        """Shut input, forget and output gate: hidden and cell state are 0 then, and no gradient passes."""
        lstm = self.module
        input_weight, *weights = lstm.all_weights[layer]
        output, hidden, cell = th.lstm(
            th.cat((inputs, gaps), dim=-1),
            list(state),
            # PyTorch's order: input, forget, cell, output.
            [th.cat((input_weight, self._column(SHUT, SHUT, 0.0, SHUT)), dim=-1), *weights],
            lstm.bias,
            1,
            0.0,
            lstm.training,
            False,
            False,
        )
        return output, (hidden, cell)


class GruMemory(_GatedMemory[nn.GRU]):
    """The state is (hidden,), of shape (n_layers, n, hidden size)."""

    module_type = nn.GRU
    n_tensors = 1

    def _run(self, inputs: th.Tensor, state: State) -> tuple[th.Tensor, State]:
        (hidden,) = state
        output, after = self.module(inputs, hidden)
        return output, (after,)

    def _run_layer(self, layer: int, inputs: th.Tensor, gaps: th.Tensor, state: State) -> tuple[th.Tensor, State]:
        """
        Shut reset and update gate: the hidden state is the candidate then, which is the tanh of its input bias alone.
        That bias is read from an input which is 1 at samples only, so the candidate is exactly 0 in a gap, in every
        floating point type, and no gradient passes.
        """
        gru = self.module
        input_weight, hidden_weight, *biases = gru.all_weights[layer]
        # PyTorch's order: reset, update, candidate.
        all_inputs, columns = [inputs, gaps], [input_weight, self._column(SHUT, SHUT, 0.0)]
        weights: list[th.Tensor] = [hidden_weight]
        if gru.bias:
            input_bias, hidden_bias = biases
            is_candidate = self._column(0.0, 0.0, 1.0)
            all_inputs.append(1.0 - gaps)
            columns.append(input_bias.unsqueeze(-1) * is_candidate)
            weights += [input_bias * (1.0 - is_candidate.flatten()), hidden_bias]
        output, after = th.gru(
            th.cat(all_inputs, dim=-1),
            state[0],
            [th.cat(columns, dim=-1), *weights],
            gru.bias,
            1,
            0.0,
            gru.training,
            False,
            False,
        )
        return output, (after,)


#: What ``policy_kwargs=dict(memory=…)`` can name.
MEMORIES: dict[str, type[Memory[Any]]] = {"lstm": LstmMemory, "gru": GruMemory}


def memory_of(module: nn.Module) -> Memory[Any]:
    """
    :param module: such as ``policy.lstm_actor``
    :return: how to run it
    :raises TypeError: if no memory is known for modules of its type
    """
    by_type = {memory.module_type: memory for memory in MEMORIES.values()}
    for module_type in type(module).__mro__:
        if module_type in by_type:
            return by_type[module_type](module)
    known = ", ".join(module_type.__name__ for module_type in by_type)
    raise TypeError(
        f"a policy's memory must be one of {known}, got {type(module).__name__}: add a `Memory` for it to "
        "`sb3_memaug.ppo.memory.MEMORIES`"
    )


def initial_states(policy: RecurrentActorCriticPolicy, n_envs: int) -> RNNStates:
    """
    :param policy: any recurrent policy
    :param n_envs: number of environments
    :return: states of actor and critic at the start of an episode, each tensor (n_layers, n_envs, …); a critic without
        a memory of its own has those of the actor
    """
    actor = memory_of(policy.lstm_actor)
    critic = actor if policy.lstm_critic is None else memory_of(policy.lstm_critic)
    return RNNStates(actor.initial(n_envs), critic.initial(n_envs))


def zero_states(states: RNNStates) -> RNNStates:
    """
    :param states: whose shapes to take
    :return: zeros, as at the start of an episode
    """
    return RNNStates(*(tuple(th.zeros_like(x) for x in state) for state in states))


def stack_images(states: list[RNNStates]) -> RNNStates:
    """
    :param states: of each image, each tensor (n_layers, n_envs, …)
    :return: the same in tensors of shape (n_layers, n_envs, n_images, …)
    """
    return RNNStates(
        *(tuple(th.stack(parts, dim=2) for parts in zip(*each, strict=True)) for each in zip(*states, strict=True))
    )


def join_states(states: list[RNNStates]) -> RNNStates:
    """
    :param states: of some environments, or at some steps, tensors of shape (n_layers, n, …)
    :return: of all of them, tensors of shape (n_layers, sum of n, …)
    """
    return RNNStates(
        *(tuple(th.cat(parts, dim=1) for parts in zip(*each, strict=True)) for each in zip(*states, strict=True))
    )


def select_states(stacked: RNNStates, rows: th.Tensor, remembers: th.Tensor) -> RNNStates:
    """
    :param stacked: tensors of shape (n_layers, n_rows, n_images, …)
    :param rows: of each sequence, (n_sequences,)
    :param remembers: whether a sequence starts from its state, and not from zero, (n_sequences,)
    :return: tensors of shape (n_layers, n_sequences · n_images, …), the images of a sequence side by side
    """

    def select(x: th.Tensor) -> th.Tensor:
        return (x[:, rows] * remembers.view(1, -1, *[1] * (x.dim() - 2))).flatten(1, 2)

    return RNNStates(*(tuple(select(x) for x in state) for state in stacked))
