"""How many steps of the environment a policy takes to become as good as one that is trained on all tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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

    splits = learning[learning["split"].isin(["id", "ood"])]
    keys = ["env", "policy", "training_seed", "timesteps"]
    curves = splits.pivot_table("episode_return", index=keys, columns="split", sort=False).reindex(
        columns=["id", "ood"]
    )
    curves = curves.mean(axis=1, skipna=False).rename("value").reset_index()
    table = []
    for env, of_env in curves.groupby("env", sort=False):
        ends = of_env[of_env["policy"] == REFERENCE].sort_values("timesteps").groupby("training_seed")["value"].last()
        final = ends.mean()
        if not final > 0:
            continue
        for (policy, seed), run in of_env.groupby(["policy", "training_seed"], sort=False):
            run = run.sort_values("timesteps")
            reached = run.loc[run["value"] >= SHARE * final, "timesteps"]
            steps = float(reached.iloc[0]) if len(reached) else np.nan
            table.append((env, policy, seed, SHARE * final, steps, int(run["timesteps"].iloc[-1])))
    return pd.DataFrame(table, columns=["env", "policy", "training_seed", "target", "steps", "trained"])
