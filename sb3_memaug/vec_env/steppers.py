"""Steps of a rollout, of environments on the host or on the device, and what is logged of their episodes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch as th
from gymnasium import spaces
from stable_baselines3.common.utils import obs_as_tensor
from stable_baselines3.common.vec_env import VecEnv

from sb3_memaug.vec_env.devices import is_asynchronous, placed
from sb3_memaug.vec_env.finite import (
    OF_POLICY,
    LastObservations,
    last_observations,
    refuse_non_finite,
    refuse_non_finite_step,
)
from sb3_memaug.vec_env.normalize import PlainStatistics
from sb3_memaug.vec_env.tensor_vec_env import TensorStep, TensorVecEnv, map_observations


class EpisodeWindow:
    """
    :param size: number of episodes to keep
    :param device: to keep them on
    """

    def __init__(self, size: int, device: th.device) -> None:
        self.size = size
        # One place more, for what has not ended: so nothing depends on how many have.
        self._returns = th.zeros(size + 1, device=device)
        self._lengths = th.zeros(size + 1, device=device, dtype=th.int64)
        self._count = th.zeros((), device=device, dtype=th.int64)

    def add(self, returns: th.Tensor, lengths: th.Tensor, ended: th.Tensor) -> None:
        """
        :param returns: of each environment's present episode, (n_envs,)
        :param lengths: of the same, (n_envs,)
        :param ended: whether it has ended, (n_envs,)
        """
        number = self._count + ended.cumsum(0) - 1
        self._count = self._count + ended.sum()
        # Of two that would come to the same place, a device writes either one: so only the latest ones are written.
        kept = ended & (number >= self._count - self.size)
        place = th.where(kept, number % self.size, self.size)
        self._returns[place] = returns.float()
        self._lengths[place] = lengths

    def episodes(self) -> list[dict[str, float]]:
        """
        :return: return ``"r"`` and length ``"l"`` of each, the latest last, as SB3's ``ep_info_buffer`` holds them
        """
        count = int(self._count)
        order = [i % self.size for i in range(max(0, count - self.size), count)]
        returns, lengths = self._returns.tolist(), self._lengths.tolist()
        return [{"r": returns[i], "l": lengths[i]} for i in order]


class Truncation(NamedTuple):
    """
    Episodes that a time limit ended, which would have gone on.

    :param observations: their last ones, (n, …), or a dict of them, on the device
    :param envs: of each, (n,)
    :param counts: whether each was really cut short, (n,)
    """

    observations: Any
    envs: th.Tensor
    counts: th.Tensor


class Step(NamedTuple):
    """
    :param new_obs: after the step, as the environment gave them
    :param rewards: (n_envs,)
    :param dones: whether an episode ended, (n_envs,)
    :param infos: one for each environment
    :param truncation: episodes whose value has to be estimated, None if there are none
    """

    new_obs: Any
    rewards: Any
    dones: Any
    infos: list[dict[str, Any]]
    truncation: Truncation | None


class Stepper(ABC):
    """
    :param env: to step
    :param device: of the algorithm
    :param squashed: whether the policy's actions lie between -1 and 1, to be stretched to the bounds, not clipped
    """

    def __init__(self, env: VecEnv, device: th.device, squashed: bool = False) -> None:
        self.env = env
        self.device = device
        self.squashed = squashed

    def _within(self, actions: Any, low: Any, high: Any) -> Any:
        """Arrays or tensors."""
        return low + (actions + 1) / 2 * (high - low) if self.squashed else actions.clip(low, high)

    @abstractmethod
    def step(self, actions: th.Tensor) -> Step:
        """
        :param actions: on the device, brought within the bounds here, which a Gaussian exceeds
        :return: what came of them
        :raises NotFiniteError: on the host, if a number is not finite; on a device they are checked after the rollout
        """


class HostStepper(Stepper):
    """
    Environments that take and give numpy arrays.

    :param env: to step
    :param device: of the algorithm
    :param squashed: see :class:`Stepper`
    """

    def __init__(self, env: VecEnv, device: th.device, squashed: bool = False) -> None:
        super().__init__(env, device, squashed)
        self._plain_statistics = PlainStatistics(env)

    def step(self, actions: th.Tensor) -> Step:
        space, taken = self.env.action_space, actions.cpu().numpy()
        if isinstance(space, spaces.Box):
            # Clipping would hide an infinite one.
            refuse_non_finite({"action": taken}, cause=OF_POLICY)
            taken = self._within(taken, space.low, space.high)
        new_obs, rewards, dones, infos = self.env.step(taken)
        self._plain_statistics.refuse_non_finite(stepped=True)
        last = last_observations(dones, infos)
        refuse_non_finite_step(new_obs, rewards, last)
        return Step(new_obs, rewards, dones, infos, None if last is None else self._truncation(last))

    def _truncation(self, last: LastObservations) -> Truncation:
        envs = last.envs.to(self.device)
        return Truncation(obs_as_tensor(last.observations, self.device), envs, th.ones_like(envs, dtype=th.bool))


class DeviceStepper(Stepper):
    """
    A :class:`~sb3_memaug.vec_env.tensor_vec_env.TensorVecEnv`: no step waits for the device.

    :param env: to step
    :param device: of the algorithm
    :param window: number of ended episodes to remember
    :param squashed: see :class:`Stepper`
    :raises ValueError: if the environments live on another device than the algorithm
    """

    env: TensorVecEnv

    def __init__(self, env: TensorVecEnv, device: th.device, window: int, squashed: bool = False) -> None:
        super().__init__(env, device, squashed)
        if placed(env.device) != placed(device):
            raise ValueError(
                f"the environments live on {placed(env.device)}, the algorithm on {placed(device)}: give both the same "
                "`device`"
            )
        space = env.action_space
        self._bounds = (
            tuple(th.as_tensor(bound, device=device) for bound in (space.low, space.high))
            if isinstance(space, spaces.Box)
            else None
        )
        self._infos: list[dict[str, Any]] = [{} for _ in range(env.num_envs)]
        self._all = th.arange(env.num_envs, device=device)
        self._episodes = EpisodeWindow(window, device)
        self._log: list[Mapping[str, th.Tensor]] = []

    def step(self, actions: th.Tensor) -> Step:
        if self._bounds is not None:
            actions = self._within(actions, *self._bounds)
        step = self.env.step_tensors(actions)
        self._log.append(step.log)
        self._episodes.add(step.episode_returns, step.episode_lengths, step.dones)
        return Step(step.observations, step.rewards, step.dones, self._infos, self._truncation(step))

    def episodes(self) -> list[dict[str, float]]:
        """
        :return: the latest episodes that ended, as SB3's ``ep_info_buffer`` holds them; waits for the device
        """
        return self._episodes.episodes()

    def log(self) -> dict[str, float]:
        """
        :return: what the environments logged, averaged over the steps that logged it; waits for the device
        """
        names = dict.fromkeys(name for log in self._log for name in log)
        return {name: th.stack([log[name] for log in self._log if name in log]).float().mean().item() for name in names}

    def _truncation(self, step: TensorStep) -> Truncation | None:
        if step.final_observations is None:
            return None
        cut, final = step.truncated & ~step.terminated, step.final_observations
        if is_asynchronous(self.device):
            # To know which they are would mean to wait for the device: it is quicker to evaluate all of them.
            return Truncation(final, self._all, cut)
        envs = cut.nonzero().flatten()
        if not len(envs):
            return None
        return Truncation(map_observations(lambda x: x[envs], final), envs, cut[envs])


def stepper_of(env: VecEnv, device: th.device, window: int, squashed: bool = False) -> Stepper:
    """
    :param env: of the algorithm
    :param device: of the algorithm
    :param window: number of ended episodes to remember, where the environment has no infos of them
    :param squashed: see :class:`Stepper`
    :return: its steps
    """
    if isinstance(env, TensorVecEnv):
        return DeviceStepper(env, device, window, squashed)
    return HostStepper(env, device, squashed)
