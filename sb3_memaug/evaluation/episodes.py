"""Running a policy through episodes that are decided beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch as th
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize


class Episode(NamedTuple):
    """
    What an episode starts from.

    :param seed: of the environment
    :param options: for its ``reset``
    """

    seed: int
    options: dict[str, Any]


class Outcome(NamedTuple):
    """
    :param episode_return: sum of the rewards
    :param length: number of steps
    :param terminated: whether it ended before the time limit, by a fall
    :param distance: from the target at the end in m, where ``info`` tells it
    """

    episode_return: float
    length: int
    terminated: bool
    distance: float | None


def run_episodes(
    model: BaseAlgorithm,
    envs: Sequence[gym.Env],
    episodes: Sequence[Episode],
    deterministic: bool = True,
    normalizer: VecNormalize | None = None,
) -> list[Outcome]:
    """
    Run one episode in each environment, side by side, so that the policy is asked once for all of them.

    :param model: any SB3 model, with or without memory
    :param envs: as many as episodes
    :param episodes: what each starts from
    :param deterministic: take the mean action instead of a sample
    :param normalizer: of the observations that the model was trained on
    :return: an outcome for each episode
    """
    observations = np.stack(
        [env.reset(seed=episode.seed, options=episode.options)[0] for env, episode in zip(envs, episodes, strict=True)]
    )
    n = len(episodes)
    returns, lengths = np.zeros(n), np.zeros(n, dtype=int)
    fell, running = np.zeros(n, dtype=bool), np.ones(n, dtype=bool)
    distances: list[float | None] = [None] * n
    state, starts = None, np.ones(n, dtype=bool)
    with th.random.fork_rng():
        # Samples depend on what is evaluated, not on what ran before.
        th.manual_seed(episodes[0].seed)
        while running.any():
            seen = observations if normalizer is None else normalizer.normalize_obs(observations)
            actions, state = model.predict(seen, state=state, episode_start=starts, deterministic=deterministic)
            starts = np.zeros(n, dtype=bool)
            for i in np.flatnonzero(running).tolist():
                observations[i], reward, fell[i], truncated, info = envs[i].step(actions[i])
                returns[i] += float(reward)
                lengths[i] += 1
                distances[i] = info.get("distance")
                running[i] = not (fell[i] or truncated)
    return [Outcome(*row) for row in zip(returns.tolist(), lengths.tolist(), fell.tolist(), distances, strict=True)]
