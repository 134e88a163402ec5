"""Mean returns on the tasks of training (ID) and on their mirror images (OOD), measured again and again."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from statistics import fmean
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug.evaluation.simulation import Simulation
from sb3_memaug.evaluation.trials import Trial, open_trials


class SplitEvaluator:
    """
    What a learning curve is made of, cheap enough to be measured during training: the same few episodes of every
    variation each time, side by side, in environments that are kept. Each episode has a start of its own, and the
    mirrors take turns: an equivariant policy returns the same from a start and its mirror images, which would make one
    measurement of several episodes.

    :param env_id: of a registered environment, with or without failing joints or payloads
    :param n_episodes: of each variation, rounded up to a multiple of the number of mirrors of the environment
    :param seed: of the first episode
    :param env_kwargs: for ``gymnasium.make``
    :param simulation: see :func:`~sb3_memaug.evaluation.trials.open_trials`
    :raises ValueError: if there is to be no episode
    """

    def __init__(
        self,
        env_id: str,
        n_episodes: int = 4,
        seed: int = 1000,
        env_kwargs: Mapping[str, Any] | None = None,
        simulation: Simulation | None = None,
    ) -> None:
        self._trials = open_trials(env_id, env_kwargs, simulation)
        n_episodes = len(self._trials.seeds(n_episodes, seed)) * len(self._trials.mirrors)
        self._episodes = [
            Trial(variation, seed + i, self._trials.mirrors[i % len(self._trials.mirrors)])
            for variation, i in product(self._trials.variations, range(n_episodes))
        ]

    def mean_returns(self, model: BaseAlgorithm, normalizer: VecNormalize | None = None) -> dict[str, float]:
        """
        :param model: any SB3 model, whose mean actions are taken
        :param normalizer: of the observations that the model is trained on
        :return: mean episode return by split: of ``"none"``, ``"id"`` and ``"ood"`` those that the environment has
        """
        returns: dict[str, list[float]] = {}
        for batch in self._trials.side_by_side(self._episodes):
            for trial, outcome in zip(batch, self._trials.run(model, batch, normalizer=normalizer), strict=True):
                returns.setdefault(trial.variation.split, []).append(outcome.episode_return)
        return {split: fmean(values) for split, values in returns.items()}

    def close(self) -> None:
        """Close the environments."""
        self._trials.close()

    def __enter__(self) -> SplitEvaluator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
