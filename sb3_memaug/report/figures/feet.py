"""How cautiously policies step: feet air time and frequency of contact, as in the paper's Figure 6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sb3_memaug.report.figures.common import Chart, show_each_policy_once
from sb3_memaug.report.run_tables import RunTables
from sb3_memaug.report.style import colors_of, env_title, plain, style

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

SPLITS = {"id": "ID", "ood": "OOD"}
#: What is drawn, a row of panels each.
RATES = {"air_time_per_second": "feet air time (s per s)", "touchdowns_per_second": "touch-downs (per s)"}
COLUMNS = 4


def charts(tables: RunTables) -> list[Chart]:
    """
    :param tables: of the runs; episodes whose simulator reports no contacts, and experiments without trajectories, from
        which the length of a step is known, are left out
    :return: one, with a column for each experiment; more where there are many
    """
    rates = foot_rates(tables.episodes, tables.trajectories)
    envs = list(dict.fromkeys(rates["env"]))
    groups = [envs[i : i + COLUMNS] for i in range(0, len(envs), COLUMNS)]
    return [_chart(i, rates[rates["env"].isin(group)]) for i, group in enumerate(groups, start=1)]


def foot_rates(episodes: pd.DataFrame, trajectories: pd.DataFrame) -> pd.DataFrame:
    """
    :param episodes: of a report
    :param trajectories: of a report
    :return: for each training seed of each policy of each experiment, ID and OOD: the number of ``episodes`` with mean
        actions and with memory, the means over them of ``seconds``, ``air_time`` and ``touchdowns``, and the two latter
        ``_per_second``: sums over all episodes by their seconds, so that early falls do not lower the rates
    """
    import pandas as pd

    run = ["env", "policy", "training_seed", "split"]
    columns = [*run, "episodes", "seconds", "air_time", "touchdowns", *RATES]
    if episodes.empty or trajectories.empty or "air_time" not in episodes:
        return pd.DataFrame(columns=columns)
    step = trajectories.groupby("env")["time"].agg(lambda time: time.diff().median())
    chosen = episodes[episodes["deterministic"] & (episodes["memory"] == "kept") & episodes["split"].isin(SPLITS)]
    chosen = chosen.assign(seconds=chosen["length"] * chosen["env"].map(step))
    chosen = chosen.dropna(subset=["seconds", "air_time", "touchdowns"])
    groups = chosen.groupby(run, sort=False)
    means = groups[["seconds", "air_time", "touchdowns"]].mean().assign(episodes=groups.size()).reset_index()
    for rate in RATES:
        means[rate] = means[rate.removesuffix("_per_second")] / means["seconds"]
    return means[columns]


def _chart(number: int, rates: pd.DataFrame) -> Chart:
    from plotly.subplots import make_subplots

    envs = list(dict.fromkeys(rates["env"]))
    splits = [split for split in SPLITS if split in set(rates["split"])]
    figure = make_subplots(
        len(RATES),
        len(envs),
        shared_xaxes=True,
        shared_yaxes=True,
        subplot_titles=[plain(env_title(env)).replace(", ", ",<br>") for env in envs],
        horizontal_spacing=0.025,
        vertical_spacing=0.07,
    )
    style(figure, height=480)
    figure.update_layout(margin={"t": 84, "b": 32}, bargap=0)
    figure.update_xaxes(tickvals=list(range(len(splits))), ticktext=[SPLITS[split] for split in splits], ticks="")
    figure.update_xaxes(range=[-0.5, len(splits) - 0.5], showgrid=False)
    for j, (rate, text) in enumerate(RATES.items(), start=1):
        for i, env in enumerate(envs, start=1):
            _draw(figure, {"row": j, "col": i}, rates[rates["env"] == env], rate, splits, colors_of(rates["policy"]))
        # The same in all panels, so that experiments can be compared.
        figure.update_yaxes(range=[0, 1.08 * max(rates[rate].max(), 1e-3)], row=j)
        figure.update_yaxes(title={"text": text, "font": {"size": 13}}, title_standoff=8, row=j, col=1)
    show_each_policy_once(figure)
    seeds = rates.groupby(["env", "policy"])["training_seed"].nunique()
    few, many = seeds.min(), seeds.max()
    return Chart(
        "feet" if number == 1 else f"feet-{number}",
        "How cautiously the policies step",
        "Time that feet are in the air, summed over the feet, and how often one touches down, both per second of "
        "episode, so that episodes that end by a fall count by their length. A bar is the mean over training seeds "
        f"({few if few == many else f'{few} to {many}'}), a dot one of them; mean actions, memory kept.",
        figure,
        rates.reset_index(drop=True),
    )


def _draw(
    figure: go.Figure, place: dict[str, int], rates: pd.DataFrame, rate: str, splits: list[str], colors: dict[str, str]
) -> None:
    width = 0.84 / len(colors)
    for k, (policy, color) in enumerate(colors.items()):
        own = rates[rates["policy"] == policy]
        if own.empty:
            continue
        shift = (k - (len(colors) - 1) / 2) * width
        means = own.groupby("split")[rate].mean()
        figure.add_bar(
            x=[splits.index(split) + shift for split in means.index],
            y=means,
            width=width,
            marker={"color": color, "line": {"width": 0}},
            legendgroup=policy,
            **place,
        )
        figure.add_scatter(
            x=own["split"].map(splits.index) + shift,
            y=own[rate],
            mode="markers",
            marker={"size": 5, "color": "white", "line": {"width": 1, "color": "#222"}},
            legendgroup=policy,
            **place,
        )
