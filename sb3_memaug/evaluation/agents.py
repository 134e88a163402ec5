"""What chooses actions, one at a time: a trained model, or something simpler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

#: Takes an observation, and whether an episode starts with it; returns an action.
Agent = Callable[[Any, bool], Any]


def zero_agent(action_space: gym.Space) -> Agent:
    """
    :param action_space: of the environment
    :return: what always takes the action zero
    """
    zero = np.zeros(action_space.shape or (), action_space.dtype)
    return lambda observation, start: zero


def random_agent(action_space: gym.Space, seed: int) -> Agent:
    """
    :param action_space: of the environment
    :param seed: of the actions
    :return: what takes any action
    """
    action_space.seed(seed)
    return lambda observation, start: action_space.sample()


def model_agent(model: BaseAlgorithm, normalizer: VecNormalize | None = None) -> Agent:
    """
    :param model: any SB3 model, with or without memory
    :param normalizer: of the observations that it was trained on
    :return: what takes its mean actions
    """
    state: tuple[np.ndarray, ...] | None = None

    def act(observation: Any, start: bool) -> Any:
        nonlocal state
        seen = observation if normalizer is None else normalizer.normalize_obs(observation)
        action, state = model.predict(seen, state=state, episode_start=np.array([start]), deterministic=True)
        return action

    return act


def has_memory(model: BaseAlgorithm) -> bool:
    """
    :param model: any SB3 model
    :return: whether its policy has the LSTM of sb3-contrib's recurrent policies
    """
    return getattr(model.policy, "lstm_actor", None) is not None
