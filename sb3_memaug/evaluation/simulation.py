"""Episodes in a simulation of many environments at once."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch as th

from sb3_memaug.disturbances.variation import Variation
from sb3_memaug.evaluation.runners import Episode, EpisodeRunner, EpisodeStep
from sb3_memaug.symmetry import Reflection, SymmetryGroup
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
