"""Where episodes run side by side: in environments of their own, or in one simulation of many."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np


class Episode(NamedTuple):
    """
    What an episode starts from.

    :param seed: of the environment
    :param options: for its ``reset``
    """

    seed: int
    options: dict[str, Any]


class EpisodeStep(NamedTuple):
    """
    What a step of all episodes gives; what it says of those that are over means nothing.

    :param observations: after the step, (n, …)
    :param rewards: (n,)
    :param terminated: whether the episode came to an end of its own, (n,)
    :param truncated: whether it was cut short, (n,)
    :param distances: from the target in m, NaN where there is none, (n,)
    """

    observations: np.ndarray
    rewards: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    distances: np.ndarray


class EpisodeRunner(ABC):
    """Where episodes run side by side."""

    #: What a watcher looks at, one for each episode.
    envs: Sequence[Any]

    @abstractmethod
    def begin(self, episodes: Sequence[Episode]) -> np.ndarray:
        """
        :param episodes: what they start from
        :return: their first observations, (n, …)
        """

    @abstractmethod
    def step(self, actions: np.ndarray, running: np.ndarray) -> EpisodeStep:
        """
        :param actions: of all episodes, (n, …)
        :param running: whether an episode is not over yet, (n,)
        :return: what came of them
        """

    def end(self) -> None:
        """All episodes are over."""


class SeparateEnvs(EpisodeRunner):
    """
    :param envs: one for each episode
    """

    def __init__(self, envs: Sequence[gym.Env]) -> None:
        self.envs = envs

    def begin(self, episodes: Sequence[Episode]) -> np.ndarray:
        n = len(episodes)
        starts = zip(self.envs, episodes, strict=True)
        self._now = EpisodeStep(
            np.stack([env.reset(seed=episode.seed, options=episode.options)[0] for env, episode in starts]),
            np.zeros(n),
            np.zeros(n, dtype=bool),
            np.zeros(n, dtype=bool),
            np.full(n, np.nan),
        )
        return self._now.observations

    def step(self, actions: np.ndarray, running: np.ndarray) -> EpisodeStep:
        now = self._now
        for i in np.flatnonzero(running).tolist():
            now.observations[i], now.rewards[i], now.terminated[i], now.truncated[i], info = self.envs[i].step(
                actions[i]
            )
            now.distances[i] = info.get("distance", np.nan)
        return now
