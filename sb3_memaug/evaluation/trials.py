"""The episodes that policies are compared on, in environments of their own or in one simulation of many."""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, Protocol, cast

import gymnasium as gym
import numpy as np
import torch as th
from stable_baselines3.common.base_class import BaseAlgorithm

from sb3_memaug.disturbances.variation import Variation, variations
from sb3_memaug.evaluation.episodes import Episode, EpisodeRunner, EpisodeStep, Outcome, SeparateEnvs, run_episodes
from sb3_memaug.symmetry import Reflection, SymmetryGroup
from sb3_memaug.vec_env.registry import VecEnvMaker, vec_env_maker
from sb3_memaug.vec_env.tensor_vec_env import TensorStep


class Simulation(Protocol):
    """
    What a :class:`~sb3_memaug.vec_env.tensor_vec_env.TensorVecEnv` has to offer for policies to be evaluated in it.

    Of the options of its resets it knows, beside those of its variations, ``"start"``, a number: environments with the
    same one start alike; and ``"mirror"``, the element of the symmetry group by which that start is reflected.
    """

    num_envs: int
    device: th.device
    #: Whether a new episode starts where one has ended.
    auto_reset: bool
    #: What is looked at of each environment.
    places: Sequence[Any]

    @property
    def variations(self) -> Sequence[Variation]:
        """Of its task."""

    @property
    def reflections(self) -> Mapping[str, Reflection]:
        """Of the robot, by the names of their mirrors."""

    @property
    def symmetry_group(self) -> SymmetryGroup:
        """Of the environment."""

    def distances(self) -> th.Tensor | None:
        """From the target in m, (num_envs,); None where there is no target."""

    def set_options(self, options: list[dict[str, Any]]) -> None:
        """Of the next reset, one for each environment."""

    def reset_tensors(self, seed: int | None = None) -> Any:
        """Begin an episode in every environment."""

    def step_tensors(self, actions: th.Tensor) -> TensorStep:
        """Step every environment."""

    def close(self) -> None:
        """End the simulation."""


class SimulatedEpisodes(EpisodeRunner):
    """
    The first environments of a simulation; the others live along.

    :param simulation: with as many environments as there are episodes, or more
    """

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def begin(self, episodes: Sequence[Episode]) -> np.ndarray:
        simulation = self._simulation
        self._n = len(episodes)
        self.envs = simulation.places[: self._n]
        options = [{"mirror": "identity", **episode.options, "start": episode.seed} for episode in episodes]
        others = simulation.num_envs - self._n
        simulation.set_options([*options, *[{**options[-1], "mirror": "identity"}] * others])
        # All episodes end by themselves, and are looked at as they ended.
        simulation.auto_reset = False
        kept = random.getstate(), np.random.get_state()
        observations = self._first(simulation.reset_tensors(episodes[0].seed))
        # A simulation seeds the generators of the whole process.
        random.setstate(kept[0])
        np.random.set_state(kept[1])
        return observations

    def step(self, actions: np.ndarray, running: np.ndarray) -> EpisodeStep:
        simulation = self._simulation
        everywhere = np.zeros((simulation.num_envs, *actions.shape[1:]), actions.dtype)
        everywhere[: self._n] = actions
        step = simulation.step_tensors(th.as_tensor(everywhere, device=simulation.device))
        distances = simulation.distances()
        return EpisodeStep(
            self._first(step.observations),
            self._first(step.rewards),
            self._first(step.terminated),
            self._first(step.truncated),
            np.full(self._n, np.nan) if distances is None else self._first(distances),
        )

    def end(self) -> None:
        self._simulation.auto_reset = True

    def _first(self, tensor: th.Tensor) -> np.ndarray:
        return tensor[: self._n].cpu().numpy()


class Trial(NamedTuple):
    """
    :param variation: of the task
    :param seed: of the environment
    :param mirror: element of its symmetry group by which the initial state and the command are reflected
    """

    variation: Variation
    seed: int
    mirror: str


class Trials(ABC):
    """
    Where trials of a task run side by side, until :meth:`close`.

    :param env_id: of a registered environment
    :param variations: of the task
    :param mirrors: names of the mirrors under which an episode can start, the identity first
    """

    def __init__(self, env_id: str, variations: Sequence[Variation], mirrors: Sequence[str]) -> None:
        self.env_id = env_id
        self.variations = variations
        self.mirrors = tuple(mirrors)

    @property
    @abstractmethod
    def reflections(self) -> Mapping[str, Reflection]:
        """
        Of the robot, by the names of the symmetry group's elements; none where the environment does not know them.
        """

    @property
    def capacity(self) -> float:
        """How many trials can run side by side."""
        return math.inf

    def side_by_side(self, trials: Sequence[Trial]) -> Iterator[Sequence[Trial]]:
        """
        :param trials: any
        :return: the same in parts as large as :attr:`capacity` allows
        """
        at_once = int(min(self.capacity, len(trials)))
        return (trials[first : first + at_once] for first in range(0, len(trials), at_once))

    @abstractmethod
    def batches(self, trials: Sequence[Trial]) -> Iterator[Sequence[Trial]]:
        """
        :param trials: variation by variation
        :return: the same in parts that best run side by side
        """

    @abstractmethod
    def _stage(self, n_episodes: int) -> EpisodeRunner:
        """
        :param n_episodes: number of episodes
        :return: where they run
        """

    @abstractmethod
    def close(self) -> None:
        """Close the environments."""

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
        :raises ValueError: if no episode can start under one of their mirrors, or they are more than :attr:`capacity`
        """
        if len(trials) > self.capacity:
            raise ValueError(f"expected at most {self.capacity} trials of {self.env_id} at once, got {len(trials)}")
        unknown = {trial.mirror for trial in trials} - set(self.mirrors)
        if unknown:
            raise ValueError(
                f"episodes of {self.env_id} cannot start under the mirrors {sorted(unknown)}, but under "
                f"{list(self.mirrors)}"
            )
        episodes = [
            Episode(seed, variation.options(seed) | ({} if mirror == "identity" else {"mirror": mirror}))
            for variation, seed, mirror in trials
        ]
        return run_episodes(model, self._stage(len(trials)), episodes, **kwargs)

    def __enter__(self) -> Trials:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_trials(
    env_id: str, env_kwargs: Mapping[str, Any] | None = None, simulation: Simulation | None = None
) -> Trials:
    """
    :param env_id: of a registered environment
    :param env_kwargs: for ``gymnasium.make``
    :param simulation: of it, to run the trials in: where a process has one simulation only, that of a training. It
        wants a reset afterwards
    :return: where trials run side by side
    """
    maker = vec_env_maker(env_id)
    if maker is None:
        return _SeparateTrials(env_id, env_kwargs or {})
    return _SimulatedTrials(env_id, env_kwargs or {}, maker, simulation)


class _SeparateTrials(Trials):
    """In environments that are made when they are needed first."""

    def __init__(self, env_id: str, env_kwargs: Mapping[str, Any]) -> None:
        self._env_kwargs = env_kwargs
        self._envs = [gym.make(env_id, **env_kwargs)]
        # Only who knows its reflections by itself can start a mirrored episode; of others the wrapper does.
        knows = hasattr(self._envs[0].unwrapped, "reflections")
        mirrors = self._envs[0].get_wrapper_attr("symmetry_group").names if knows else ("identity",)
        super().__init__(env_id, variations(env_id, env_kwargs), mirrors)

    @property
    def reflections(self) -> Mapping[str, Reflection]:
        env = self._envs[0]
        if not env.has_wrapper_attr("symmetry_group"):
            return {}
        group = env.get_wrapper_attr("symmetry_group")
        if group.reflections is None and env.has_wrapper_attr("reflections"):
            # A group made by hand, of a robot whose reflections are known.
            group = SymmetryGroup(group.generators, env.get_wrapper_attr("reflections"))
        return group.reflections or {}

    def batches(self, trials: Sequence[Trial]) -> Iterator[Sequence[Trial]]:
        for _, batch in groupby(trials, lambda trial: trial.variation):
            yield list(batch)

    def _stage(self, n_episodes: int) -> EpisodeRunner:
        while len(self._envs) < n_episodes:
            self._envs.append(gym.make(self.env_id, **self._env_kwargs))
        return SeparateEnvs(self._envs[:n_episodes])

    def close(self) -> None:
        for env in self._envs:
            env.close()


class _SimulatedTrials(Trials):
    """In a simulation of many environments, which is made anew when there are too few."""

    def __init__(
        self, env_id: str, env_kwargs: Mapping[str, Any], maker: VecEnvMaker, simulation: Simulation | None
    ) -> None:
        self._env_kwargs, self._maker = env_kwargs, maker
        self._is_ours = simulation is None
        self._simulation = self._make(env_id, 1) if simulation is None else simulation
        mirrors = self._simulation.symmetry_group.names
        self._reflections = self._simulation.symmetry_group.reflections or {}
        super().__init__(env_id, self._simulation.variations, mirrors)

    @property
    def reflections(self) -> Mapping[str, Reflection]:
        return self._reflections

    def _make(self, env_id: str, num_envs: int) -> Simulation:
        return cast(Simulation, self._maker(env_id, num_envs=num_envs, **self._env_kwargs))

    @property
    def capacity(self) -> float:
        return math.inf if self._is_ours else self._simulation.num_envs

    def batches(self, trials: Sequence[Trial]) -> Iterator[Sequence[Trial]]:
        # A device steps many environments as fast as a few.
        return self.side_by_side(trials)

    def _stage(self, n_episodes: int) -> EpisodeRunner:
        if self._simulation.num_envs < n_episodes:
            self.close()
            self._simulation = self._make(self.env_id, n_episodes)
        return SimulatedEpisodes(self._simulation)

    def close(self) -> None:
        if self._is_ours:
            self._simulation.close()
