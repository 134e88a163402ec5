"""What the memory distinguishes: outputs of the actor's LSTM by failed joint or payload, as in the paper's Figure 5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sb3_memaug.report.figures.common import (
    NONE_COLOR,
    Chart,
    panel_specs,
    place_colors,
    show_each_name_once,
    variation_labels,
    variation_places,
)
from sb3_memaug.report.run_tables import RunTables
from sb3_memaug.report.style import env_title, plain, policies_in_order, slug, style

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

#: Of a panel; a page has a dozen.
POINTS = 800
COLUMNS = 3
#: Of the first joint at a place, the second, and so on.
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x", "pentagon", "star", "hexagram")
#: Of the lines between mirrored clusters.
DASHES = {"left_right": "solid", "front_back": "dash"}


def charts(tables: RunTables) -> list[Chart]:
    """
    :param tables: of the runs
    :return: for each experiment, the latents of its policies with memory on two principal components
    """
    latents, symmetry = tables.latents, tables.latent_symmetry
    if latents.empty:
        return []
    return [_chart(env, rows, symmetry[symmetry["env"] == env]) for env, rows in latents.groupby("env", sort=False)]


def pairs_of(symmetry: pd.DataFrame, mirror: str) -> list[tuple[str, str]]:
    """
    :param symmetry: rows of an experiment; its column ``pairs`` has images of variations as ``"a:b;c:d"``
    :param mirror: an element of the symmetry group
    :return: each two variations that it exchanges, once; none where the table has no such column
    """
    if "pairs" not in symmetry:
        return []
    cells = symmetry.loc[symmetry["mirror"] == mirror, "pairs"].dropna().head(1)
    images = [pair.split(":") for pairs in cells for pair in pairs.split(";") if pair]
    return list(dict.fromkeys((min(a, b), max(a, b)) for a, b in images if a != b))


def _chart(env: str, latents: pd.DataFrame, symmetry: pd.DataFrame) -> Chart:
    import pandas as pd
    from plotly.subplots import make_subplots

    policies = policies_in_order(latents["policy"])
    # Lines of products of mirrors would be the diagonals of those of the mirrors.
    mirrors = [] if symmetry.empty else [name for name in symmetry["mirror"].unique() if "*" not in name]
    runs = [latents[latents["policy"] == policy] for policy in policies]
    runs = [run[run["training_seed"] == run["training_seed"].min()] for run in runs]
    rows = -(-len(policies) // COLUMNS)
    figure = make_subplots(
        rows,
        COLUMNS,
        specs=panel_specs(len(runs), COLUMNS),
        subplot_titles=[_panel_title(run, symmetry, mirrors) for run in runs],
        horizontal_spacing=0.07,
        vertical_spacing=0.3,
    )
    keys = ["policy", "training_seed", "split", "variation"]
    marks = _marks(latents)
    labels = {name: plain(label) for name, label in variation_labels(latents).items()}
    splits = latents.drop_duplicates("variation").set_index("variation")["split"].to_dict()
    drawn = []
    for i, run in enumerate(runs):
        place = {"row": i // COLUMNS + 1, "col": i % COLUMNS + 1}
        points = pd.concat(
            [_thinned(cluster, POINTS // len(splits)) for _, cluster in run.groupby("variation", sort=False)]
        )
        centroids = run.groupby(keys, sort=False)[["pc1", "pc2"]].mean().reset_index()
        drawn += [points.assign(mark="output"), centroids.assign(mark="centroid")]
        pairs = {mirror: pairs_of(symmetry, mirror) for mirror in mirrors}
        _draw(figure, place, points, centroids.set_index("variation"), splits, labels, marks, pairs)
        figure.update_yaxes(scaleanchor=f"x{i + 1}" if i else "x", **place)
    show_each_name_once(figure)
    _lay_out(figure, rows)
    title = f"What the memory tells apart: {env_title(env)}"
    data = pd.concat(drawn, ignore_index=True)[[*keys, "mark", "pc1", "pc2"]]
    return Chart(f"latents-{slug(env.rpartition('/')[2])}", title, _caption(runs, symmetry), figure, data)


def _marks(latents: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Of each variation: the color of its place, and the symbol of its joint, the same for that joint at all places."""
    labels, places = variation_labels(latents), variation_places(latents)
    nothing = set(latents.loc[latents["split"] == "none", "variation"])
    colors = place_colors({name: place for name, place in places.items() if name not in nothing})
    joints: dict[str, str] = {}
    for name in latents.loc[latents["kind"] == "joint_failure", "variation"].unique():
        if not places[name]:
            continue
        beside = [set(labels[other].split()) for other in colors if places[other] == places[name]]
        shared = set.intersection(*beside) if len(beside) > 1 else set()
        joints[name] = " ".join(word for word in labels[name].split() if word not in {*shared, *places[name].split()})
    ranks = {joint: rank for rank, joint in enumerate(sorted(set(joints.values())))}
    return {
        name: {
            "color": colors.get(name, NONE_COLOR),
            "symbol": SYMBOLS[ranks[joints[name]] % len(SYMBOLS)] if name in joints else SYMBOLS[0],
        }
        for name in labels
    }


def _thinned(cluster: pd.DataFrame, points: int) -> pd.DataFrame:
    return cluster.iloc[np.unique(np.linspace(0, len(cluster) - 1, max(points, 1)).astype(int))]


def _draw(
    figure: go.Figure,
    place: dict[str, int],
    points: pd.DataFrame,
    centroids: pd.DataFrame,
    splits: dict[str, str],
    labels: dict[str, str],
    marks: dict[str, dict[str, str]],
    pairs: dict[str, list[tuple[str, str]]],
) -> None:
    """A panel: points below, the lines of the mirrors over them, and the centroids on top."""
    shown = set()
    for name, cluster in points.groupby("variation", sort=False):
        shown.add(name)
        x, y = cluster[["pc1", "pc2"]].to_numpy(dtype=np.float32).T
        marker = {**marks[name], "size": 4, "opacity": 0.35}
        shared = {"mode": "markers", "legendgroup": name, "hoverinfo": "skip"}
        figure.add_scatter(x=x, y=y, marker=marker, **shared, **place)
    for mirror, exchanged in pairs.items():
        ends = [(a, b) for a, b in exchanged if a in shown and b in shown]
        if ends:
            x, y = (
                [v for a, b in ends for v in (centroids.at[a, pc], centroids.at[b, pc], None)] for pc in ("pc1", "pc2")
            )
            line = {"color": "#444", "width": 1.2, "dash": DASHES.get(mirror, "dot")}
            name = f"{_words(mirror)} pairs"
            figure.add_scatter(
                x=x, y=y, mode="lines", line=line, name=name, legendgroup=mirror, hoverinfo="skip", **place
            )
    for rank, (name, split) in enumerate(splits.items()):
        if name in shown:
            label = labels[name] + (" (ID)" if split == "id" else "")
            marker = {**marks[name], "size": 11, "line": {"width": 1.5, "color": "white"}}
            entry: dict[str, Any] = {"name": label, "legendgroup": name, "legendrank": rank}
            x, y = [[centroids.at[name, pc]] for pc in ("pc1", "pc2")]
            figure.add_scatter(x=x, y=y, mode="markers", marker=marker, hoverinfo="name", **entry, **place)


def _lay_out(figure: go.Figure, rows: int) -> None:
    style(figure, height=140 + 310 * rows)
    figure.update_layout(margin={"t": 104, "l": 56, "r": 8, "b": 48}, legend={"entrywidth": 96, "font": {"size": 12}})
    figure.update_annotations(font_size=12)
    figure.update_xaxes(title={"text": "principal component 1", "font": {"size": 13}}, title_standoff=6)
    figure.update_yaxes(title={"text": "principal component 2", "font": {"size": 13}}, title_standoff=2)


def _words(mirror: str) -> str:
    return plain(mirror.replace("_", "–"))


def _panel_title(run: pd.DataFrame, symmetry: pd.DataFrame, mirrors: list[str]) -> str:
    policy, seed = run["policy"].iloc[0], run["training_seed"].iloc[0]
    text = f"<b>{plain(policy)}</b>"
    if symmetry.empty:
        return text
    own = symmetry[symmetry["policy"] == policy]
    for share in own.loc[own["training_seed"] == seed, "explained_variance"].dropna().head(1):
        text += f", {share:.0%} of the variance"
    means = own.groupby("mirror")["asymmetry"].mean().dropna()
    measured = [f"{means[mirror]:.2f} {_words(mirror)}" for mirror in mirrors if mirror in means]
    if measured:
        text += f"<br>asymmetry {', '.join(measured)}"
    return text


def _caption(runs: list[pd.DataFrame], symmetry: pd.DataFrame) -> str:
    shown = " and ".join(str(seed) for seed in sorted({run["training_seed"].iloc[0] for run in runs}))
    text = (
        "Outputs of the actor's LSTM, less what all variations have in common at the same step from the same start, on "
        f"the plane on which the means of the variations (large marks) lie farthest apart; training seed {shown}."
    )
    if symmetry.empty:
        return text
    seeds = symmetry["training_seed"].nunique()
    lines = " Lines join mirror images." if "pairs" in symmetry else ""
    return text + (
        f"{lines} Asymmetry, of all dimensions, is 0 where the means lie as their mirror images lie; it is itself the "
        f"mean over {seeds} training seed{'s' * (seeds != 1)}."
    )
