"""How policies step: when each foot stands, in the episodes whose tracks are drawn, as in the paper's Figure 7."""

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
    place_colors,
    short_labels,
    touchdowns,
    walks_shown,
)
from sb3_memaug.report.run_tables import RunTables
from sb3_memaug.report.style import env_title, plain, policies_in_order, slug, style

if TYPE_CHECKING:
    import pandas as pd

#: Pixels: a foot's row, what lies between panels, and the margins above and below.
ROW, GAP, TOP, BOTTOM = 19, 34, 40, 48


def charts(tables: RunTables) -> list[Chart]:
    """
    :param tables: of the runs
    :return: for each experiment an ID walk of each policy, and an OOD walk
    """
    walks = walks_shown(tables.trajectories)
    return [_chart(env, split, rows) for (env, split), rows in walks.items() if contacts(rows)]


def stances(time: np.ndarray, contact: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    :param time: of an episode's steps in s, each at its end
    :param contact: whether a foot touches the ground, (steps,)
    :return: when it begins to stand, each time, and when it stops, in s
    """
    starts, ends = touchdowns(contact), touchdowns(~contact)
    if contact[0]:
        starts = np.concatenate(([0], starts))
    if contact[-1]:
        ends = np.append(ends, len(time))
    limits = np.concatenate(([0.0], time))
    return limits[starts], limits[ends]


def _chart(env: str, split: str, walks: pd.DataFrame) -> Chart:
    import pandas as pd
    from plotly.subplots import make_subplots

    policies = policies_in_order(walks["policy"])
    feet = list(contacts(walks))
    colors = place_colors(foot_places(walks))
    labels = {foot: plain(label) for foot, label in short_labels(feet).items()}
    inside = len(policies) * ROW * len(feet) + (len(policies) - 1) * GAP
    figure = make_subplots(
        len(policies),
        1,
        shared_xaxes=True,
        subplot_titles=[f"<b>{plain(policy)}</b>" for policy in policies],
        vertical_spacing=GAP / inside if len(policies) > 1 else 0,
    )
    figure.update_annotations(x=0, xanchor="left")
    drawn = []
    for row, policy in enumerate(policies, start=1):
        walk = walks[walks["policy"] == policy]
        time = walk["time"].to_numpy()
        for level, (foot, contact) in enumerate(contacts(walk).items()):
            starts, ends = stances(time, contact)
            duty = float(contact.mean())
            own = {**walk.iloc[0][EPISODE], "foot": foot, "duty_factor": duty}
            drawn.append(pd.DataFrame({**own, "start": starts, "end": ends}, columns=[*own, "start", "end"]))
            figure.add_bar(
                base=starts.astype(np.float32),
                x=(ends - starts).astype(np.float32),
                y=np.full(len(starts), level),
                width=0.8,
                orientation="h",
                marker={"color": colors[foot], "line": {"width": 0}},
                name=labels[foot],
                legendgroup=foot,
                showlegend=False,
                row=row,
                col=1,
            )
            figure.add_annotation(
                x=1,
                xref="x domain",
                y=level,
                text=f"{duty:.2f}",
                showarrow=False,
                xanchor="left",
                xshift=8,
                row=row,
                col=1,
            )
    style(figure, inside + TOP + BOTTOM)
    figure.update_layout(margin={"t": TOP, "b": BOTTOM, "l": 92, "r": 80}, bargap=0, barmode="overlay")
    figure.add_annotation(
        x=1, y=1, xref="paper", yref="paper", text="duty factor", showarrow=False, xanchor="left", yanchor="bottom"
    )
    figure.update_yaxes(
        tickvals=list(range(len(feet))),
        ticktext=list(labels.values()),
        range=[len(feet) - 0.4, -0.6],
        showgrid=False,
        ticks="",
    )
    figure.update_xaxes(range=[0, walks["time"].max()])
    figure.update_xaxes(title={"text": "time (s)", "font": {"size": 13}}, title_standoff=6, row=len(policies))
    return Chart(
        f"gaits-{slug(env.rpartition('/')[2])}-{split}",
        f"How the policies step, {SPLITS[split]}: {env_title(env)}",
        "Bars where a foot touches the ground; its duty factor is the share of the episode in which it does. "
        + origin_of(walks),
        figure,
        pd.concat(drawn, ignore_index=True),
    )
