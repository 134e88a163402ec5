"""What policies return on each task: no variation, each failed joint, each place of a payload; the paper's Figure 3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sb3_memaug.report.figures.common import Chart, show_each_policy_once, training_seeds
from sb3_memaug.report.run_tables import RunTables
from sb3_memaug.report.style import colours_of, env_title, style

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

#: Of the bars of a task together; tasks are 1 apart.
WIDTH = 0.84
SPLITS = ("none", "id", "ood")
#: In place of a training seed: the mean of all.
ALL_SEEDS = "all"


def charts(tables: RunTables) -> list[Chart]:
    """
    :param tables: of the runs
    :return: a chart for each experiment
    """
    episodes = tables.episodes
    if episodes.empty:
        return []
    colours = colours_of(episodes["policy"])
    drawn = episodes[episodes["deterministic"] & (episodes["memory"] == "kept")]
    return [_chart(env, rows, colours) for env, rows in drawn.groupby("env", sort=False)]


def task_label(variation: str) -> str:
    """
    :param variation: such as ``"motor_front_leftL_joint"``
    :return: such as ``"front left L"``
    """
    names = [re.sub(r"^motor_|_joint$", "", name) for name in variation.split("+")]
    return " + ".join(re.sub(r"(?<=left|ight)(?=[LR]$)", " ", name).replace("_", " ") for name in names)


def _chart(env: str, episodes: pd.DataFrame, colours: dict[str, str]) -> Chart:
    data = _data(episodes)
    policies = set(data["policy"])
    return Chart(
        f"returns-per-task-{env.rpartition('/')[2].lower()}",
        f"Return on each task: {env_title(env)}",
        f"Mean return on each task over {training_seeds(episodes)}, mean actions; a dot is a training seed.",
        _figure(data, {policy: colour for policy, colour in colours.items() if policy in policies}),
        data,
    )


def _data(episodes: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    task = ["env", "split", "variation", "policy"]
    of_seeds = episodes.groupby([*task, "training_seed"], sort=False)["episode_return"].agg(["mean", "count"])
    of_seeds = of_seeds.set_axis(["mean_return", "n_episodes"], axis=1).reset_index()
    pooled = of_seeds.groupby(task, sort=False, as_index=False).agg({"mean_return": "mean", "n_episodes": "sum"})
    data = pd.concat([pooled.assign(training_seed=ALL_SEEDS), of_seeds.astype({"training_seed": str})])
    # Sorted by the split only, so that joints and sections stay in the robot's order.
    data = data.sort_values("split", key=lambda splits: splits.map(SPLITS.index), kind="stable")
    data.insert(3, "task", data["variation"].map(task_label))
    return data[["env", "split", "variation", "task", "policy", "training_seed", "mean_return", "n_episodes"]]


def _figure(data: pd.DataFrame, colours: dict[str, str]) -> go.Figure:
    import plotly.graph_objects as go

    tasks = data[["split", "variation", "task"]].drop_duplicates(ignore_index=True)
    place = {(split, variation): i for i, (split, variation, _) in enumerate(tasks.itertuples(index=False))}
    figure = go.Figure()
    width = WIDTH / len(colours)
    for k, (policy, colour) in enumerate(colours.items()):
        rows = data[data["policy"] == policy]
        x = [place[key] + (k + 0.5) * width - WIDTH / 2 for key in zip(rows["split"], rows["variation"], strict=True)]
        rows = rows.assign(x=x)
        pooled, dots = (rows[(rows["training_seed"] == ALL_SEEDS) == told] for told in (True, False))
        figure.add_bar(
            x=pooled["x"],
            y=pooled["mean_return"],
            width=width * 0.9,
            marker={"color": colour},
            text=pooled["task"],
            textposition="none",
            legendgroup=policy,
        )
        figure.add_scatter(
            x=dots["x"],
            y=dots["mean_return"],
            text="training seed " + dots["training_seed"],
            mode="markers",
            marker={"size": 4, "color": "white", "line": {"color": "#222", "width": 0.8}},
            legendgroup=policy,
        )
    show_each_policy_once(figure)
    style(figure, height=420)
    elsewhere = "trained on by -rand only" if any(policy.endswith("-rand") for policy in colours) else "not trained on"
    for split, label, opacity in (("id", "<b>ID</b>: trained on", 0.07), ("ood", f"<b>OOD</b>: {elsewhere}", 0)):
        where = [x for key, x in place.items() if key[0] == split]
        if where:
            ends = (where[0] - 0.5, where[-1] + 0.5)
            figure.add_vrect(*ends, fillcolor="#333", opacity=opacity, line_width=0, layer="below")
            figure.add_annotation(x=sum(ends) / 2, y=1, yref="paper", yanchor="bottom", text=label, showarrow=False)
    figure.update_layout(margin={"t": 68, "b": 64}, bargap=0, legend={"itemsizing": "constant"})
    failures = not tasks["variation"].str.startswith("payload").any()
    labels = tasks["task"].where(tasks["split"] != "none", "no failure" if failures else "no payload")
    labels = labels.str.replace(" ", "<br>", n=1)
    figure.update_xaxes(tickvals=list(place.values()), ticktext=labels, range=[-0.5, len(place) - 0.5], showgrid=False)
    figure.update_xaxes(title={"text": "failed joint" if failures else "", "font": {"size": 13}, "standoff": 8})
    figure.update_yaxes(title={"text": "mean return of an episode", "font": {"size": 13}}, rangemode="tozero")
    return figure
