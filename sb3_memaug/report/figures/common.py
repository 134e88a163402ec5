"""What a figure of the report is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sb3_memaug.evaluation.figures import leg_of

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


class Chart(NamedTuple):
    """
    :param name: of the files that it is written to, and of its place in the page: lower case, with hyphens
    :param title: above it
    :param caption: one or two sentences that say what is shown, with what is measured and how many seeds
    :param figure: in :mod:`sb3_memaug.report.style`; the traces of a policy share ``legendgroup=policy``, one of them
        stands in the legend
    :param data: the numbers that are drawn, as a table
    """

    name: str
    title: str
    caption: str
    figure: go.Figure
    data: pd.DataFrame


def training_seeds(rows: pd.DataFrame) -> str:
    """
    :param rows: of any of the tables
    :return: how many a policy has in an environment, such as ``"5 training seeds"``, ``"1 to 3 training seeds"``
    """
    counts = rows.groupby(["env", "policy"])["training_seed"].nunique()
    few, many = counts.min(), counts.max()
    return f"{many if few == many else f'{few} to {many}'} training seed{'s' if many > 1 else ''}"


def panel_specs(n_panels: int, columns: int) -> list[list[dict[str, Any] | None]]:
    """
    :param n_panels: to fill row after row
    :param columns: of the grid
    :return: the ``specs`` of :func:`plotly.subplots.make_subplots`, so that no axes are drawn where no panel is left
    """
    rows = -(-n_panels // columns)
    return [[{} if row * columns + column < n_panels else None for column in range(columns)] for row in range(rows)]


def show_each_name_once(figure: go.Figure) -> None:
    """
    :param figure: whose traces, where they have names, share a ``legendgroup`` with those of the same name in other
        panels; of each group the first that has a name is shown in the legend, and a click on it hides the group
    """
    shown = set()
    for trace in figure.data:
        trace.showlegend = trace.name is not None and trace.legendgroup not in shown
        if trace.showlegend:
            shown.add(trace.legendgroup)


def show_each_policy_once(figure: go.Figure) -> None:
    """
    :param figure: whose traces tell their policy as ``legendgroup``; of each policy's, the first that is not a filled
        area is shown in the legend, alone, and named after it
    """
    shown = set()
    for trace in figure.data:
        shows = trace.legendgroup not in shown and "fill" not in trace.to_plotly_json()
        trace.update(name=trace.legendgroup, showlegend=shows)
        if shows:
            shown.add(trace.legendgroup)


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


#: Safe for the colour-blind, and none of them a policy's: blues left, warm hues right, the front ones darker.
LEG_COLOURS = {
    "front left": "#332288",
    "back left": "#33BBEE",
    "front right": "#AA3377",
    "back right": "#EE7733",
}
#: Of feet and variations whose names tell no leg of four, in the order in which they appear.
OTHER_COLOURS = ("#117733", "#661100", "#999933", "#882255", "#44AA99", "#DDCC77")
NONE_COLOUR = "#999999"


def colours_of_legs(names: Iterable[str]) -> dict[str, str]:
    """
    :param names: of feet or of variations, each once
    :return: a colour for each, the same for all of a leg; grey for ``"none"``
    """
    known = {**LEG_COLOURS, "none": NONE_COLOUR}
    colours = {}
    for name in names:
        leg = leg_of(name)
        if leg not in known:
            known[leg] = OTHER_COLOURS[(len(known) - len(LEG_COLOURS) - 1) % len(OTHER_COLOURS)]
        colours[name] = known[leg]
    return colours


def motor_of(variation: str) -> str:
    """
    :param variation: such as ``"motor_front_leftL_joint"``
    :return: which motor of the leg has failed, ``"L"`` or ``"R"``; empty where the name tells none
    """
    sides = [word[-1] for word in variation.split("_") if word[:-1] in ("left", "right") and word[-1] in "LR"]
    return "".join(sides)


def label_of(name: str) -> str:
    """
    :param name: of a foot or a variation
    :return: such as ``"front left L"``, to be read by people
    """
    return f"{leg_of(name)} {motor_of(name)}".strip().replace("_", " ")
