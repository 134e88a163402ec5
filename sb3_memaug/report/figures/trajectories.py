"""Where policies walk: tracks of the base on the plane, with the footfalls, as in the paper's Figure 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sb3_memaug.report.figures.common import (
    EPISODE,
    SPLITS,
    Chart,
    contacts,
    foot_places,
    origin_of,
    panel_specs,
    place_colors,
    short_labels,
    show_each_name_once,
    touchdowns,
    walks_shown,
)
from sb3_memaug.report.run_tables import RunTables
from sb3_memaug.report.style import env_title, plain, policies_in_order, slug, style

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

#: Of a track: points of its line, and arrows that show where the robot looks.
POINTS, ARROWS = 250, 12
COLUMNS = 3
#: Pixels: the figure, its margins, and what lies between panels.
WIDTH, LEFT, RIGHT, TOP, BOTTOM, GAP, TITLE = 960, 56, 12, 80, 48, 26, 38
PANEL = (WIDTH - LEFT - RIGHT - (COLUMNS - 1) * GAP) / COLUMNS
#: A panel's height, relative to its width: least and greatest.
ASPECTS = (0.5, 1.1)
TRACK_COLOR = "#333"


def charts(tables: RunTables) -> list[Chart]:
    """
    :param tables: of the runs
    :return: for each experiment an ID walk of each policy, and an OOD walk
    """
    walks = walks_shown(tables.trajectories)
    return [_chart(env, split, rows) for (env, split), rows in walks.items()]


def _chart(env: str, split: str, walks: pd.DataFrame) -> Chart:
    import pandas as pd
    from plotly.subplots import make_subplots

    policies = policies_in_order(walks["policy"])
    data = pd.concat([_marks(walks[walks["policy"] == policy]) for policy in policies], ignore_index=True)
    colors = place_colors(foot_places(walks))
    xs, ys = _ranges(data)
    rows = -(-len(policies) // COLUMNS)
    panel = PANEL * (ys[1] - ys[0]) / (xs[1] - xs[0])
    inside = rows * panel + (rows - 1) * (GAP + TITLE)
    figure = make_subplots(
        rows,
        COLUMNS,
        specs=panel_specs(len(policies), COLUMNS),
        subplot_titles=[_panel_title(data[data["policy"] == policy]) for policy in policies],
        shared_xaxes="all",
        shared_yaxes="all",
        horizontal_spacing=GAP / (WIDTH - LEFT - RIGHT),
        vertical_spacing=(GAP + TITLE) / inside,
    )
    for i, policy in enumerate(policies):
        place = {"row": i // COLUMNS + 1, "col": i % COLUMNS + 1}
        _draw(figure, place, data[data["policy"] == policy], colors)
    show_each_name_once(figure)
    style(figure, round(inside + TOP + BOTTOM), WIDTH)
    figure.update_layout(margin={"t": TOP, "b": BOTTOM, "l": LEFT, "r": RIGHT}, legend={"itemsizing": "constant"})
    figure.update_annotations(font_size=12)
    figure.update_xaxes(range=xs, nticks=6)
    figure.update_xaxes(title={"text": "x (m)", "font": {"size": 13}}, title_standoff=6, row=rows)
    figure.update_yaxes(range=ys, nticks=8)
    figure.update_yaxes(title={"text": "y (m)", "font": {"size": 13}}, title_standoff=4, col=1)
    # The axis that all others match.
    leader = next(axis for axis in figure.select_yaxes() if axis.matches is None)
    leader.scaleanchor = leader.anchor
    return Chart(
        f"trajectories-{slug(env.rpartition('/')[2])}-{split}",
        f"Where the policies walk, {SPLITS[split]}: {env_title(env)}",
        "Tracks of the base on the plane, arrows to where it looks, and the places where feet touch down. "
        + origin_of(walks),
        figure,
        data,
    )


def _marks(walk: pd.DataFrame) -> pd.DataFrame:
    """What is drawn of an episode, a row each: points of the track, touch-downs, and the target where there is one."""
    import pandas as pd

    steps = np.unique(np.linspace(0, len(walk) - 1, POINTS).astype(int))
    parts = [walk.iloc[steps][[*EPISODE, "time", "x", "y", "heading"]].assign(mark="base", foot="")]
    for foot, contact in contacts(walk).items():
        down = walk.iloc[touchdowns(contact)][[*EPISODE, "time", f"x_{foot}", f"y_{foot}"]]
        parts.append(down.set_axis([*EPISODE, "time", "x", "y"], axis=1).assign(mark="touch-down", foot=foot))
    if "target_x" in walk and walk["target_x"].notna().any():
        target = walk.iloc[-1:][[*EPISODE, "time", "target_x", "target_y"]]
        parts.append(target.set_axis([*EPISODE, "time", "x", "y"], axis=1).assign(mark="target", foot=""))
    return pd.concat(parts, ignore_index=True)[[*EPISODE, "mark", "foot", "time", "x", "y", "heading"]]


def _ranges(data: pd.DataFrame) -> tuple[list[float], list[float]]:
    """Of x and y, the same in all panels, around all that is drawn, no slimmer nor flatter than a panel may be."""
    (x0, y0), (x1, y1) = data[["x", "y"]].min(), data[["x", "y"]].max()
    width, height = max(1.1 * (x1 - x0), 0.5), 1.1 * (y1 - y0)
    height = max(height, ASPECTS[0] * width)
    width = max(width, height / ASPECTS[1])
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return [x - width / 2, x + width / 2], [y - height / 2, y + height / 2]


def _draw(figure: go.Figure, place: dict[str, int], data: pd.DataFrame, colors: dict[str, str]) -> None:
    base, target = data[data["mark"] == "base"], data[data["mark"] == "target"]
    labels = short_labels(colors)
    for rank, (foot, color) in enumerate(colors.items()):
        x, y = data.loc[data["foot"] == foot, ["x", "y"]].to_numpy(dtype=np.float32).T
        marker = {"size": 5, "color": color, "opacity": 0.7}
        entry = {"name": plain(labels[foot]), "legendgroup": foot, "legendrank": rank}
        figure.add_scatter(x=x, y=y, mode="markers", marker=marker, **entry, **place)
    x, y, heading = base[["x", "y", "heading"]].to_numpy(dtype=np.float32).T
    shared = {"legendgroup": "base", "hoverinfo": "skip"}
    line = {"color": TRACK_COLOR, "width": 1.5}
    figure.add_scatter(x=x, y=y, mode="lines", line=line, name="base", **shared, **place)
    some = np.unique(np.linspace(0, len(x) - 1, ARROWS).astype(int))
    # Plotly counts clockwise from upwards.
    angles = 90 - np.degrees(heading[some])
    marker = {"symbol": "arrow-wide", "angle": angles, "size": 8, "color": TRACK_COLOR}
    figure.add_scatter(x=x[some], y=y[some], mode="markers", marker=marker, **shared, **place)
    for name, symbol, size, where in (("start", "circle-open", 9, base.iloc[:1]), ("target", "star", 12, target)):
        if len(where):
            marker = {"symbol": symbol, "size": size, "color": "black", "line": {"width": 1.5, "color": "black"}}
            entry = {"name": name, "legendgroup": name}
            figure.add_scatter(x=where["x"], y=where["y"], mode="markers", marker=marker, **entry, **place)


def _panel_title(data: pd.DataFrame) -> str:
    """The policy, how long it walked (less than others where it fell), and where that took it."""
    base, target = data[data["mark"] == "base"], data[data["mark"] == "target"]
    goal = (target if len(target) else base).iloc[0]
    distance = np.hypot(base["x"].iloc[-1] - goal["x"], base["y"].iloc[-1] - goal["y"])
    name = "target" if len(target) else "start"
    seconds = base["time"].iloc[-1]
    return f"<b>{plain(data['policy'].iloc[0])}</b><br>{seconds:.1f} s, at last {distance:.2f} m from the {name}"
