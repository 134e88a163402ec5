"""Collecting a rollout on the training device, and finding numbers in it that are not finite without waiting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import numpy as np
import torch as th
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from sb3_memaug.ppo.buffer import TensorRolloutBuffer
from sb3_memaug.vec_env.devices import no_host_sync
from sb3_memaug.vec_env.distributed import world_size
from sb3_memaug.vec_env.finite import (
    OF_ENVIRONMENT,
    OF_POLICY,
    Numbers,
    all_finite,
    at_step,
    by_name,
    finite_or,
    is_finite,
    refuse_non_finite,
    refuse_non_finite_policy,
    refuse_non_finite_rollout,
    rows_finite,
)
from sb3_memaug.vec_env.normalize import PlainStatistics
from sb3_memaug.vec_env.steppers import DeviceStepper, HostStepper, Truncation, stepper_of
from sb3_memaug.vec_env.tensor_vec_env import map_observations


class RolloutCheck:
    """
    One look at the end of a rollout. What environments on the host give is looked at before, with each step.

    :param buffer: that is filled
    :param began: number of steps that were trained before the rollout
    :param looks: whether what the rollout begins with can be looked at without waiting
    """

    def __init__(self, buffer: TensorRolloutBuffer, began: int, looks: bool) -> None:
        self._buffer = buffer
        self._began = began
        self._looks = looks
        self._memory_before: list[Numbers] = []
        self._last: dict[str, Numbers] = {}

    def at_step(self, step: int) -> AbstractContextManager[None]:
        """
        :param step: of the rollout, from 1
        :return: within which a :class:`~sb3_memaug.vec_env.finite.NotFiniteError` names this step
        """
        return at_step(step, self._began)

    def begin(self, observations: Any, memory: dict[str, th.Tensor]) -> None:
        """
        :param observations: that the rollout begins with, (n_envs, …), or a dict of them
        :param memory: of the policy before it, by name, each (n_envs, …)
        :raises NotFiniteError: if they are not finite, where that can be seen without waiting
        """
        given = by_name("observation", observations)
        if self._looks and not all_finite([*given.values(), *memory.values()]):
            with self.at_step(0):
                refuse_non_finite(given)
                refuse_non_finite(memory, cause=OF_POLICY)
        self._memory_before = self._at_once(memory, 0, OF_POLICY)

    def readable(self, observations: Any) -> Any:
        """
        :param observations: (n_envs, …), or a dict of them
        :return: what the policy can read until somebody looks
        """
        return observations if self._looks else finite_or(observations, 0.0)

    def note(self, step: int, truncation: Truncation, before: th.Tensor, after: th.Tensor) -> None:
        """
        :param step: of the rollout, from 0
        :param truncation: episodes that would have gone on
        :param before: rewards of the step, (n_envs,)
        :param after: the same with the values of the last observations, (n_envs,)
        """
        observations, envs, counts = truncation
        for name, x in by_name("last observation", observations).items():
            self._marks(name, OF_ENVIRONMENT)[step].index_copy_(0, envs, _mark(rows_finite(x) | ~counts))
        self._marks("value of the last observation", OF_POLICY)[step] = _mark(is_finite(after) | ~is_finite(before))

    def _marks(self, name: str, cause: str) -> th.Tensor:
        """Of all steps: what it was is not kept, only whether it was finite."""
        if name not in self._last:
            self._last[name] = Numbers(name, th.zeros_like(self._buffer.rewards), 1, cause)
        return self._last[name].values

    def end(self, observations: Any, values: th.Tensor, memory: dict[str, th.Tensor]) -> None:
        """
        :param observations: that the rollout ended with, (n_envs, …), or a dict of them
        :param values: of these, (n_envs, 1)
        :param memory: of the policy after it, by name, each (n_envs, …)
        :raises NotFiniteError: if a number of the rollout is not finite
        """
        buffer, n_steps = self._buffer, self._buffer.buffer_size
        given = by_name("observation", buffer.observations).items()
        numbers = [
            *self._memory_before,
            Numbers("action", buffer.actions, 1, OF_POLICY),
            Numbers("value", buffer.values, 1, OF_POLICY),
            Numbers("log-probability of the action", buffer.log_probs, 1, OF_POLICY),
            *self._at_once(memory, n_steps, OF_POLICY),
            *(Numbers(name, x, 0, OF_ENVIRONMENT) for name, x in given),
            *self._at_once(by_name("observation", observations), n_steps, OF_ENVIRONMENT),
            *self._at_once({"value": values}, n_steps, OF_POLICY),
            *self._last.values(),
            Numbers("reward", buffer.rewards, 1, OF_ENVIRONMENT),
        ]
        # They follow from all the others, but may be too large where no other number is.
        advantages = Numbers("advantage", buffer.advantages, 1, OF_ENVIRONMENT)
        if all_finite([x.values for x in (*numbers, advantages)]):
            return
        refuse_non_finite_rollout(numbers, self._began)
        refuse_non_finite_rollout([advantages], self._began)

    @staticmethod
    def _at_once(numbers: dict[str, th.Tensor], step: int, cause: str) -> list[Numbers]:
        return [Numbers(name, x.unsqueeze(0), step, cause) for name, x in numbers.items()]


def _mark(finite: th.Tensor) -> th.Tensor:
    return th.where(finite, 0.0, th.nan)


class Actor(Protocol):
    """What an algorithm lends to the collection of its rollouts."""

    def _act(self, observations: Any, episode_starts: th.Tensor) -> tuple[th.Tensor, th.Tensor, th.Tensor]:
        """
        :param observations: (n_envs, …), or a dict of them
        :param episode_starts: whether they are the first of an episode, (n_envs,)
        :return: actions, values and log-probabilities
        """

    def _predict_values(self, observations: Any, episode_starts: th.Tensor, envs: th.Tensor | None) -> th.Tensor:
        """
        :param observations: of some environments, (n, …), or a dict of them
        :param episode_starts: whether they are the first of an episode, (n,)
        :param envs: which these are, (n,); None for all
        :return: their values by the memory of each environment, (n, 1)
        """

    def _named_memory(self) -> dict[str, th.Tensor]:
        """
        :return: the memory of the policy, by name, each (n_envs, …)
        """

    def _clear_memory(self) -> None:
        """Begin with an empty memory."""


class RolloutCollector:
    """
    Fills a :class:`~sb3_memaug.ppo.buffer.TensorRolloutBuffer` from any ``VecEnv``; from a
    :class:`~sb3_memaug.vec_env.tensor_vec_env.TensorVecEnv` without a transfer to the host but for the log. The value
    of what a time limit cut short is estimated for all environments at once.

    The algorithm that owns it is handed to each method, so that neither keeps the other alive: an
    ``OnPolicyAlgorithm`` of SB3 with the methods of :class:`Actor`.
    """

    def __init__(self) -> None:
        #: Whether a rollout has begun that was not learned from to the end.
        self.interrupted = False

    @contextmanager
    def training_begins(self, algorithm: Any) -> Iterator[None]:
        """
        Around SB3's set-up of a training, which resets environments.

        :param algorithm: that is trained
        :raises NotFiniteError: if a number is not finite then
        """
        if self.interrupted:
            # Whatever ended the last training: the environments, what was observed of them and what is remembered of
            # them may be steps apart, in the mirror too. New episodes are where all of them agree.
            algorithm._last_obs = None
            algorithm._clear_memory()
        self.interrupted = True
        plain_statistics = PlainStatistics(algorithm.env)
        yield
        with at_step(0, algorithm.num_timesteps):
            plain_statistics.refuse_non_finite(stepped=False)
        self.interrupted = False

    def collect(self, algorithm: Any, env: VecEnv, callback: BaseCallback, buffer: RolloutBuffer, n_steps: int) -> bool:
        """
        :param algorithm: that learns from the rollout
        :param env: the training environment
        :param callback: called at each step, and at the beginning and end of the rollout; its ``locals`` hold the names
            that SB3's callbacks look for (``new_obs``, ``rewards``, ``dones``, ``infos``), as tensors and with empty
            infos where the environment gives tensors
        :param buffer: to fill
        :param n_steps: number of steps in each environment
        :return: False if the callback stopped the training
        :raises NotFiniteError: if a number of the rollout is not finite: at once from environments on the host, at the
            end of the rollout from those on a device
        :raises ValueError: if the policy holds numbers that are not finite
        """
        assert algorithm._last_obs is not None, "No previous observation was provided"
        assert isinstance(buffer, TensorRolloutBuffer), f"{buffer} holds no tensors"
        refuse_non_finite_policy(algorithm)
        self.interrupted = True
        algorithm.policy.set_training_mode(False)
        buffer.reset()
        if algorithm.use_sde:
            algorithm.policy.reset_noise(env.num_envs)
        callback.on_rollout_start()
        with th.no_grad(), no_host_sync():
            return self._collect(algorithm, env, callback, buffer, n_steps)

    def _collect(
        self,
        algorithm: Any,
        env: VecEnv,
        callback: BaseCallback,
        rollout_buffer: TensorRolloutBuffer,
        n_rollout_steps: int,
    ) -> bool:
        device = algorithm.device

        def as_tensor(array: Any) -> th.Tensor:
            return th.as_tensor(array, device=device)

        def show(names: dict[str, Any]) -> None:
            callback.update_locals({**names, "self": algorithm})

        stepper = stepper_of(env, device, algorithm._stats_window_size, algorithm.policy.squash_output)
        on_host = isinstance(stepper, HostStepper)
        observations = map_observations(as_tensor, algorithm._last_obs)
        episode_starts = as_tensor(algorithm._last_episode_starts)
        check = RolloutCheck(rollout_buffer, algorithm.num_timesteps, looks=on_host)
        check.begin(observations, algorithm._named_memory())
        for step in range(n_rollout_steps):
            if algorithm.use_sde and algorithm.sde_sample_freq > 0 and step % algorithm.sde_sample_freq == 0:
                algorithm.policy.reset_noise(env.num_envs)
            actions, values, log_probs = algorithm._act(check.readable(observations), episode_starts)
            with check.at_step(step + 1):
                new_obs, rewards, dones, infos, truncation = stepper.step(actions)
            algorithm.num_timesteps += env.num_envs * world_size()
            show(locals())
            if not callback.on_step():
                return False
            if on_host and dones.any():
                # Only the infos of ended episodes hold returns and successes, and they are few.
                algorithm._update_info_buffer([infos[i] for i in np.flatnonzero(dones)], dones[dones])
            rewards = th.as_tensor(rewards).float().to(device)  # not every device has NumPy's float64
            if truncation is not None:
                given, rewards = rewards, self._bootstrap_truncated(algorithm, rewards, truncation)
                check.note(step, truncation, given, rewards)
            rollout_buffer.add(observations, actions, rewards, episode_starts, values, log_probs)
            algorithm._last_obs, algorithm._last_episode_starts = new_obs, dones
            observations, episode_starts = map_observations(as_tensor, new_obs), as_tensor(dones)

        values = algorithm._predict_values(observations, episode_starts, None)
        rollout_buffer.compute_returns_and_advantage(last_values=values, dones=episode_starts)
        check.end(observations, values, algorithm._named_memory())
        if isinstance(stepper, DeviceStepper):
            self._log(algorithm, stepper)
        show(locals())
        callback.on_rollout_end()
        return True

    def _bootstrap_truncated(self, algorithm: Any, rewards: th.Tensor, truncation: Truncation) -> th.Tensor:
        """What an episode that was only cut short would still have been worth, from the state before the reset."""
        observations, envs, counts = truncation
        values = algorithm._predict_values(observations, th.zeros_like(counts), envs).flatten()
        # Not a product: what stands where nothing was cut short may be no number.
        return rewards.index_add(0, envs, th.where(counts, algorithm.gamma * values, 0.0))

    def _log(self, algorithm: Any, stepper: DeviceStepper) -> None:
        """The only transfer of a rollout to the host."""
        algorithm.ep_info_buffer.extend(stepper.episodes())
        for name, value in stepper.log().items():
            algorithm.logger.record(name, value)
