"""How policies do on ID and on OOD tasks, in every experiment and in all, as in the paper's Figure 4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sb3_memaug.evaluation.bootstrap import middle_mean
from sb3_memaug.evaluation.statistics import ALL, KEYS, groups, normalise, score_matrix
from sb3_memaug.report.figures.common import Chart, show_each_policy_once, training_seeds
from sb3_memaug.report.run_tables import RunTables
from sb3_memaug.report.style import colors_of, env_title, plain, style

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

COLUMNS = 3
SPLITS = {"id": "ID", "ood": "OOD"}
#: Of the bars of a split together; splits are 1 apart.
WIDTH = 0.84
#: What is drawn; where there is none, returns.
NORMALISED = "normalised_return"
#: In place of a training seed: of all together.
ALL_SEEDS = "all"


def charts(tables: RunTables, summarized: pd.DataFrame) -> list[Chart]:
    """
    :param tables: of the runs
    :param summarized: :func:`~sb3_memaug.evaluation.statistics.summary` of their episodes
    :return: one chart, a panel for each experiment and one for all together
    """
    episodes = tables.episodes
    if episodes.empty:
        return []
    episodes = episodes[(episodes["memory"] == "kept") & episodes["split"].isin(SPLITS)]
    if not episodes["deterministic"].any():
        return []
    data = _data(normalise(tables.episodes).loc[episodes.index], summarized)
    figure = _figure(data[data["deterministic"]], colors_of(tables.episodes["policy"]))
    return [Chart("id-ood-returns", "Returns on ID and on OOD tasks", _caption(episodes, data), figure, data)]


def _data(scored: pd.DataFrame, summarized: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    table = []
    estimates = summarized.set_index(list(KEYS))
    for keys, rows in groups(scored):
        group = {name: value for name, value in zip(KEYS, keys, strict=True) if name != "memory"}
        unit = NORMALISED if rows[NORMALISED].notna().all() else "episode_return"
        scores = score_matrix(rows, unit)
        unit_columns = {"unit": unit, "normalised_by": ", ".join(rows["normalised_by"].unique())}
        names = ("iqm", "low", "high")
        of_all = estimates.loc[keys, [f"normalised_{name}" if unit == NORMALISED else name for name in names]]
        pooled = dict(zip(("value", "low", "high"), of_all, strict=True))
        table.append({**group, "training_seed": ALL_SEEDS, **pooled, **unit_columns, "n_seeds": len(scores)})
        for seed, of_seed in zip(scores.index, scores.to_numpy(), strict=True):
            value = middle_mean(of_seed)
            table.append({**group, "training_seed": str(seed), "value": value, **unit_columns, "n_seeds": 1})
    return pd.DataFrame(table)


def _figure(data: pd.DataFrame, colors: dict[str, str]) -> go.Figure:
    from plotly.subplots import make_subplots

    envs = list(data["env"].unique())
    n_columns, n_rows = min(COLUMNS, len(envs)), -(-len(envs) // COLUMNS)
    height = 100 + 240 * n_rows
    figure = make_subplots(
        n_rows,
        n_columns,
        subplot_titles=[_title(env, data) for env in envs],
        horizontal_spacing=0.07,
        vertical_spacing=84 / (height - 130) if n_rows > 1 else 0,
    )
    style(figure, height, width=960 if n_columns == COLUMNS else 120 + 420 * n_columns)
    figure.update_layout(margin={"t": 100, "b": 36}, bargap=0, legend={"itemsizing": "constant"})
    policies = [policy for policy in colors if policy in set(data["policy"])]
    for i, env in enumerate(envs):
        where = {"row": i // COLUMNS + 1, "col": i % COLUMNS + 1}
        here = data[data["env"] == env]
        for k, policy in enumerate(policies):
            rows = here[here["policy"] == policy]
            if len(rows):
                for trace in _traces(rows, (k + 0.5) / len(policies) - 0.5, 1 / len(policies), colors[policy]):
                    figure.add_trace(trace, **where)
        normalised = (here["unit"] == NORMALISED).all()
        figure.update_xaxes(tickvals=[0, 1], ticktext=list(SPLITS.values()), range=[-0.5, 1.5], ticks="", **where)
        figure.add_hline(1 if normalised else 0, line={"width": 1, "dash": "dot", "color": "#333"}, **where)
        # Of normalised returns the same in all panels, so that they can be compared.
        low, high = _axis(data[data["unit"] == NORMALISED] if normalised else here)
        figure.update_yaxes(range=[low - 0.05 * (high - low) * (low < 0), high + 0.05 * (high - low)], **where)
        if not normalised or i % COLUMNS == 0:
            title = {"text": "normalised return" if normalised else "return, not normalised", "font": {"size": 13}}
            figure.update_yaxes(title=title, title_standoff=6, **where)
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(nticks=6)
    show_each_policy_once(figure)
    return figure


def _axis(rows: pd.DataFrame) -> tuple[float, float]:
    """From zero to what is drawn; of intervals as much as does not dwarf the bars."""
    low, high = min(rows["value"].min(), 0), max(rows["value"].max(), 0)
    room = 0.5 * (high - low)
    return max(min(low, rows["low"].min()), low - room), min(max(high, rows["high"].max()), high + room)


def _title(env: str, data: pd.DataFrame) -> str:
    if env != ALL:
        return plain(env_title(env)).replace(", ", "<br>")
    of_envs = data[data["env"] != ALL]
    n_envs = of_envs["env"].nunique()
    n_normalised = of_envs.loc[of_envs["unit"] == NORMALISED, "env"].nunique()
    return "All experiments" if n_normalised == n_envs else f"{n_normalised} of {n_envs} experiments"


def _traces(rows: pd.DataFrame, centre: float, width: float, color: str) -> list[Any]:
    """Of a policy in a panel; where it stands beside the middle of a split, and how wide, in shares of the split's."""
    import plotly.graph_objects as go

    place = {split: i + WIDTH * centre for i, split in enumerate(SPLITS)}
    bars, dots = (rows[(rows["training_seed"] == ALL_SEEDS) == pooled] for pooled in (True, False))
    pattern = {"shape": ["/" if split == "ood" else "" for split in bars["split"]], "fillmode": "replace"}
    interval = {"array": bars["high"] - bars["value"], "arrayminus": bars["value"] - bars["low"]}
    policy = rows["policy"].iloc[0]
    return [
        go.Bar(
            x=bars["split"].map(place),
            y=bars["value"],
            width=WIDTH * width * 0.9,
            error_y={**interval, "thickness": 1.4, "width": 3, "color": "#222"},
            marker={
                "color": color,
                "line": {"color": color, "width": 1},
                "pattern": {**pattern, "size": 5, "solidity": 0.45},
            },
            legendgroup=policy,
        ),
        go.Scatter(
            # Beside the interval.
            x=dots["split"].map(place) - WIDTH * width * 0.25,
            y=dots["value"],
            text="training seed " + dots["training_seed"],
            mode="markers",
            marker={"size": 4.5, "color": "white", "line": {"color": "#222", "width": 1}},
            legendgroup=policy,
        ),
    ]


def _caption(episodes: pd.DataFrame, data: pd.DataFrame) -> str:
    pooled = data[data["deterministic"] & (data["training_seed"] == ALL_SEEDS) & (data["env"] != ALL)]
    references = ", ".join(pooled.loc[pooled["unit"] == NORMALISED, "normalised_by"].unique())
    divided = f", divided by the mean return of {references} on the ID tasks of the experiment" if references else ""
    sentences = [
        f"Interquartile mean of returns{divided}, over variations and {training_seeds(episodes)}, with its 95 % "
        "interval over whole training seeds, those of the normalizer too; a dot is a training seed.",
        "Solid bars: ID, hatched: OOD; mean actions.",
    ]
    if pooled["n_seeds"].min() == 1:
        sentences.append("One training seed has no interval.")
    if pooled["n_seeds"].min() < 4:
        sentences.append("Of so few seeds an interval may be longer than the axis.")
    if not data["deterministic"].all():
        sentences.append("The table has sampled actions too.")
    if (pooled["unit"] != NORMALISED).any():
        sentences.append(
            "Returns are not normalised where they would be divided by a number that is negative or near zero."
        )
    return " ".join(sentences)
