"""Environments in tensors on a device: a step takes and gives tensors."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch as th
from gymnasium import spaces
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn

from sb3_memaug.arguments import COUNT


def map_observations(function: Callable[[Any], Any], observations: Any) -> Any:
    """
    :param function: of an array or tensor
    :param observations: one, or a dict of them
    :return: what it gives, by key for a dict
    """
    if isinstance(observations, Mapping):
        return {key: function(value) for key, value in observations.items()}
    return function(observations)


#: A tensor of shape (n_envs, …), or a dict of them.
TensorObs = Any


class TensorStep(NamedTuple):
    """
    What a step of all environments gives, as tensors on their device.

    :param observations: after the step; where an episode ended, the first of the next one, (n_envs, …)
    :param rewards: (n_envs,)
    :param terminated: whether the episode came to an end of its own, (n_envs,)
    :param truncated: whether it was cut short, (n_envs,)
    :param final_observations: like ``observations``, but with the last of an episode where one ended; elsewhere
        anything. None where no episode was cut short
    :param log: numbers to be logged, each a scalar
    :param episode_returns: sum of the rewards of the present episode, this step included, (n_envs,); counted by
        :class:`TensorVecEnv`
    :param episode_lengths: its number of steps, (n_envs,); likewise
    """

    observations: TensorObs
    rewards: th.Tensor
    terminated: th.Tensor
    truncated: th.Tensor
    final_observations: TensorObs | None = None
    log: Mapping[str, th.Tensor] = MappingProxyType({})
    episode_returns: th.Tensor = th.empty(0)
    episode_lengths: th.Tensor = th.empty(0)

    @property
    def dones(self) -> th.Tensor:
        """Whether an episode ended, (n_envs,)."""
        return self.terminated | self.truncated


class TensorVecEnv(VecEnv):
    """
    Many environments at once, as one batch of tensors.

    This library's algorithms train on it without a single transfer to the host in a rollout; on top of that it is a
    ``VecEnv`` like any other, for all of Stable-Baselines3. A subclass implements :meth:`_reset` and :meth:`_step`.

    :param num_envs: number of environments
    :param observation_space: of each
    :param action_space: of each
    :param device: that all tensors live on
    :param render_mode: see Gymnasium
    :raises ValueError: if there is to be no environment
    """

    def __init__(
        self,
        num_envs: int,
        observation_space: spaces.Space,
        action_space: spaces.Space,
        device: th.device | str = "cpu",
        render_mode: str | None = None,
    ) -> None:
        self.device = th.device(device)
        self.render_mode = render_mode
        num_envs = COUNT.check("num_envs", num_envs)
        super().__init__(num_envs, observation_space, action_space)
        self._returns = th.zeros(num_envs, device=self.device)
        self._lengths = th.zeros(num_envs, device=self.device, dtype=th.int64)
        self._actions = th.zeros(0)
        self._began = time.time()

    @abstractmethod
    def _reset(self, seed: int | None) -> TensorObs:
        """
        Start an episode in every environment.

        :param seed: of all random numbers from now on; None to go on with those there are
        :return: the first observations
        """

    @abstractmethod
    def _step(self, actions: th.Tensor) -> TensorStep:
        """
        Step every environment, and start a new episode where one ended.

        :param actions: (n_envs, …), within the action space
        :return: what came of them, but for the episodes' returns and lengths; in tensors that are not written into
            again
        """

    def reset_tensors(self, seed: int | None = None) -> TensorObs:
        """
        :param seed: of all random numbers from now on; None to go on with those there are
        :return: the first observations of an episode in every environment
        """
        self._returns = th.zeros_like(self._returns)
        self._lengths = th.zeros_like(self._lengths)
        observations = self._reset(seed)
        self._reset_options()
        return observations

    def step_tensors(self, actions: th.Tensor) -> TensorStep:
        """
        :param actions: (n_envs, …), on the device, within the action space
        :return: what came of them
        """
        step = self._step(actions)
        step = step._replace(episode_returns=self._returns + step.rewards, episode_lengths=self._lengths + 1)
        goes_on = ~step.dones
        self._returns, self._lengths = step.episode_returns * goes_on, step.episode_lengths * goes_on
        return step

    def reset(self) -> VecEnvObs:
        observations = self.reset_tensors(self._seeds[0])
        self._reset_seeds()
        return _to_numpy(observations)

    def step_async(self, actions: np.ndarray) -> None:
        self._actions = th.as_tensor(np.asarray(actions, self.action_space.dtype), device=self.device)

    def step_wait(self) -> VecEnvStepReturn:
        step = self.step_tensors(self._actions)
        dones, truncated, terminated = step.dones.cpu().numpy(), step.truncated.cpu().numpy(), step.terminated.cpu()
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if dones.any():
            final = _to_numpy(step.observations if step.final_observations is None else step.final_observations)
            returns, lengths = step.episode_returns.tolist(), step.episode_lengths.tolist()
            elapsed = round(time.time() - self._began, 6)
            for i in np.flatnonzero(dones).tolist():
                infos[i]["TimeLimit.truncated"] = bool(truncated[i] and not terminated[i])
                infos[i]["episode"] = {"r": returns[i], "l": lengths[i], "t": elapsed}
                if step.final_observations is not None:
                    infos[i]["terminal_observation"] = map_observations(itemgetter(i), final)
        return _to_numpy(step.observations), _to_numpy(step.rewards.float()), dones, infos

    def close(self) -> None:
        """Nothing to free, unless a subclass holds something."""

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        return [getattr(self, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """All environments are one object: an attribute is that of all of them."""
        setattr(self, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """All environments are one object: the method is called once."""
        result = getattr(self, method_name)(*method_args, **method_kwargs)
        return [result for _ in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type[gym.Wrapper], indices: VecEnvIndices = None) -> list[bool]:
        """Episodes are counted as by a ``Monitor``; there is no other wrapper."""
        return [issubclass(wrapper_class, Monitor) for _ in self._get_indices(indices)]


def _to_numpy(observations: TensorObs) -> Any:
    # Copies on a CPU too: SB3 writes into the rewards that it is given.
    return map_observations(lambda x: x.to("cpu", copy=True).numpy(), observations)
