"""Estimates from a few training seeds, with 95 % intervals by stratified bootstrap (Agarwal et al., 2021).

The numbers are those of their library, rliable, which draws one replication at a time: for the tables of a report that
takes minutes, this seconds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: Bootstrap replications.
REPS = 2000


class Estimate(NamedTuple):
    """
    :param value: of all scores
    :param low: end of the 95 % interval; nan where there is one training seed, from which nothing can be resampled
    :param high: its other end
    """

    value: float
    low: float
    high: float


def interquartile_mean(scores: np.ndarray, reps: int = REPS) -> Estimate:
    """
    Mean of the middle half of all scores. The same scores always give the same interval.

    :param scores: (training seeds, tasks); the bootstrap draws seeds for each task by itself
    :param reps: bootstrap replications
    :return: with its interval
    """
    cut = scores.size // 4
    middle = slice(cut, scores.size - cut)
    value = np.sort(scores, axis=None)[middle].mean()
    drawn = _resample(scores, np.random.RandomState(0), reps).reshape(reps, -1)
    return _estimate(value, np.sort(drawn)[:, middle].mean(axis=1), scores)


def probability_of_improvement(x: np.ndarray, y: np.ndarray, reps: int = REPS) -> Estimate:
    """
    How probable it is that a run of X scores more than a run of Y on the same task, averaged over tasks; a draw counts
    half. The same scores always give the same interval.

    :param x: scores of X, (its training seeds, tasks)
    :param y: scores of Y, (its training seeds, the same tasks)
    :param reps: bootstrap replications
    :return: with its interval
    """
    rng = np.random.RandomState(0)
    drawn = _share_of_wins(_resample(x, rng, reps), _resample(y, rng, reps))
    return _estimate(_share_of_wins(x[None], y[None])[0], drawn, x, y)


def _resample(scores: np.ndarray, rng: np.random.RandomState, reps: int) -> np.ndarray:
    n_seeds, n_tasks = scores.shape
    return scores[rng.choice(n_seeds, (reps, n_seeds, n_tasks)), np.arange(n_tasks)]


def _share_of_wins(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = x[:, :, None], y[:, None]
    return ((x > y) + 0.5 * (x == y)).mean(axis=(1, 2, 3))


def _estimate(value: float, drawn: np.ndarray, *scores: np.ndarray) -> Estimate:
    ends = np.percentile(drawn, (2.5, 97.5)) if min(map(len, scores)) > 1 else (np.nan, np.nan)
    return Estimate(float(value), float(ends[0]), float(ends[1]))
