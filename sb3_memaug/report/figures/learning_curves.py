"""How returns on ID and on OOD tasks grow with training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sb3_memaug.report.figures.common import Chart, show_each_policy_once, training_seeds
from sb3_memaug.report.run_tables import RunTables
from sb3_memaug.report.style import colors_of, env_title, slug, style

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

SPLITS = {"id": "ID tasks", "ood": "OOD tasks"}
#: Policies whose colors are lighter are dashed, too, which is visible without colors.
DASHES = {"baseline": "dash"}


def charts(tables: RunTables) -> list[Chart]:
    """
    :param tables: of the runs
    :return: a chart for each experiment
    """
    learning = tables.learning
    if learning.empty:
        return []
    colors = colors_of(learning["policy"])
    drawn = learning[learning["split"].isin(SPLITS)]
    return [_chart(env, rows, colors) for env, rows in drawn.groupby("env", sort=False)]


def _chart(env: str, learning: pd.DataFrame, colors: dict[str, str]) -> Chart:
    keys = ["env", "split", "policy", "timesteps"]
    data = learning.groupby(keys, sort=False)["episode_return"].agg(["mean", "min", "max", "count"]).reset_index()
    data = data.rename(columns={"count": "n_seeds"}).sort_values(keys[1:], kind="stable", ignore_index=True)
    bands = "; the bands reach from the lowest to the highest of them" if data["n_seeds"].max() > 1 else ""
    return Chart(
        f"learning-curves-{slug(env.rpartition('/')[2])}",
        f"Returns during training: {env_title(env)}",
        f"Mean return of episodes during training, over {training_seeds(learning)}{bands}.",
        _figure(data, colors),
        data,
    )


def _figure(data: pd.DataFrame, colors: dict[str, str]) -> go.Figure:
    from plotly.subplots import make_subplots

    splits = [split for split in SPLITS if split in set(data["split"])]
    figure = make_subplots(
        1, len(splits), shared_yaxes=True, subplot_titles=[SPLITS[split] for split in splits], horizontal_spacing=0.04
    )
    for column, split in enumerate(splits, start=1):
        where = {"row": 1, "col": column}
        curves = {policy: data[(data["split"] == split) & (data["policy"] == policy)] for policy in colors}
        for policy, curve in curves.items():
            if (curve["n_seeds"] > 1).any():
                figure.add_scatter(
                    x=[*curve["timesteps"], *curve["timesteps"][::-1]],
                    y=[*curve["max"], *curve["min"][::-1]],
                    fill="toself",
                    fillcolor=colors[policy],
                    opacity=0.15,
                    line={"width": 0},
                    hoverinfo="skip",
                    legendgroup=policy,
                    **where,
                )
        for policy, curve in curves.items():
            if len(curve):
                dash = DASHES.get(policy.partition("-")[0], "solid")
                figure.add_scatter(
                    x=curve["timesteps"],
                    y=curve["mean"],
                    mode="lines",
                    line={"color": colors[policy], "width": 2, "dash": dash},
                    legendgroup=policy,
                    **where,
                )
    show_each_policy_once(figure)
    style(figure, height=400)
    figure.update_layout(margin={"t": 68})
    figure.update_xaxes(title={"text": "environment steps", "font": {"size": 13}, "standoff": 10}, rangemode="tozero")
    figure.update_yaxes(title={"text": "mean return of an episode", "font": {"size": 13}}, col=1)
    return figure
