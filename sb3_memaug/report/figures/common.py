"""What the figures share: charts, captions, panels and legends, walks, and the labels and colors of parts of robots."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sb3_memaug.report.style import plain

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
    :param figure: whose traces have their policy as ``legendgroup``; of each policy's, the first that is not a filled
        area is shown in the legend, alone, and named after it
    """
    shown = set()
    for trace in figure.data:
        shows = trace.legendgroup not in shown and "fill" not in trace.to_plotly_json()
        trace.update(name=plain(trace.legendgroup), showlegend=shows)
        if shows:
            shown.add(trace.legendgroup)


#: The columns that say which episode of which run a row is of.
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


#: By place on the robot; safe for the color-blind, and none of them a policy's: blues left, warm hues right, the front
#: ones darker.
PLACE_COLORS = {
    "front left": "#332288",
    "back left": "#33BBEE",
    "front right": "#AA3377",
    "back right": "#EE7733",
}
#: Of other places, and of what has none, in the order in which they appear.
OTHER_COLORS = ("#117733", "#661100", "#999933", "#882255", "#44AA99", "#DDCC77")
#: Where nothing varies.
NONE_COLOR = "#999999"
#: Words of names that say where on the robot a part is.
PLACE_WORDS = frozenset(("front", "back", "left", "right"))


def place_colors(places: Mapping[str, str]) -> dict[str, str]:
    """
    :param places: where on the robot something is, by its name; empty where that is not known
    :return: a color for each name: the same for all of a place, and one of its own for each that has none
    """
    known: dict[tuple[str, str], str] = {}
    colors = {}
    for name, place in places.items():
        key = ("place", place) if place else ("name", name)
        if place not in PLACE_COLORS and key not in known:
            known[key] = OTHER_COLORS[len(known) % len(OTHER_COLORS)]
        colors[name] = PLACE_COLORS.get(place) or known[key]
    return colors


def short_labels(names: Iterable[str]) -> dict[str, str]:
    """
    :param names: of parts of a robot, of one kind, such as ``"motor_front_leftL_joint"``
    :return: for each the words in which they differ, such as ``"front left L"``: those that all begin or end with are
        left out, unless they say where on the robot it is
    """
    # A capital after a small letter begins a word.
    words = {name: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("_", " ").split() for name in names}
    rows, begin, end = [*words.values()], 0, 0

    def shared(index: int) -> bool:
        if len(rows) < 2 or min(map(len, rows)) <= begin + end + 1:
            return False
        found = {row[index] for row in rows}
        return len(found) == 1 and not found <= PLACE_WORDS

    while shared(begin):
        begin += 1
    while shared(-1 - end):
        end += 1
    return _unless_the_same({name: " ".join(row[begin : len(row) - end]) for name, row in words.items()})


def variation_labels(rows: pd.DataFrame) -> dict[str, str]:
    """
    :param rows: of a table with the columns ``variation``, ``kind``, ``joints`` and ``place``
    :return: what people read for each variation, such as ``"front left L"`` for a joint, ``"front left"`` for a payload
    """
    labels = {}
    varieties = _varieties(rows)
    joints = short_labels({joint: "" for row in varieties for joint in row.joints.split("+") if joint})
    for row in varieties:
        if row.kind == "joint_failure" and row.joints:
            labels[row.variation] = " + ".join(joints[joint] for joint in row.joints.split("+"))
        elif row.kind == "payload" and row.place:
            labels[row.variation] = row.place
        else:
            labels[row.variation] = row.variation.replace("_", " ")
    return _unless_the_same(labels)


def _unless_the_same(labels: dict[str, str]) -> dict[str, str]:
    """Labels by name; names stay as they are where their label is empty or another's, too."""
    counts = Counter(labels.values())
    return {name: label if label and counts[label] == 1 else name for name, label in labels.items()}


def variation_places(rows: pd.DataFrame) -> dict[str, str]:
    """
    :param rows: of a table with the columns ``variation``, ``kind``, ``joints`` and ``place``
    :return: where on the robot each variation is; empty where that is not known
    """
    return {row.variation: row.place for row in _varieties(rows)}


def _varieties(rows: pd.DataFrame) -> list[Any]:
    return list(rows[["variation", "kind", "joints", "place"]].drop_duplicates("variation").itertuples(index=False))


def foot_places(walks: pd.DataFrame) -> dict[str, str]:
    """
    :param walks: rows of episodes of the same robot
    :return: where each foot is, such as ``"front left"``: seen from the middle of all feet, along the heading; empty
        where there is one only
    """
    cos, sin = np.cos(walks["heading"]), np.sin(walks["heading"])
    feet = list(contacts(walks))
    offsets = np.zeros((len(feet), 2))
    for i, foot in enumerate(feet):
        x, y = walks[f"x_{foot}"] - walks["x"], walks[f"y_{foot}"] - walks["y"]
        offsets[i] = np.median(cos * x + sin * y), np.median(cos * y - sin * x)
    places = dict.fromkeys(feet, "")
    if len(feet) < 2:
        return places
    offsets -= offsets.mean(axis=0)
    extent = np.ptp(offsets, axis=0)
    for foot, offset in zip(feet, offsets, strict=True):
        words = []
        for axis, (ahead, behind) in enumerate((("front", "back"), ("left", "right"))):
            # Two feet of a biped stand side by side, and the middle ones of six neither in front nor behind.
            if extent[axis] > 0.3 * extent.max() and abs(offset[axis]) > 0.2 * extent[axis]:
                words.append(ahead if offset[axis] > 0 else behind)
        places[foot] = " ".join(words)
    return places
