"""The episodes that the figures of single walks show, and where their feet touch down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

#: The columns that tell which episode of which run a row is of.
EPISODE = ["policy", "training_seed", "variation", "seed", "mirror"]
#: The splits that are shown, as titles call them.
SPLITS = {"id": "in distribution", "ood": "out of distribution"}


def walks_shown(trajectories: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    """
    Choose one episode of each policy, by a rule that does not look at how they walk: of ID variations the first; of OOD
    ones the last, which is on the opposite corner of a robot with four legs, where both mirrors send the first; of
    training seeds the lowest; and of episodes the first of those that most policies were recorded in.

    :param trajectories: of a report
    :return: rows of the episodes that were chosen, all from the same start, by experiment and split
    """
    if trajectories.empty:
        return {}
    chosen = {}
    for env, of_env in trajectories.groupby("env", sort=False):
        for split in SPLITS:
            rows = of_env[of_env["split"] == split]
            if rows.empty:
                continue
            rows = rows[rows["variation"] == rows["variation"].unique()[0 if split == "id" else -1]]
            rows = rows[rows["training_seed"] == rows.groupby("policy")["training_seed"].transform("min")]
            episodes = rows[["policy", "seed", "mirror"]].drop_duplicates()
            seed, mirror = episodes.groupby(["seed", "mirror"], sort=False).size().idxmax()
            chosen[env, split] = rows[(rows["seed"] == seed) & (rows["mirror"] == mirror)]
    return chosen


def origin_of(walks: pd.DataFrame) -> str:
    """
    :param walks: episodes that were chosen
    :return: a sentence for captions: which they are
    """
    variation, seed, mirror = walks.iloc[0][["variation", "seed", "mirror"]]
    mirrored = "" if mirror == "identity" else f", mirrored by {mirror}"
    runs = " and ".join(str(seed) for seed in sorted(walks["training_seed"].unique()))
    return f"All do the same episode ({variation}, seed {seed}{mirrored}); each is of its first training seed ({runs})."


def contacts(walk: pd.DataFrame) -> dict[str, np.ndarray]:
    """
    :param walk: rows of an episode
    :return: whether each foot touches the ground, (steps,), by its name; without the feet of other robots
    """
    found = {}
    for column in walk.columns:
        # Where robots with different feet share a table, those of the others are nan.
        if column.startswith("contact_") and walk[column].notna().all():
            found[column.removeprefix("contact_")] = walk[column].to_numpy(dtype=bool)
    return found


def touchdowns(contact: np.ndarray) -> np.ndarray:
    """
    :param contact: of a foot, (steps,)
    :return: the steps at which it meets the ground, having been off it in the step before
    """
    return np.flatnonzero(contact[1:] & ~contact[:-1]) + 1
