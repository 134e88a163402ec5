"""How many steps policies need to become as good as one that is trained on all tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sb3_memaug.evaluation.statistics import TARGET_POLICY, TARGET_SHARE, mean_sample_efficiency, sample_efficiency
from sb3_memaug.report.figures.common import Chart, show_each_policy_once, training_seeds
from sb3_memaug.report.run_tables import RunTables
from sb3_memaug.report.style import colors_of, env_title, plain, style

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

COLUMNS = 2
#: Of the training seeds of a policy together; policies are 1 apart.
WIDTH = 0.5


def charts(tables: RunTables) -> list[Chart]:
    """
    :param tables: of the runs
    :return: one chart, a panel for each experiment in which there is ``memory-rand`` to compare with
    """
    if tables.learning.empty:
        return []
    data = sample_efficiency(tables.learning)
    if data.empty:
        return []
    without = [env_title(env) for env in tables.learning["env"].unique() if env not in set(data["env"])]
    caption = (
        f"Environment steps until the mean return on ID and OOD tasks is {TARGET_SHARE * 100:g} % of what "
        f"{TARGET_POLICY} ends with, of {training_seeds(data)}: a dot each, and a bar to their mean where all of "
        "them got there."
    )
    means = mean_sample_efficiency(tables.learning)
    if means["low"].notna().any():
        caption += (
            f" The 95 % interval is over training seeds, those of {TARGET_POLICY} too, and drawn where every draw of "
            "them gets there; of few seeds it may be longer than the axis."
        )
    if without:
        caption += f" There is no {TARGET_POLICY} with a positive return to compare with in: {'; '.join(without)}."
    data = data.merge(means[["env", "policy", "low", "high"]], on=["env", "policy"], how="left")
    figure = _figure(data, colors_of(tables.learning["policy"]))
    return [Chart("sample-efficiency", "Sample efficiency", caption, figure, data)]


def _figure(data: pd.DataFrame, colors: dict[str, str]) -> go.Figure:
    from plotly.subplots import make_subplots

    envs = list(data["env"].unique())
    policies = [policy for policy in colors if policy in set(data["policy"])]
    n_columns, n_rows = min(COLUMNS, len(envs)), -(-len(envs) // COLUMNS)
    height = 100 + n_rows * (90 + 24 * len(policies))
    figure = make_subplots(
        n_rows,
        n_columns,
        subplot_titles=[plain(env_title(env)).replace(", ", "<br>") for env in envs],
        shared_yaxes=True,
        horizontal_spacing=0.05,
        vertical_spacing=110 / (height - 130) if n_rows > 1 else 0,
    )
    style(figure, height, width=960 if n_columns == COLUMNS else 640)
    figure.update_layout(margin={"t": 100, "l": 110}, bargap=0, legend={"itemsizing": "constant"})
    for i, env in enumerate(envs):
        where = {"row": i // COLUMNS + 1, "col": i % COLUMNS + 1}
        here = data[data["env"] == env]
        trained = int(here["trained"].max())
        for k, policy in enumerate(policies):
            for trace in _traces(here[here["policy"] == policy], k, trained, colors[policy]):
                figure.add_trace(trace, **where)
        figure.update_xaxes(
            title={"text": "environment steps", "font": {"size": 13}, "standoff": 8},
            range=[0, trained * (1.45 if here["steps"].isna().any() else 1.05)],
            tickvals=_ticks(trained),
            tickformat="~s",
            tickangle=0,
            **where,
        )
    figure.update_yaxes(
        tickvals=list(range(len(policies))),
        ticktext=[plain(policy) for policy in policies],
        range=[len(policies) - 0.5, -0.5],
        showgrid=False,
        ticks="",
    )
    show_each_policy_once(figure)
    return figure


def _ticks(trained: int) -> list[float]:
    """Two to four round numbers beside 0, none of them past the end of training."""
    step = 10.0 ** np.floor(np.log10(trained))
    step *= 2 if trained > 4 * step else 1 if trained >= 2 * step else 0.5
    return np.arange(0, trained + 1, step).tolist()


def _traces(runs: pd.DataFrame, y: int, trained: int, color: str) -> list[Any]:
    import plotly.graph_objects as go

    if runs.empty:
        return []
    policy = runs["policy"].iloc[0]
    steps, mean = runs["steps"], runs["steps"].mean()
    interval = {"array": [runs["high"].iloc[0] - mean], "arrayminus": [mean - runs["low"].iloc[0]]}
    never = steps.isna().sum()
    jitter = WIDTH * (np.arange(len(runs)) - (len(runs) - 1) / 2) / len(runs)
    return [
        go.Bar(
            # A mean over those only that got there would flatter.
            x=[np.nan if never else mean],
            y=[y],
            width=0.7,
            orientation="h",
            error_x={**interval, "thickness": 1.4, "width": 3, "color": "#222"},
            marker={"color": color},
            legendgroup=policy,
        ),
        go.Scatter(
            x=steps,
            y=y + jitter,
            text=[f"training seed {seed}" for seed in runs["training_seed"]],
            mode="markers",
            marker={"size": 5.5, "color": "white", "line": {"color": "#222", "width": 1}},
            legendgroup=policy,
        ),
        go.Scatter(
            x=[1.25 * trained],
            y=[y],
            text=[f"{never} of {len(runs)} never" if never else ""],
            mode="text",
            textfont={"size": 11},
            hoverinfo="skip",
            legendgroup=policy,
        ),
    ]
