"""Collecting a rollout with a recurrent policy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch as th
from gymnasium import spaces
from sb3_contrib import RecurrentPPO
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.utils import obs_as_tensor
from stable_baselines3.common.vec_env import VecEnv

from sb3_memaug.common.sequence_buffer import SequenceRolloutBuffer


class RecurrentRollout(RecurrentPPO):
    """
    ``RecurrentPPO`` that fills a :class:`~sb3_memaug.common.sequence_buffer.SequenceRolloutBuffer`, and bootstraps the
    time limits of all environments at once.
    """

    policy: RecurrentActorCriticPolicy
    # SB3 lets them be None, which they never are during a rollout.
    _last_obs: np.ndarray | dict[str, np.ndarray]
    _last_episode_starts: np.ndarray
    _last_lstm_states: RNNStates  # type: ignore[assignment]

    def collect_rollouts(
        self, env: VecEnv, callback: BaseCallback, rollout_buffer: RolloutBuffer, n_rollout_steps: int
    ) -> bool:
        """
        :param env: the training environment
        :param callback: called at each step, and at the beginning and end of the rollout; its ``locals`` hold the names
            that SB3's callbacks look for (``new_obs``, ``rewards``, ``dones``, ``infos``)
        :param rollout_buffer: to fill
        :param n_rollout_steps: number of steps in each environment
        :return: False if the callback stopped the training
        """
        assert self._last_obs is not None, "No previous observation was provided"
        assert isinstance(rollout_buffer, SequenceRolloutBuffer), f"{rollout_buffer} keeps no LSTM states"
        self.policy.set_training_mode(False)
        rollout_buffer.reset()
        if self.use_sde:
            self.policy.reset_noise(env.num_envs)
        callback.on_rollout_start()

        lstm_states = self._last_lstm_states
        for step in range(n_rollout_steps):
            if self.use_sde and self.sde_sample_freq > 0 and step % self.sde_sample_freq == 0:
                self.policy.reset_noise(env.num_envs)
            with th.no_grad():
                actions, values, log_probs, lstm_states = self.policy(
                    obs_as_tensor(self._last_obs, self.device), lstm_states, self._as_mask(self._last_episode_starts)
                )
            actions = actions.cpu().numpy()
            new_obs, rewards, dones, infos = env.step(self._within_bounds(actions))
            self.num_timesteps += env.num_envs
            callback.update_locals(locals())
            if not callback.on_step():
                return False
            self._update_info_buffer(infos, dones)
            rollout_buffer.add(
                self._last_obs,
                actions,
                rewards + self.gamma * self._values_at_time_limits(dones, infos, lstm_states),
                self._last_episode_starts,
                values,
                log_probs,
                lstm_states=self._last_lstm_states,
            )
            self._last_obs = new_obs  # type: ignore[assignment]
            self._last_episode_starts, self._last_lstm_states = dones, lstm_states

        values = self._predict_values(
            obs_as_tensor(self._last_obs, self.device), self._last_lstm_states.vf, self._last_episode_starts
        )
        rollout_buffer.compute_returns_and_advantage(last_values=values, dones=self._last_episode_starts)
        callback.update_locals(locals())
        callback.on_rollout_end()
        return True

    @th.no_grad()
    def _predict_values(
        self, observations: Any, states: tuple[th.Tensor, ...], episode_starts: np.ndarray
    ) -> th.Tensor:
        # The policy takes dicts of observations too, though its annotations know tensors only.
        hidden, cell = states
        return self.policy.predict_values(observations, (hidden, cell), self._as_mask(episode_starts))

    def _as_mask(self, episode_starts: np.ndarray) -> th.Tensor:
        return th.as_tensor(episode_starts, dtype=th.float32, device=self.device)

    def _within_bounds(self, actions: np.ndarray) -> np.ndarray:
        """A Gaussian knows no bounds: the environment gets clipped actions, the buffer those that were sampled."""
        if isinstance(self.action_space, spaces.Box):
            return np.clip(actions, self.action_space.low, self.action_space.high)
        return actions

    def _values_at_time_limits(
        self, dones: np.ndarray, infos: list[dict[str, Any]], lstm_states: RNNStates
    ) -> np.ndarray:
        """
        What an episode that was only cut short would still have been worth.

        :param dones: whether an episode ended in each environment
        :param infos: which tell why, and the final observation
        :param lstm_states: after the last step, before the reset
        :return: predicted value of the final observation where a time limit cut an episode, 0 elsewhere, (n_envs,)
        """
        bootstrap = np.zeros(len(dones), dtype=np.float32)
        cut = [
            i
            for i in np.flatnonzero(dones).tolist()
            if infos[i].get("TimeLimit.truncated", False) and infos[i].get("terminal_observation") is not None
        ]
        if cut:
            final = [infos[i]["terminal_observation"] for i in cut]
            stacked = (
                {k: np.stack([o[k] for o in final]) for k in final[0]}
                if isinstance(final[0], dict)
                else np.stack(final)
            )
            before = tuple(state[:, cut].contiguous() for state in lstm_states.vf)
            values = self._predict_values(self.policy.obs_to_tensor(stacked)[0], before, np.zeros(len(cut)))
            bootstrap[cut] = values.flatten().cpu().numpy()
        return bootstrap
