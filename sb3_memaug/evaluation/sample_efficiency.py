"""How many steps of the environment a policy takes to become as good as one that is trained on all tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sb3_memaug.evaluation.bootstrap import REPS, estimate

if TYPE_CHECKING:
    import pandas as pd

#: The policy that is trained on ID and on OOD tasks.
REFERENCE = "memory-rand"
#: Of its final return, which is to be reached.
SHARE = 0.9


def sample_efficiency(learning: pd.DataFrame) -> pd.DataFrame:
    """
    Steps of the environment until the mean of the returns on ID and on OOD tasks is first measured to be at least
    :data:`SHARE` of what ``memory-rand`` ends with, averaged over its training seeds.

    :param learning: the columns of :class:`~sb3_memaug.report.run_tables.RunTables`
    :return: a row for each run: ``env``, ``policy``, ``training_seed``, ``target``, ``steps``, nan if it was never
        reached, and ``trained``, the steps after which the run was measured last. Environments without ``memory-rand``,
        or where that ends with a return that is not positive, so that a share of it is more than the whole, are left
        out.
    """
    import pandas as pd

    table = []
    for env, of_policy in _curves(learning):
        target = SHARE * _finals(of_policy[REFERENCE].to_numpy()).mean()
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
        reference = of_policy[REFERENCE].to_numpy()
        if not _finals(reference).mean() > 0:
            continue
        for policy, curves in of_policy.items():
            timesteps = curves.columns.to_numpy(dtype=float)
            # One draw of memory-rand's seeds is for its own steps and for the target.
            samples = [curves.to_numpy()] + ([] if policy == REFERENCE else [reference])

            def mean_steps(drawn: Sequence[np.ndarray], timesteps: np.ndarray = timesteps) -> float:
                return float(_steps(drawn[0], timesteps, SHARE * _finals(drawn[-1]).mean()).mean())

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
        if REFERENCE in policies:
            yield str(env), {policy: wide.loc[policy] for policy in policies}


def _finals(values: np.ndarray) -> np.ndarray:
    """The last return that was measured of each run."""
    last = values.shape[1] - 1 - np.argmax(np.isfinite(values)[:, ::-1], axis=1)
    return values[np.arange(len(values)), last]


def _steps(values: np.ndarray, timesteps: np.ndarray, target: float) -> np.ndarray:
    """When each run first reached the target; nan for never."""
    reached = values >= target  # never where nothing was measured
    return np.where(reached.any(axis=1), timesteps[np.argmax(reached, axis=1)], np.nan)
