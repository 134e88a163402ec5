"""What the episodes and learning curves of several policies, training seeds and environments come to, in tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sb3_memaug.evaluation.bootstrap import REPS, Scores, estimate, interquartile_mean, probability_of_improvement

if TYPE_CHECKING:
    import pandas as pd


#: By whose mean return on ID tasks returns are divided, in each environment.
REFERENCE = "memory-id"
#: A normalizer must be at least this share of the largest mean return, of either sign, of any policy on any split.
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
    :return: the same rows, and ``normalised_return``, ``normalizer``, and ``normalised_by``: which policy's
    :raises ValueError: if a column is missing or a return is not finite
    """
    missing = [name for name in COLUMNS if name not in episodes]
    if missing:
        raise ValueError(f"episodes must have the columns {', '.join(COLUMNS)}; these lack {', '.join(missing)}")
    wrong = episodes[~np.isfinite(episodes["episode_return"])]
    if len(wrong):
        run = ", ".join(f"{name} {wrong[name].iloc[0]}" for name in ("env", "policy", "training_seed"))
        raise ValueError(f"returns must be finite, got {wrong['episode_return'].iloc[0]} ({run}); leave that run out")
    scored = episodes.assign(normalised_return=np.nan, normalizer=np.nan, normalised_by="")
    for env, reference in references(episodes).items():
        normalizer = reference.returns.mean()
        here = scored["env"] == env
        scored.loc[here, "normalizer"] = normalizer
        scored.loc[here, "normalised_by"] = reference.policy
        if normalizer > 0 and normalizer >= LEAST_NORMALISER * reference.largest:
            scored.loc[here, "normalised_return"] = scored.loc[here, "episode_return"] / normalizer
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


_ESTIMATES = ("mean", "iqm", "low", "high")
_SUMMARY = (
    *(*KEYS, *_ESTIMATES, *(f"normalised_{name}" for name in _ESTIMATES), "normalizer", "normalised_by"),
    *("success_rate", "n_seeds", "n_episodes"),
)
_IMPROVEMENT = ("env", "split", "x", "y", "probability", "low", "high", "n_seeds_x", "n_seeds_y")


def summary(episodes: pd.DataFrame, reps: int = REPS) -> pd.DataFrame:
    """
    A row for each environment, split, policy and way of acting; and for all environments together (``env`` is
    :data:`ALL`), where returns are only comparable if they are normalised: those that
    cannot be are left out of it. Each variation counts as a task, so experiments with more of them weigh more.

    :param episodes: a row for each; the columns of :class:`~sb3_memaug.report.run_tables.RunTables`
    :param reps: bootstrap replications
    :return: :data:`KEYS`; ``mean``, ``iqm``, ``low``, ``high`` of the returns; the same
        four of ``normalised_`` returns; ``normalizer`` and ``normalised_by``
        (:func:`normalise`); ``success_rate``, nan where there is no target; ``n_seeds``;
        ``n_episodes``. The interval is the 95 % one of the interquartile mean, over whole training seeds, that of a
        normalised return over those of the normalizer too: of two it is wide, of one there is none.
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
        normalizer = np.nan
        if keys[0] != ALL:
            normalizer = rows["normalizer"].iloc[0]
            returns = _estimates(scores_by_environment(rows), reps)
        if rows["normalised_return"].notna().all():
            normalised = _estimates(scores_by_environment(rows, divided_by), reps)
        row |= dict(zip(_ESTIMATES, returns, strict=True))
        row |= {f"normalised_{name}": value for name, value in zip(_ESTIMATES, normalised, strict=True)}
        row |= {"normalizer": normalizer, "normalised_by": ", ".join(rows["normalised_by"].unique())}
        row["success_rate"] = rows["success"].dropna().astype(float).mean()
        row["n_seeds"] = rows["training_seed"].nunique()
        row["n_episodes"] = len(rows)
        table.append(row)
    return pd.DataFrame(table, columns=_SUMMARY)


def _estimates(scores: list[Scores], reps: int) -> np.ndarray:
    cells = [s.scores.ravel() / (1.0 if s.normalizer is None else s.normalizer.mean()) for s in scores]
    return np.array([np.concatenate(cells).mean(), *interquartile_mean(scores, reps)])


def improvement(episodes: pd.DataFrame) -> pd.DataFrame:
    """
    How probable it is that a run of policy X returns more than a run of policy Y on the same task: of each ordered
    pair, on ID and on OOD tasks, with mean actions, memory kept. Returns in different environments are never compared
    with one another, so they are not normalised.

    :param episodes: a row for each; the columns of :class:`~sb3_memaug.report.run_tables.RunTables`
    :return: ``env``, or :data:`ALL` of them; ``split``, ``x``, ``y``, ``probability``;
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


#: The policy that is trained on ID and on OOD tasks.
TARGET_POLICY = "memory-rand"
#: Of its final return, which is to be reached.
TARGET_SHARE = 0.9


def sample_efficiency(learning: pd.DataFrame) -> pd.DataFrame:
    """
    Steps of the environment until the mean of the returns on ID and on OOD tasks is first measured to be at least
    :data:`TARGET_SHARE` of what ``memory-rand`` ends with, averaged over its training seeds.

    :param learning: the columns of :class:`~sb3_memaug.report.run_tables.RunTables`
    :return: a row for each run: ``env``, ``policy``, ``training_seed``, ``target``, ``steps``, nan if it was never
        reached, and ``trained``, the steps after which the run was measured last. Environments without ``memory-rand``,
        or where that ends with a return that is not positive, so that a share of it is more than the whole, are left
        out.
    """
    import pandas as pd

    table = []
    for env, of_policy in _curves(learning):
        target = TARGET_SHARE * _finals(of_policy[TARGET_POLICY].to_numpy()).mean()
        if not target > 0:
            continue
        for policy, curves in of_policy.items():
            timesteps, values = curves.columns.to_numpy(dtype=float), curves.to_numpy()
            for seed, steps, value in zip(curves.index, _steps(values, timesteps, target), values, strict=True):
                trained = int(timesteps[np.isfinite(value)][-1])
                table.append((env, policy, seed, target, steps, trained))
    return pd.DataFrame(table, columns=["env", "policy", "training_seed", "target", "steps", "trained"])


def mean_sample_efficiency(learning: pd.DataFrame, reps: int = REPS) -> pd.DataFrame:
    """
    The same for policies: the mean over training seeds, with the 95 % interval of draws of whole seeds, the policy's
    and those of ``memory-rand``, which the target follows from (:func:`~sb3_memaug.evaluation.bootstrap.estimate`).

    :param learning: as for :func:`sample_efficiency`
    :param reps: bootstrap replications
    :return: a row for each: ``env``, ``policy``, ``steps``, nan if a run never reached the target; ``low`` and
        ``high``, nan where runs do not reach the target in every draw, or there is one training seed; ``n_seeds``
    """
    import pandas as pd

    table = []
    for env, of_policy in _curves(learning):
        reference = of_policy[TARGET_POLICY].to_numpy()
        if not _finals(reference).mean() > 0:
            continue
        for policy, curves in of_policy.items():
            timesteps = curves.columns.to_numpy(dtype=float)
            # One draw of memory-rand's seeds is for its own steps and for the target.
            samples = [curves.to_numpy()] + ([] if policy == TARGET_POLICY else [reference])

            def mean_steps(drawn: Sequence[np.ndarray], timesteps: np.ndarray = timesteps) -> float:
                return float(_steps(drawn[0], timesteps, TARGET_SHARE * _finals(drawn[-1]).mean()).mean())

            found = estimate(mean_steps, samples, min(map(len, samples)) - 1, reps)
            table.append((env, policy, *found, len(curves)))
    return pd.DataFrame(table, columns=["env", "policy", "steps", "low", "high", "n_seeds"])


def _curves(learning: pd.DataFrame) -> Iterator[tuple[str, dict[str, pd.DataFrame]]]:
    """
    Of each environment with ``memory-rand``: for each policy a row for each training seed and a column for each number
    of timesteps, the mean of the returns on ID and on OOD tasks; nan where a run was not measured.
    """
    splits = learning[learning["split"].isin(["id", "ood"])]
    keys = ["env", "policy", "training_seed", "timesteps"]
    means = splits.pivot_table("episode_return", index=keys, columns="split", sort=False)
    values = means.reindex(columns=["id", "ood"]).mean(axis=1, skipna=False).rename("value").reset_index()
    for env, rows in values.groupby("env", sort=False):
        wide = rows.pivot(index=["policy", "training_seed"], columns="timesteps", values="value").sort_index(axis=1)
        policies = rows["policy"].unique()
        if TARGET_POLICY in policies:
            yield str(env), {policy: wide.loc[policy] for policy in policies}


def _finals(values: np.ndarray) -> np.ndarray:
    """The last return that was measured of each run."""
    last = values.shape[1] - 1 - np.argmax(np.isfinite(values)[:, ::-1], axis=1)
    return values[np.arange(len(values)), last]


def _steps(values: np.ndarray, timesteps: np.ndarray, target: float) -> np.ndarray:
    """When each run first reached the target; nan for never."""
    reached = values >= target  # never where nothing was measured
    return np.where(reached.any(axis=1), timesteps[np.argmax(reached, axis=1)], np.nan)
