"""The episodes that policies are compared on, and the environments that they run in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import gymnasium as gym
from stable_baselines3.common.base_class import BaseAlgorithm

from sb3_memaug.evaluation.episodes import Episode, Outcome, run_episodes
from sb3_memaug.evaluation.variations import Variation, variations


class Trial(NamedTuple):
    """
    :param variation: of the task
    :param seed: of the environment
    :param mirror: element of its symmetry group by which the initial state and the command are reflected
    """

    variation: Variation
    seed: int
    mirror: str


class Trials:
    """
    Environments in which trials run side by side, made when they are needed first and kept until :meth:`close`.

    :param env_id: of a registered environment
    :param env_kwargs: for ``gymnasium.make``
    """

    def __init__(self, env_id: str, env_kwargs: Mapping[str, Any] | None = None) -> None:
        self.env_id = env_id
        self.env_kwargs = dict(env_kwargs or {})
        self.variations = variations(env_id, env_kwargs)
        self._envs = [gym.make(env_id, **self.env_kwargs)]
        # Only who knows its reflections by itself can start a mirrored episode; of others the wrapper does.
        mirrored = hasattr(self.env.unwrapped, "reflections")
        #: Names of the mirrors under which an episode can start, the identity first.
        self.mirrors: tuple[str, ...] = self.env.get_wrapper_attr("symmetry_group").names if mirrored else ("identity",)

    @property
    def env(self) -> gym.Env:
        """One of the environments, to be looked at."""
        return self._envs[0]

    def seeds(self, n_episodes: int, seed: int) -> range:
        """
        :param n_episodes: of each variation, rounded up to a multiple of the number of mirrors
        :param seed: the first one
        :return: as many seeds as make so many episodes when each is run under every mirror
        :raises ValueError: if there is to be no episode
        """
        if n_episodes < 1:
            raise ValueError(f"`n_episodes` must be at least 1, got {n_episodes}")
        return range(seed, seed - (-n_episodes // len(self.mirrors)))

    def run(self, model: BaseAlgorithm, trials: Sequence[Trial], **kwargs: Any) -> list[Outcome]:
        """
        :param model: any SB3 model
        :param trials: run side by side
        :param kwargs: of :func:`~sb3_memaug.evaluation.episodes.run_episodes`
        :return: an outcome for each trial
        :raises ValueError: if no episode can start under one of their mirrors
        """
        unknown = {trial.mirror for trial in trials} - set(self.mirrors)
        if unknown:
            raise ValueError(
                f"episodes of {self.env_id} cannot start under the mirrors {sorted(unknown)}, but under "
                f"{list(self.mirrors)}"
            )
        while len(self._envs) < len(trials):
            self._envs.append(gym.make(self.env_id, **self.env_kwargs))
        episodes = [
            Episode(seed, variation.options(seed) | ({} if mirror == "identity" else {"mirror": mirror}))
            for variation, seed, mirror in trials
        ]
        return run_episodes(model, self._envs[: len(trials)], episodes, **kwargs)

    def close(self) -> None:
        """Close the environments."""
        for env in self._envs:
            env.close()

    def __enter__(self) -> Trials:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
