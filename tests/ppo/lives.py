"""Memories that are stepped over the mirrored observations, one at a time, beside a training."""

from __future__ import annotations

from typing import Any

import torch as th
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.callbacks import BaseCallback

from sb3_memaug.ppo.memory import zero_states


class CarriedLife(BaseCallback):
    """Goes on from rollout to rollout. ``compare`` asserts that the model remembers the same."""

    compared = 0
    states: RNNStates | None = None
    at_starts: list[RNNStates] = []
    values: list[th.Tensor] = []

    def _init_callback(self) -> None:
        self.original = self.model._last_lstm_states
        if self.states is None:
            self.states = zero_states(self.original)

    def begin_rollout(self) -> None:
        """What is remembered of the rollouts before."""

    def begin_sequence(self) -> None:
        """What is remembered of the sequences before."""

    def _on_rollout_start(self) -> None:
        if self.at_starts:
            self.compare()
        self.at_starts, self.values = [], []
        self.begin_rollout()

    def _on_step(self) -> bool:
        model: Any = self.model
        starts = th.as_tensor(model._last_episode_starts, dtype=th.float32)
        if model.rollout_buffer.pos % (model.sequence_length or model.n_steps) == 0:
            self.begin_sequence()
            self.at_starts.append(forget(self.states, starts))
        mirrored = model.symmetry_group["left_right"].apply_observation(th.as_tensor(model._last_obs))
        with th.no_grad():
            _, values, _, self.states = model.policy(mirrored, self.states, starts)
        self.values.append(values.flatten())
        # The policy has acted on this step already.
        self.original = model._last_lstm_states
        return True

    def compare(self) -> None:
        model: Any = self.model
        stored, length, n = model._rollout.states, model.sequence_length or model.n_steps, model.n_envs
        assert stored.pi[0].shape[1:3] == (len(self.at_starts) * n, 2)
        for k, expected in enumerate(self.at_starts):
            noted = RNNStates(*(tuple(x[:, k * n : (k + 1) * n, 1] for x in pair) for pair in stored))
            self.assert_same(forget(noted, model.rollout_buffer.episode_starts[k * length].float()), expected)
        self.begin_rollout()
        self.begin_sequence()
        (after,) = model._last_mirrored_lstm_states
        self.assert_same(after, self.states)
        self.compared += 1

    def assert_same(self, states: Any, expected: Any) -> None:
        assert_same_states(states, expected, atol=1e-5)


class ZeroedLife(CarriedLife):
    """Is forgotten at each update."""

    def begin_rollout(self) -> None:
        self.states = zero_states(self.states)


class CopiedLife(CarriedLife):
    """Is the original's wherever a sequence can start, to the last bit."""

    def begin_sequence(self) -> None:
        self.states = self.original

    def assert_same(self, states: Any, expected: Any) -> None:
        assert_same_states(states, expected, atol=0)


LIVES = {"carried": CarriedLife, "zeroed": ZeroedLife, "copied": CopiedLife}


def forget(states: Any, episode_starts: th.Tensor) -> RNNStates:
    def keep(x: th.Tensor) -> th.Tensor:
        return x * (1 - episode_starts).view(1, -1, *[1] * (x.dim() - 2))

    return RNNStates(*(tuple(keep(x) for x in state) for state in states))


def assert_same_states(states: Any, expected: Any, atol: float) -> None:
    assert isinstance(states, RNNStates)
    for pair, other in zip(states, expected, strict=True):
        for tensor, online in zip(pair, other, strict=True):
            th.testing.assert_close(tensor, online, atol=atol, rtol=0)
