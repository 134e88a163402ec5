"""Scores of runs: what their episodes return, in one environment or in several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sb3_memaug.evaluation.bootstrap import Scores

if TYPE_CHECKING:
    import pandas as pd

#: By whose mean return on ID tasks returns are divided, in each environment.
REFERENCE = "memory-id"
#: A normaliser must be at least this share of the largest mean return, of either sign, of any policy on any split.
LEAST_NORMALISER = 0.25
#: In place of an environment: of all of them together.
ALL = "all"
#: What episodes are grouped by.
KEYS = ("env", "split", "policy", "deterministic", "memory")
#: What episodes must tell.
COLUMNS = (*KEYS, "training_seed", "variation", "episode_return", "success")


def normalise(episodes: pd.DataFrame) -> pd.DataFrame:
    """
    Divide returns by the mean return of ``memory-id`` on ID tasks of the same environment, with mean actions if there
    are any, memory kept; where there is no ``memory-id``, by that of the policy with the largest.

    A quotient of returns is only a score if the divisor is positive, and can only be read if that is not near zero:
    where it is less than :data:`LEAST_NORMALISER` of the largest mean return, or where nothing is ID,
    ``normalised_return`` is nan.

    :param episodes: a row for each; the columns of :class:`~sb3_memaug.report.run_tables.RunTables`
    :return: the same rows, and ``normalised_return``, ``normaliser``, and ``normalised_by``: which policy's
    :raises ValueError: if a column is missing or a return is not finite
    """
    missing = [name for name in COLUMNS if name not in episodes]
    if missing:
        raise ValueError(f"episodes must have the columns {', '.join(COLUMNS)}; these lack {', '.join(missing)}")
    wrong = episodes[~np.isfinite(episodes["episode_return"])]
    if len(wrong):
        run = ", ".join(f"{name} {wrong[name].iloc[0]}" for name in ("env", "policy", "training_seed"))
        raise ValueError(f"returns must be finite, got {wrong['episode_return'].iloc[0]} ({run}); leave that run out")
    scored = episodes.assign(normalised_return=np.nan, normaliser=np.nan, normalised_by="")
    for env, reference in references(episodes).items():
        normaliser = reference.returns.mean()
        here = scored["env"] == env
        scored.loc[here, "normaliser"] = normaliser
        scored.loc[here, "normalised_by"] = reference.policy
        if normaliser > 0 and normaliser >= LEAST_NORMALISER * reference.largest:
            scored.loc[here, "normalised_return"] = scored.loc[here, "episode_return"] / normaliser
    return scored


class Reference(NamedTuple):
    """
    Whose returns those in an environment are divided by.

    :param policy: its name
    :param returns: mean on ID tasks of each of its training seeds, (training seeds,)
    :param largest: mean return, of either sign, of any policy on any split
    """

    policy: str
    returns: np.ndarray
    largest: float


def references(episodes: pd.DataFrame) -> dict[str, Reference]:
    """
    :param episodes: a row for each
    :return: of each environment where something is ID, see :func:`normalise`
    """
    found = {}
    for env, rows in episodes[episodes["memory"] == "kept"].groupby("env", sort=False):
        rows = rows[rows["deterministic"] == rows["deterministic"].max()]
        of_seeds = rows.groupby(["split", "policy", "training_seed"], sort=True)["episode_return"].mean()
        means = of_seeds.groupby(["split", "policy"], sort=False).mean()
        if "id" in means:
            policy = REFERENCE if REFERENCE in means["id"] else means["id"].idxmax()
            found[env] = Reference(policy, of_seeds["id"][policy].to_numpy(), means.abs().max())
    return found


def scores_by_environment(rows: pd.DataFrame, divided_by: Mapping[str, Reference] | None = None) -> list[Scores]:
    """
    :param rows: episodes of one group
    :param divided_by: in each environment; not divided by default
    :return: what the policy scored in each environment
    """
    matrix, policy = score_matrix(rows), rows["policy"].iloc[0]
    found = []
    for env in matrix.columns.get_level_values("env").unique():
        scores = matrix[env].to_numpy()
        if divided_by is None:
            found.append(Scores(scores))
        else:
            reference = divided_by[env]
            # Of other environments too, it may have been cut to fewer training seeds.
            own = reference.policy == policy and len(reference.returns) == len(scores)
            found.append(Scores(scores, reference.returns, own))
    return found


def by_environment(episodes: pd.DataFrame) -> Iterator[tuple[tuple, pd.DataFrame]]:
    """
    :param episodes: a row for each
    :return: values of :data:`KEYS`, and the rows that have them
    """
    yield from episodes.groupby(list(KEYS), sort=False)


def together(episodes: pd.DataFrame) -> Iterator[tuple[tuple, pd.DataFrame]]:
    """
    Where there are several environments, group the episodes in all of them. A policy that was not evaluated in each is
    left out; of environments in which it has more training seeds than in others, so are the last.

    :param episodes: a row for each
    :return: values of :data:`KEYS`, the environment :data:`ALL`, and the rows, whose training seeds are counted from 0
    """
    for acting, rows in episodes.groupby(["split", "deterministic", "memory"], sort=False):
        split, *how = acting
        n_envs = rows["env"].nunique()
        for policy, own in rows.groupby("policy", sort=False):
            if n_envs > 1 and own["env"].nunique() == n_envs:
                order = own.groupby("env")["training_seed"].rank("dense").astype(int) - 1
                n_seeds = order.groupby(own["env"]).max().min() + 1
                yield (ALL, split, policy, *how), own.assign(training_seed=order)[order < n_seeds]


def groups(scored: pd.DataFrame) -> Iterator[tuple[tuple, pd.DataFrame]]:
    """
    :param scored: of :func:`normalise`
    :return: those of :func:`by_environment`, then those of :func:`together`, where only normalised returns make sense:
        environments in which there are none are left out of them
    """
    yield from by_environment(scored)
    yield from together(scored[scored["normalised_return"].notna()])


def score_matrix(episodes: pd.DataFrame, score: str = "episode_return") -> pd.DataFrame:
    """
    :param episodes: of one group
    :param score: the column that is averaged over the episodes of a training seed on a variation
    :return: a row for each training seed, a column for each variation of each environment
    :raises ValueError: if a training seed was not evaluated on a variation that others were evaluated on
    """
    matrix = episodes.pivot_table(score, index="training_seed", columns=["env", "variation"], aggfunc="mean")
    for seed, row in matrix[matrix.isna().any(axis=1)].iterrows():
        env, variation = row.index[row.isna()][0]
        raise ValueError(
            f"all training seeds must be evaluated on the same variations; {episodes['policy'].iloc[0]}, training seed "
            f"{seed}, has no episode on {variation} in {env}: evaluate it again, or leave it out"
        )
    return matrix
