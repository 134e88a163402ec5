"""A rollout in tensors on the training device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch as th
from gymnasium import spaces
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.type_aliases import RolloutBufferSamples

from sb3_memaug.vec_env.tensor_vec_env import map_observations


class Rollout(NamedTuple):
    """
    Samples of a rollout, on the training device.

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
        return Rollout(map_observations(lambda x: x[rows], observations), *(x[rows] for x in others))


class TensorRolloutBuffer(RolloutBuffer):
    """
    SB3's ``RolloutBuffer`` in tensors, allocated once, for observations of any space.

    Beside observation and action a transition takes four floats and a byte. The states of LSTMs are kept only where a
    sequence can start, not at every step.

    :param buffer_size: number of steps
    :param observation_space: of the environment
    :param action_space: of the environment
    :param device: to store everything on
    :param gae_lambda: bias-variance trade-off of the advantage estimate
    :param gamma: discount factor
    :param n_envs: number of environments
    :param sequence_length: an LSTM state is kept every so many steps; by default only at the first step of the
        rollout, since every other sequence starts with an episode, from zero
    """

    observations: Any
    actions: th.Tensor  # type: ignore[assignment]
    rewards: th.Tensor  # type: ignore[assignment]
    values: th.Tensor  # type: ignore[assignment]
    log_probs: th.Tensor  # type: ignore[assignment]
    advantages: th.Tensor  # type: ignore[assignment]
    episode_starts: th.Tensor  # type: ignore[assignment]

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Space,
        action_space: spaces.Space,
        device: th.device | str = "auto",
        gae_lambda: float = 1,
        gamma: float = 0.99,
        n_envs: int = 1,
        sequence_length: int | None = None,
    ) -> None:
        self.sequence_length = sequence_length or buffer_size
        self.lstm_states: list[RNNStates] = []
        super().__init__(buffer_size, observation_space, action_space, device, gae_lambda, gamma, n_envs)
        if isinstance(observation_space, spaces.Dict):
            self.observations = {
                key: self._empty(self.obs_shape[key], observation_space[key].dtype)  # type: ignore[call-overload]
                for key in observation_space.spaces
            }
        else:
            self.observations = self._empty(self.obs_shape, observation_space.dtype)
        self.actions = self._empty((self.action_dim,), action_space.dtype)
        self.rewards, self.values, self.log_probs, self.advantages = (self._empty((), np.float32) for _ in range(4))
        self.episode_starts = self._empty((), np.bool_)

    def _empty(self, shape: tuple[int, ...], dtype: Any) -> th.Tensor:
        like = th.from_numpy(np.empty(0, dtype))
        return th.zeros((self.buffer_size, self.n_envs, *shape), dtype=like.dtype, device=self.device)

    def reset(self) -> None:
        """Start to fill it anew."""
        self.lstm_states = []
        self.pos = 0
        self.full = False

    def note_lstm_states(self, lstm_states: RNNStates) -> None:
        """
        :param lstm_states: of actor and critic before the step that is added next; kept where a sequence can start
        """
        if self.pos % self.sequence_length == 0:
            self.lstm_states.append(lstm_states)

    def add(  # type: ignore[override]
        self,
        obs: Any,
        action: th.Tensor,
        reward: th.Tensor,
        episode_start: th.Tensor,
        value: th.Tensor,
        log_prob: th.Tensor,
    ) -> None:
        """
        :param obs: (n_envs, …), or a dict of them
        :param action: (n_envs, …)
        :param reward: (n_envs,)
        :param episode_start: whether ``obs`` is the first of an episode, (n_envs,)
        :param value: predicted, (n_envs,)
        :param log_prob: of the action, (n_envs,)
        """
        if isinstance(obs, Mapping):
            for key, stored in self.observations.items():
                _write(stored[self.pos], obs[key])
        else:
            _write(self.observations[self.pos], obs)
        for stored, given in (
            (self.actions, action),
            (self.rewards, reward),
            (self.episode_starts, episode_start),
            (self.values, value),
            (self.log_probs, log_prob),
        ):
            _write(stored[self.pos], given)
        self.pos += 1
        self.full = self.pos == self.buffer_size

    def compute_returns_and_advantage(self, last_values: th.Tensor, dones: Any) -> None:
        """
        Estimate the advantages by GAE (arXiv 1506.02438), on the device.

        :param last_values: predicted after the last step, (n_envs,)
        :param dones: whether an episode ended with the last step, (n_envs,)
        """
        dones = th.as_tensor(dones, device=self.device).bool()
        goes_on = ~th.cat((self.episode_starts[1:], dones.unsqueeze(0)))
        next_values = th.cat((self.values[1:], last_values.view(1, -1))) * goes_on
        td_error = self.rewards + self.gamma * next_values - self.values
        decay = self.gamma * self.gae_lambda * goes_on
        advantage = th.zeros_like(last_values.flatten())
        for step in reversed(range(self.buffer_size)):
            advantage = th.addcmul(td_error[step], decay[step], advantage, out=self.advantages[step])

    @property
    def returns(self) -> th.Tensor:  # type: ignore[override]
        """Targets of the value function, (n_steps, n_envs)."""
        return self.advantages + self.values

    def rollout(self) -> Rollout:
        """
        :return: all samples, the environments of the first step first, sharing the buffer's memory
        """
        return Rollout(
            map_observations(lambda x: x.flatten(0, 1), self.observations),
            *(x.flatten(0, 1) for x in (self.actions, self.values, self.log_probs, self.advantages, self.returns)),
        )

    def get(self, batch_size: int | None = None) -> Iterator[RolloutBufferSamples]:  # type: ignore[override]
        """
        :param batch_size: number of samples; all by default
        :return: the samples in random batches, the same that SB3's buffer would draw
        """
        assert self.full, "the rollout is not complete"
        rollout, size = self.rollout(), self.buffer_size * self.n_envs
        # SB3 counts the steps of one environment after another.
        envs, steps = np.divmod(np.random.permutation(size), self.buffer_size)
        rows = th.as_tensor(steps * self.n_envs + envs, device=self.device)
        for batch in rows.split(batch_size or size):
            yield RolloutBufferSamples(*rollout.take(batch))


def _write(place: th.Tensor, given: Any) -> None:
    place.copy_(th.as_tensor(given).view_as(place))
