"""
How often 95 % intervals cover the truth, in simulated experiments: ``python benchmarks/coverage.py``.

A training seed is one policy, whose returns on all tasks share what the training made of it. Experiments are simulated
in which that is known: seeds deviate by 10 from a true return of 100, and each of their tasks by 3 more; or one seed
in four fails and returns 60, as trainings do that come to use their memory by chance. Compared are

- ``cells``: quantiles of a bootstrap that draws the seeds of each task by itself, as rliable does;
- ``seeds``: quantiles of a bootstrap that draws whole seeds;
- ``ours``: :mod:`sb3_memaug.evaluation.bootstrap`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measuring import markdown_table, write_result
from scipy.stats import norm

from sb3_memaug.evaluation.bootstrap import Scores, interquartile_mean, middle_mean, probability_of_improvement

N_SEEDS = (2, 3, 5, 10)
N_TASKS = 8
N_ENVS = 4
TRUTH, SEED_DEVIATION, CELL_DEVIATION = 100.0, 10.0, 3.0
FAILED, SHARE_OF_FAILED = 60.0, 0.25
REPS = 400

Interval = tuple[float, float]


def normal(rng: np.random.Generator, n: int, truth: float = TRUTH) -> np.ndarray:
    """Returns of an experiment, (training seeds, tasks)."""
    return truth + rng.normal(0, SEED_DEVIATION, (n, 1)) + rng.normal(0, CELL_DEVIATION, (n, N_TASKS))


def sometimes_failed(rng: np.random.Generator, n: int) -> np.ndarray:
    """The same, of trainings that succeed or fail."""
    return np.where(rng.random((n, 1)) < SHARE_OF_FAILED, FAILED, TRUTH) + rng.normal(0, CELL_DEVIATION, (n, N_TASKS))


def quantiles_of_cells(rng: np.random.Generator, scores: np.ndarray) -> Interval:
    rows = rng.integers(len(scores), size=(REPS, *scores.shape))
    return _quantiles(np.take_along_axis(scores[None], rows, axis=1))


def quantiles_of_seeds(rng: np.random.Generator, scores: np.ndarray) -> Interval:
    return _quantiles(scores[rng.integers(len(scores), size=(REPS, len(scores)))])


def _quantiles(draws: np.ndarray) -> Interval:
    low, high = np.quantile([middle_mean(draw.ravel()) for draw in draws], (0.025, 0.975))
    return float(low), float(high)


def ours(rng: np.random.Generator, scores: np.ndarray) -> Interval:
    return interquartile_mean(scores, REPS)[1:]


def ours_normalised(rng: np.random.Generator, scores: np.ndarray) -> Interval:
    """Divided by another policy's mean return, which is as uncertain."""
    return interquartile_mean([Scores(scores, normal(rng, len(scores)).mean(axis=1))], REPS)[1:]


def seeds_normalised(rng: np.random.Generator, scores: np.ndarray) -> Interval:
    """The same, where the divisor is taken for known."""
    return quantiles_of_seeds(rng, scores / normal(rng, len(scores)).mean())


def ours_of_environments(rng: np.random.Generator, scores: np.ndarray) -> Interval:
    """Of several environments together."""
    others = [normal(rng, len(scores)) for _ in range(N_ENVS - 1)]
    return interquartile_mean([Scores(rows) for rows in (scores, *others)], REPS)[1:]


def improvement(margin: float) -> Callable[[np.random.Generator, np.ndarray], Interval]:
    def interval(rng: np.random.Generator, scores: np.ndarray) -> Interval:
        return probability_of_improvement(normal(rng, len(scores), TRUTH + margin), scores)[1:]

    return interval


def chance(margin: float) -> float:
    """That a run scores more than another whose true return is less by the margin."""
    return float(norm.cdf(margin / np.sqrt(2 * (SEED_DEVIATION**2 + CELL_DEVIATION**2))))


def true_middle_mean(experiment: Callable[[np.random.Generator, int], np.ndarray]) -> float:
    return middle_mean(experiment(np.random.default_rng(0), 200_000).ravel())


MARGINS = (0.0, 20.0, 40.0)
#: What is estimated, how, what it truly is, and of which experiments.
CASES = {
    "interquartile mean, cells": (quantiles_of_cells, TRUTH, normal),
    "interquartile mean, seeds": (quantiles_of_seeds, TRUTH, normal),
    "interquartile mean, ours": (ours, TRUTH, normal),
    "of trainings that fail at times, seeds": (quantiles_of_seeds, None, sometimes_failed),
    "of trainings that fail at times, ours": (ours, None, sometimes_failed),
    "normalised, seeds": (seeds_normalised, 1.0, normal),
    "normalised, ours": (ours_normalised, 1.0, normal),
    f"of {N_ENVS} environments, ours": (ours_of_environments, TRUTH, normal),
    **{
        f"probability of improvement, {chance(margin):.3f}, ours": (improvement(margin), chance(margin), normal)
        for margin in MARGINS
    },
}


def coverage(name: str, n_seeds: int, trials: int) -> float:
    interval, truth, experiment = CASES[name]
    truth = true_middle_mean(experiment) if truth is None else truth
    rng = np.random.default_rng(n_seeds)
    covered = 0
    for _ in range(trials):
        low, high = interval(rng, experiment(rng, n_seeds))
        covered += low <= truth <= high
    return covered / trials


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000, help="simulated experiments of each kind")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/coverage.json"), help="file to write")
    arguments = parser.parse_args()
    found = {name: {n: coverage(name, n, arguments.trials) for n in N_SEEDS} for name in CASES}
    write_result(
        arguments.json,
        {"trials": arguments.trials, "replications": REPS, "tasks": N_TASKS, "coverage": found},
        markdown_table(
            ("95 % interval of", *(f"{n} seeds" for n in N_SEEDS)),
            [
                (name, *(f"{share:.0%}".replace("%", " %") for share in of_seeds.values()))
                for name, of_seeds in found.items()
            ],
        ),
    )


if __name__ == "__main__":
    main()
