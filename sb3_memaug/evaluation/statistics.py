"""What the episodes of several policies, training seeds and environments come to, in tables."""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from sb3_memaug.evaluation.bootstrap import REPS, Scores, interquartile_mean, probability_of_improvement
from sb3_memaug.evaluation.scores import (
    ALL,
    KEYS,
    by_environment,
    groups,
    normalise,
    references,
    score_matrix,
    scores_by_environment,
    together,
)

if TYPE_CHECKING:
    import pandas as pd


_ESTIMATES = ("mean", "iqm", "low", "high")
_SUMMARY = (
    *(*KEYS, *_ESTIMATES, *(f"normalised_{name}" for name in _ESTIMATES), "normaliser", "normalised_by"),
    *("success_rate", "n_seeds", "n_episodes"),
)
_IMPROVEMENT = ("env", "split", "x", "y", "probability", "low", "high", "n_seeds_x", "n_seeds_y")


def summary(episodes: pd.DataFrame, reps: int = REPS) -> pd.DataFrame:
    """
    A row for each environment, split, policy and way of acting; and for all environments together (``env`` is
    :data:`~sb3_memaug.evaluation.scores.ALL`), where returns are only comparable if they are normalised: those that
    cannot be are left out of it. Each variation counts as a task, so experiments with more of them weigh more.

    :param episodes: a row for each; the columns of :class:`~sb3_memaug.report.run_tables.RunTables`
    :param reps: bootstrap replications
    :return: :data:`~sb3_memaug.evaluation.scores.KEYS`; ``mean``, ``iqm``, ``low``, ``high`` of the returns; the same
        four of ``normalised_`` returns; ``normaliser`` and ``normalised_by``
        (:func:`~sb3_memaug.evaluation.scores.normalise`); ``success_rate``, nan where there is no target; ``n_seeds``;
        ``n_episodes``. The interval is the 95 % one of the interquartile mean, over whole training seeds, that of a
        normalised return over those of the normaliser too: of two it is wide, of one there is none.
    :raises ValueError: if a column is missing, a return is not finite, or training seeds were evaluated on different
        variations
    """
    import pandas as pd

    if episodes.empty:
        return pd.DataFrame(columns=_SUMMARY)
    table = []
    divided_by = references(episodes)
    for keys, rows in groups(normalise(episodes)):
        row: dict[str, Any] = dict(zip(KEYS, keys, strict=True))
        returns = normalised = np.full(4, np.nan)
        normaliser = np.nan
        if keys[0] != ALL:
            normaliser = rows["normaliser"].iloc[0]
            returns = _estimates(scores_by_environment(rows), reps)
        if rows["normalised_return"].notna().all():
            normalised = _estimates(scores_by_environment(rows, divided_by), reps)
        row |= dict(zip(_ESTIMATES, returns, strict=True))
        row |= {f"normalised_{name}": value for name, value in zip(_ESTIMATES, normalised, strict=True)}
        row |= {"normaliser": normaliser, "normalised_by": ", ".join(rows["normalised_by"].unique())}
        row["success_rate"] = rows["success"].dropna().astype(float).mean()
        row["n_seeds"] = rows["training_seed"].nunique()
        row["n_episodes"] = len(rows)
        table.append(row)
    return pd.DataFrame(table, columns=_SUMMARY)


def _estimates(scores: list[Scores], reps: int) -> np.ndarray:
    cells = [s.scores.ravel() / (1.0 if s.normaliser is None else s.normaliser.mean()) for s in scores]
    return np.array([np.concatenate(cells).mean(), *interquartile_mean(scores, reps)])


def improvement(episodes: pd.DataFrame) -> pd.DataFrame:
    """
    How probable it is that a run of policy X returns more than a run of policy Y on the same task: of each ordered
    pair, on ID and on OOD tasks, with mean actions, memory kept. Returns in different environments are never compared
    with one another, so they are not normalised.

    :param episodes: a row for each; the columns of :class:`~sb3_memaug.report.run_tables.RunTables`
    :return: ``env``, or :data:`~sb3_memaug.evaluation.scores.ALL` of them; ``split``, ``x``, ``y``, ``probability``;
        ``low`` and ``high``, ends of its 95 % interval, nan where one of the two has one training seed; ``n_seeds_x``,
        ``n_seeds_y``
    :raises ValueError: if training seeds were evaluated on different variations
    """
    import pandas as pd

    if episodes.empty:
        return pd.DataFrame(columns=_IMPROVEMENT)
    scored = episodes[episodes["deterministic"] & (episodes["memory"] == "kept") & (episodes["split"] != "none")]
    matrices: dict[tuple[str, str], dict[str, pd.DataFrame]] = {}
    for (env, split, policy, *_), rows in chain(by_environment(scored), together(scored)):
        matrices.setdefault((env, split), {})[policy] = score_matrix(rows)
    table = []
    for (env, split), of_policy in matrices.items():
        for x, y in combinations(of_policy, 2):
            if not of_policy[x].columns.equals(of_policy[y].columns):
                raise ValueError(
                    f"policies can only be compared on the same variations; in {env} {x} and {y} were evaluated on "
                    f"different {split} ones: evaluate one of them again"
                )
            n_x, n_y = len(of_policy[x]), len(of_policy[y])
            names = of_policy[x].columns.get_level_values("env").unique()
            scores = ([of_policy[policy][name].to_numpy() for name in names] for policy in (x, y))
            value, low, high = probability_of_improvement(*scores)
            table.append((env, split, x, y, value, low, high, n_x, n_y))
            table.append((env, split, y, x, 1 - value, 1 - high, 1 - low, n_y, n_x))
    return pd.DataFrame(table, columns=_IMPROVEMENT)
