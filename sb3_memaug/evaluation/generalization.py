"""How a policy does on the tasks that it was trained on (ID) and on their mirror images (OOD)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import gymnasium as gym
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug.evaluation.episodes import Episode, run_episodes
from sb3_memaug.evaluation.variations import variations


class Result(NamedTuple):
    """One episode of one policy; a row of the table that is written."""

    policy: str
    env: str
    split: str
    variation: str
    seed: int
    mirror: str
    deterministic: bool
    episode_return: float
    length: int
    terminated: bool
    distance: float | None = None


def evaluate_generalization(
    model: BaseAlgorithm,
    env_id: str,
    policy: str,
    n_episodes: int = 32,
    deterministic: bool = True,
    seed: int = 1000,
    env_kwargs: Mapping[str, Any] | None = None,
    normalizer: VecNormalize | None = None,
) -> Iterable[Result]:
    """
    Evaluate on no variation, on each joint that may fail, and on each section of the base that a payload may lie in.

    Seeds are the same for every task and policy. Each is run once under every mirror of the environment, which
    reflects the initial state and the command, so that commands are balanced: otherwise a policy that walks better
    forwards than backwards would look as if it coped better with front legs than with hind legs.

    :param model: any SB3 model
    :param env_id: of a registered environment
    :param policy: what to call the model
    :param n_episodes: for each task, rounded up to a multiple of the number of mirrors
    :param deterministic: take the mean action instead of a sample
    :param seed: of the first episode
    :param env_kwargs: for ``gymnasium.make``
    :param normalizer: of the observations that the model was trained on
    :return: a row for each episode
    """
    first = gym.make(env_id, **(env_kwargs or {}))
    # Only who knows its reflections by itself can start a mirrored episode; of others the wrapper does.
    mirrored = hasattr(first.unwrapped, "reflections")
    mirrors = first.get_wrapper_attr("symmetry_group").names if mirrored else ("identity",)
    starts = [(seed + i, mirror) for i in range(-(-n_episodes // len(mirrors))) for mirror in mirrors]
    envs = [first] + [gym.make(env_id, **(env_kwargs or {})) for _ in starts[1:]]
    try:
        for split, variation, options in variations(env_id, env_kwargs):
            episodes = [
                Episode(start, options(start) | ({"mirror": mirror} if mirrored else {})) for start, mirror in starts
            ]
            outcomes = run_episodes(model, envs, episodes, deterministic, normalizer)
            for (start, mirror), outcome in zip(starts, outcomes, strict=True):
                yield Result(policy, env_id, split, variation, start, mirror, deterministic, *outcome)
    finally:
        for env in envs:
            env.close()
