"""Estimates from a few training seeds, with 95 % intervals by stratified bootstrap, all by rliable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

#: Bootstrap replications: of each estimate they take an eighth of a second.
REPS = 1000


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
    :raises ImportError: if rliable is not installed
    """
    from rliable.metrics import aggregate_iqm

    return _estimate(aggregate_iqm, (scores,), reps)


def probability_of_improvement(x: np.ndarray, y: np.ndarray, reps: int = REPS) -> Estimate:
    """
    How probable it is that a run of X scores more than a run of Y on the same task, averaged over tasks; a draw counts
    half. The same scores always give the same interval.

    :param x: scores of X, (its training seeds, tasks)
    :param y: scores of Y, (its training seeds, the same tasks)
    :param reps: bootstrap replications
    :return: with its interval
    :raises ImportError: if rliable is not installed
    """
    return _estimate(_share_of_wins, (x, y), reps)


def _share_of_wins(x: np.ndarray, y: np.ndarray) -> float:
    """What rliable's metric of this name tells, which takes thirty times as long: it tests every task for rank sums."""
    x, y = x[:, None], y[None]
    return float(((x > y) + 0.5 * (x == y)).mean())


def _estimate(statistic: Callable[..., float], scores: tuple[np.ndarray, ...], reps: int) -> Estimate:
    from rliable.library import get_interval_estimates

    if min(map(len, scores)) == 1:
        return Estimate(float(statistic(*scores)), np.nan, np.nan)
    with _seeded():
        values, intervals = get_interval_estimates(
            {"": scores if len(scores) > 1 else scores[0]}, lambda *drawn: np.array([statistic(*drawn)]), reps=reps
        )
    return Estimate(float(values[""][0]), *intervals[""][:, 0].tolist())


@contextmanager
def _seeded() -> Iterator[None]:
    """rliable draws from NumPy's global generator, whatever seed it is given."""
    state = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(state)
