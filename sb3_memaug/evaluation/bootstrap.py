"""Estimates from a few training seeds, with 95 % intervals that resample whole seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Bootstrap replications.
REPS = 1000
#: Share of cases in which an interval should cover the truth.
CONFIDENCE = 0.95

Array = NDArray[np.float64]


class Estimate(NamedTuple):
    """
    :param value: of all scores
    :param low: end of the 95 % interval; nan where there is one training seed, from which nothing can be resampled
    :param high: its other end
    """

    value: float
    low: float
    high: float


class Scores(NamedTuple):
    """
    What a policy scored in one environment. A training seed is one trained policy: its scores on several tasks are not
    independent of each other, and a bootstrap draws all of them or none.

    :param scores: (training seeds, tasks)
    :param normalizer: of each training seed of the reference policy, by whose mean the scores are divided,
        (its training seeds,); not divided by default
    :param own: whether the reference is this very policy, so that one draw of seeds is for both
    """

    scores: Array
    normalizer: Array | None = None
    own: bool = False


def interquartile_mean(scores: Array | Sequence[Scores], reps: int = REPS) -> Estimate:
    """
    Mean of the middle half of all scores, which weigh the same whatever environment they are of. The same scores always
    give the same interval, see :func:`estimate`.

    :param scores: of one policy in each environment; or in one, as an array, (training seeds, tasks)
    :param reps: bootstrap replications
    :return: with its interval
    """
    scores = [Scores(scores)] if isinstance(scores, np.ndarray) else scores
    # An array for each sample of training seeds that is drawn by itself, and how to divide by it.
    samples: list[Array] = []
    for of_env in scores:
        if of_env.normalizer is None:
            samples.append(of_env.scores)
        elif of_env.own:
            samples.append(np.column_stack((of_env.scores, of_env.normalizer)))
        else:
            samples += [of_env.scores, of_env.normalizer[:, None]]

    def statistic(drawn: Sequence[Array]) -> float:
        parts, left = [], iter(drawn)
        for of_env in scores:
            rows = next(left)
            if of_env.normalizer is None:
                parts.append(rows.ravel())
            elif of_env.own:
                parts.append((rows[:, :-1] / rows[:, -1].mean()).ravel())
            else:
                parts.append((rows / next(left).mean()).ravel())
        return middle_mean(np.concatenate(parts))

    return estimate(statistic, samples, _degrees(scores), reps)


def _degrees(scores: Sequence[Scores]) -> int:
    """What is estimated of each environment rests on its smaller sample of seeds."""
    return sum(min(len(s.scores), len(s.scores) if s.normalizer is None else len(s.normalizer)) - 1 for s in scores)


def probability_of_improvement(x: Array | Sequence[Array], y: Array | Sequence[Array]) -> Estimate:
    """
    How probable it is that a run of X scores more than a run of Y on the same task, averaged over tasks; a draw counts
    half.

    The interval is the score interval of the Mann-Whitney statistic (Newcombe, Statistics in Medicine 25, 2006, method
    5) with training seeds as samples, however many tasks they are compared on. Resampled seeds would give none where
    all runs of X score more than all runs of Y.

    :param x: scores of X, (its training seeds, tasks); or one such array for each environment
    :param y: scores of Y, (its training seeds, the same tasks), likewise
    :return: with its interval, which lies between 0 and 1
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    of_x, of_y = ([scores] if isinstance(scores, np.ndarray) else scores for scores in (x, y))
    sizes = [(len(a), len(b)) for a, b in zip(of_x, of_y, strict=True)]
    tasks = np.array([a.shape[1] for a in of_x])
    shares = [((a[:, None] > b[None]) + 0.5 * (a[:, None] == b[None])).mean() for a, b in zip(of_x, of_y, strict=True)]
    weights = tasks / tasks.sum()
    value = float(weights @ shares)
    if min(map(min, sizes)) == 1:
        return Estimate(value, np.nan, np.nan)
    z = norm.ppf((1 + CONFIDENCE) / 2)

    def excess(truth: float) -> float:
        """How much further ``value`` is from a truth than a score test accepts."""
        variances = [_variance_of_wins(truth, *size) for size in sizes]
        return abs(value - truth) - z * float(np.sqrt(weights**2 @ variances))

    # Next to the value itself, everything is accepted; at 0 and 1 the variance vanishes.
    low, high = max(value - 1e-9, 0.0), min(value + 1e-9, 1.0)
    return Estimate(
        value,
        float(brentq(excess, 0.0, low)) if low > 0 and excess(low) < 0 else 0.0,
        float(brentq(excess, high, 1.0)) if high < 1 and excess(high) < 0 else 1.0,
    )


def _variance_of_wins(truth: float, n_x: int, n_y: int) -> float:
    """Of the share of pairs in which X scores more, where it does so with the given probability."""
    more = (n_x + n_y) / 2 - 1
    return truth * (1 - truth) * (1 + more * (1 - truth) / (2 - truth) + more * truth / (1 + truth)) / (n_x * n_y)


def estimate(
    statistic: Callable[[Sequence[Array]], float], samples: Sequence[Array], degrees: int, reps: int = REPS
) -> Estimate:
    """
    A statistic of independent samples of training seeds, plus and minus its standard error times a quantile of
    Student's t distribution (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 and 12). The
    standard error is the deviation of the statistic over draws of whole seeds; of ``n`` seeds ``n - 1`` are drawn with
    replacement, since ``n`` of them would deviate too little by a factor of ``sqrt(1 - 1 / n)``.

    The quantiles of a bootstrap, which are often given in its place, cover less than they say where there are few
    seeds; ``benchmarks/coverage.py`` measures both.

    :param statistic: of all samples
    :param samples: rows are training seeds
    :param degrees: of freedom
    :param reps: bootstrap replications
    :return: value and 95 % interval, the same for the same samples
    """
    from scipy.stats import t

    value = float(statistic(samples))
    if min(map(len, samples)) == 1:
        return Estimate(value, np.nan, np.nan)
    rng = np.random.default_rng(0)
    draws = [[rows[rng.integers(len(rows), size=len(rows) - 1)] for rows in samples] for _ in range(reps)]
    error = np.std([statistic(drawn) for drawn in draws], ddof=1) * t.ppf((1 + CONFIDENCE) / 2, degrees)
    return Estimate(value, float(value - error), float(value + error))


def middle_mean(scores: Array) -> float:
    """
    :param scores: any number of them
    :return: mean without the lowest and the highest quarter, as ``rliable`` defines the interquartile mean
    """
    cut = len(scores) // 4
    return float(np.sort(scores)[cut : len(scores) - cut].mean())
