"""Running a policy through episodes that are decided beforehand, side by side."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple, Protocol

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


#: m, from a target.
REACHED = 0.25
#: What becomes of a recurrent state between two steps.
MEMORIES = ("kept", "zeroed")


class Outcome(NamedTuple):
    """
    :param episode_return: sum of the rewards
    :param length: number of steps
    :param terminated: whether it ended before the time limit, by a fall
    :param distance: from the target at the end in m, where ``info`` has it
    :param success: whether it ended there, see :func:`succeeded`
    """

    episode_return: float
    length: int
    terminated: bool
    distance: float | None
    success: bool | None


def succeeded(distance: float | None, terminated: bool) -> bool | None:
    """
    :param distance: from the target at the end of an episode in m, None where there is no target
    :param terminated: whether the episode ended by a fall
    :return: whether it ended within :data:`REACHED` of the target, without a fall; None where there is no target
    """
    return None if distance is None else distance <= REACHED and not terminated


class Recorder(Protocol):
    """Sees episodes that run side by side, and leaves them as they are."""

    def begin(self, envs: Sequence[Any], episodes: Sequence[Episode]) -> None:
        """
        Episodes begin.

        :param envs: one for each, after its reset: an environment, or as much of one as is looked at
        :param episodes: what they start from
        """

    def after_step(self, index: int, memory: tuple[np.ndarray, ...] | None) -> None:
        """
        One of the environments made a step.

        :param index: of the environment
        :param memory: recurrent state of all episodes from which its action was chosen, having seen the observation
            before the step; each array (layers, episodes, size). None of a policy without memory
        """


@contextmanager
def _own_noise(model: BaseAlgorithm) -> Iterator[None]:
    """Leave a model in training the noise of its generalized state-dependent exploration (gSDE)."""
    policy = getattr(model, "policy", None)
    holder = getattr(getattr(policy, "actor", None) or policy, "action_dist", None)
    names = [name for name in ("exploration_mat", "exploration_matrices", "weights_dist") if hasattr(holder, name)]
    before = {name: getattr(holder, name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(holder, name, value)


def _draws_noise(model: BaseAlgorithm, step: int) -> bool:
    """As in training: for each episode by itself, and again after ``sde_sample_freq`` steps, or those of a rollout."""
    if not getattr(model, "use_sde", False):
        return False
    interval = model.sde_sample_freq if model.sde_sample_freq > 0 else getattr(model, "n_steps", 0)
    return step == 0 or (interval > 0 and step % interval == 0)


def run_episodes(
    model: BaseAlgorithm,
    stage: EpisodeRunner,
    episodes: Sequence[Episode],
    deterministic: bool = True,
    normalizer: VecNormalize | None = None,
    memory: str = "kept",
    watchers: Sequence[Recorder] = (),
) -> list[Outcome]:
    """
    Run episodes side by side, so that the policy is asked once for all of them.

    :param model: any SB3 model, with or without memory
    :param stage: where they run
    :param episodes: what each starts from
    :param deterministic: take the mean action instead of a sample
    :param normalizer: of the observations that the model was trained on
    :param memory: ``"kept"``, or ``"zeroed"`` before every step, so that the policy knows the present alone
    :param watchers: called at every step
    :return: an outcome for each episode
    :raises ValueError: if ``memory`` is something else
    """
    if memory not in MEMORIES:
        raise ValueError(f"`memory` must be one of {list(MEMORIES)}, got {memory!r}")
    n = len(episodes)
    returns, lengths = np.zeros(n), np.zeros(n, dtype=int)
    fell, running = np.zeros(n, dtype=bool), np.ones(n, dtype=bool)
    distances = np.full(n, np.nan)
    state, starts = None, np.ones(n, dtype=bool)
    with th.random.fork_rng(), _own_noise(model):
        observations = stage.begin(episodes)
        for watcher in watchers:
            watcher.begin(stage.envs, episodes)
        # Samples depend on what is evaluated, not on what ran before.
        th.manual_seed(episodes[0].seed)
        for step_index in count():
            if not running.any():
                break
            if not deterministic and _draws_noise(model, step_index):
                model.policy.reset_noise(n)  # type: ignore[operator]
            seen = observations if normalizer is None else normalizer.normalize_obs(observations)
            given = state if memory == "kept" else None
            actions, state = model.predict(seen, state=given, episode_start=starts, deterministic=deterministic)
            starts = np.full(n, memory == "zeroed")
            step = stage.step(actions, running)
            observations = step.observations
            returns[running] += step.rewards[running]
            lengths[running] += 1
            fell[running], distances[running] = step.terminated[running], step.distances[running]
            for i in np.flatnonzero(running).tolist():
                for watcher in watchers:
                    watcher.after_step(i, state)
            running = running & ~(step.terminated | step.truncated)
        stage.end()
    outcomes = []
    for row in zip(returns.tolist(), lengths.tolist(), fell.tolist(), distances.tolist(), strict=True):
        distance = None if np.isnan(row[3]) else row[3]
        outcomes.append(Outcome(*row[:3], distance, succeeded(distance, terminated=row[2])))
    return outcomes
