"""What policies return on each task: no variation, each failed joint, each place of a payload; the paper's Figure 3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sb3_memaug.evaluation.generalization import Result
from sb3_memaug.evaluation.tables import results_table, with_variation_columns
from sb3_memaug.report.figures.common import Chart, show_each_policy_once, training_seeds, variation_labels
from sb3_memaug.report.run_tables import RunTables
from sb3_memaug.report.style import colors_of, env_title, plain, slug, style

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

#: Of the bars of a task together; tasks are 1 apart.
WIDTH = 0.84
SPLITS = ("none", "id", "ood")
#: In place of a training seed: the mean of all.
ALL_SEEDS = "all"
#: What labels call the kinds of variations.
NOUNS = {"joint_failure": "failure", "payload": "payload"}
#: Pixels: a panel, with its labels, and what lies above and below all of them.
PANEL, TOP, BOTTOM = 352, 68, 64


def charts(tables: RunTables) -> list[Chart]:
    """
    :param tables: of the runs
    :return: a chart for each experiment
    """
    episodes = tables.episodes
    if episodes.empty:
        return []
    colors = colors_of(episodes["policy"])
    drawn = episodes[episodes["deterministic"] & (episodes["memory"] == "kept")]
    return [_chart(env, rows, colors) for env, rows in drawn.groupby("env", sort=False)]


def chart_of_results(results: Mapping[int, Iterable[Result]]) -> Chart:
    """
    :param results: by the training seed of the policies, of one or more policies in one or more environments; of those
        with mean and with sampled actions, and of those with memory kept and zeroed, the former are drawn
    :return: one chart, a panel for each environment
    """
    import pandas as pd

    tables = [results_table(of_seed).assign(training_seed=seed) for seed, of_seed in results.items()]
    episodes = with_variation_columns(pd.concat(tables, ignore_index=True))
    episodes = episodes[episodes["deterministic"] == episodes["deterministic"].any()]
    kept = episodes["memory"] == "kept"
    episodes = episodes[kept == kept.any()]
    return _chart("", episodes, colors_of(episodes["policy"]))


def _chart(env: str, episodes: pd.DataFrame, colors: dict[str, str]) -> Chart:
    """Of one environment, or of several where ``env`` is empty."""
    data = _data(episodes)
    policies = set(data["policy"])
    actions = "mean actions" if episodes["deterministic"].all() else "sampled actions"
    return Chart(
        "-".join(filter(None, ("returns-per-task", slug(env.rpartition("/")[2])))),
        ": ".join(filter(None, ("Return on each task", env and env_title(env)))),
        f"Mean return on each task over {training_seeds(episodes)}, {actions}; a dot is a training seed.",
        _figure(data, {policy: color for policy, color in colors.items() if policy in policies}),
        data.drop(columns="kind"),
    )


def _data(episodes: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    task = ["env", "split", "kind", "variation", "policy"]
    of_seeds = episodes.groupby([*task, "training_seed"], sort=False)["episode_return"].agg(["mean", "count"])
    of_seeds = of_seeds.set_axis(["mean_return", "n_episodes"], axis=1).reset_index()
    pooled = of_seeds.groupby(task, sort=False, as_index=False).agg({"mean_return": "mean", "n_episodes": "sum"})
    data = pd.concat([pooled.assign(training_seed=ALL_SEEDS), of_seeds.astype({"training_seed": str})])
    # Sorted by the split only, so that joints and sections stay in the robot's order.
    data = data.sort_values("split", key=lambda splits: splits.map(SPLITS.index), kind="stable")
    labels = {env: variation_labels(rows) for env, rows in episodes.groupby("env", sort=False)}
    names = [labels[env][variation] for env, variation in zip(data["env"], data["variation"], strict=True)]
    tasks = [
        f"payload {name}" if kind == "payload" and not name.startswith("payload") else name
        for name, kind in zip(names, data["kind"], strict=True)
    ]
    columns = ["env", "split", "kind", "variation", "task", "policy", "training_seed", "mean_return", "n_episodes"]
    return data.assign(task=tasks)[columns]


def _figure(data: pd.DataFrame, colors: dict[str, str]) -> go.Figure:
    from plotly.subplots import make_subplots

    envs = list(data["env"].unique())
    height = TOP + BOTTOM + PANEL * len(envs) - 64
    figure = make_subplots(
        len(envs),
        1,
        shared_yaxes="all",
        # One panel has the title of its chart.
        subplot_titles=[f"<b>{plain(env_title(env))}</b>" for env in envs] if len(envs) > 1 else None,
        vertical_spacing=116 / (height - TOP - BOTTOM) if len(envs) > 1 else 0,
    )
    style(figure, height)
    # Above the lines that say which tasks were trained on.
    figure.update_annotations(x=0, xanchor="left", yshift=18)
    figure.update_layout(margin={"t": TOP + 20 * (len(envs) > 1), "b": BOTTOM}, bargap=0)
    figure.update_layout(legend={"itemsizing": "constant"})
    for row, env in enumerate(envs, start=1):
        _draw(figure, {"row": row, "col": 1}, data[data["env"] == env], colors)
    show_each_policy_once(figure)
    return figure


def _draw(figure: go.Figure, where: dict[str, int], data: pd.DataFrame, colors: dict[str, str]) -> None:
    """A panel: a group of bars for each task, dots on them, and the range of the tasks of a split."""
    tasks = data[["split", "kind", "variation", "task"]].drop_duplicates(ignore_index=True)
    place = {(split, variation): i for i, (split, _, variation, _) in enumerate(tasks.itertuples(index=False))}
    width = WIDTH / len(colors)
    for k, (policy, color) in enumerate(colors.items()):
        rows = data[data["policy"] == policy]
        x = [place[key] + (k + 0.5) * width - WIDTH / 2 for key in zip(rows["split"], rows["variation"], strict=True)]
        rows = rows.assign(x=x)
        pooled, dots = (rows[(rows["training_seed"] == ALL_SEEDS) == whole] for whole in (True, False))
        figure.add_bar(
            x=pooled["x"],
            y=pooled["mean_return"],
            width=width * 0.9,
            marker={"color": color},
            text=pooled["task"].map(plain),
            textposition="none",
            legendgroup=policy,
            **where,
        )
        figure.add_scatter(
            x=dots["x"],
            y=dots["mean_return"],
            text="training seed " + dots["training_seed"],
            mode="markers",
            marker={"size": 4, "color": "white", "line": {"color": "#222", "width": 0.8}},
            legendgroup=policy,
            **where,
        )
    elsewhere = "trained on by -rand only" if any(policy.endswith("-rand") for policy in colors) else "not trained on"
    for split, label, opacity in (("id", "<b>ID</b>: trained on", 0.07), ("ood", f"<b>OOD</b>: {elsewhere}", 0)):
        found = [x for key, x in place.items() if key[0] == split]
        if found:
            ends = (found[0] - 0.5, found[-1] + 0.5)
            figure.add_vrect(*ends, fillcolor="#333", opacity=opacity, line_width=0, layer="below", **where)
            figure.add_annotation(
                x=sum(ends) / 2, y=1, yref="y domain", yanchor="bottom", text=label, showarrow=False, **where
            )
    kinds = set(tasks["kind"]) - {"none"}
    noun = NOUNS.get(kinds.pop(), "variation") if len(kinds) == 1 else "variation"
    labels = tasks["task"].map(plain).where(tasks["split"] != "none", f"no {noun}").str.replace(" ", "<br>", n=1)
    figure.update_xaxes(tickvals=list(place.values()), ticktext=labels, range=[-0.5, len(place) - 0.5], **where)
    title = "failed joint" if noun == "failure" else ""
    figure.update_xaxes(title={"text": title, "font": {"size": 13}, "standoff": 8}, showgrid=False, **where)
    title = "mean return of an episode"
    figure.update_yaxes(title={"text": title, "font": {"size": 13}}, rangemode="tozero", **where)
