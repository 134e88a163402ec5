"""The tables of a report: what the figures show, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sb3_memaug.evaluation.statistics import ALL, TARGET_POLICY, TARGET_SHARE, mean_sample_efficiency, sample_efficiency
from sb3_memaug.report.run_tables import RUN
from sb3_memaug.report.style import env_title, policies_in_order, slug

if TYPE_CHECKING:
    import pandas as pd

SPLITS = {"none": "nothing wrong", "id": "ID", "ood": "OOD"}


class Column(NamedTuple):
    """
    :param heading: above it
    :param key: of the column of the data
    :param format: of its numbers, as of ``str.format``; text has none
    :param interval: keys of the ends of an interval around them
    """

    heading: str
    key: str
    format: str = ""
    interval: tuple[str, str] | None = None


class Table(NamedTuple):
    """
    :param name: of the file that its numbers are written to: lower case, with hyphens
    :param title: above it
    :param caption: what is particular about it, if anything
    :param columns: that are shown, the first of them naming the row
    :param data: the numbers, and more of them where more are known
    """

    name: str
    title: str
    caption: str
    columns: list[Column]
    data: pd.DataFrame


def summary_tables(summarized: pd.DataFrame) -> list[Table]:
    """
    :param summarized: what :func:`~sb3_memaug.evaluation.statistics.summary` returns
    :return: a table for each environment, a row for each policy; before them one for all environments together
    """
    shown = _mean_actions(summarized[summarized["memory"] == "kept"])
    return [_summary(env, shown[shown["env"] == env]) for env in _all_first(shown["env"])]


def _summary(env: str, rows: pd.DataFrame) -> Table:
    data = _wide(rows, "policy", "split")
    splits = [split for split in SPLITS if f"mean_{split}" in data]
    varied = [split for split in splits if split != "none"] or splits
    columns = [Column("policy", "policy")]
    if env != ALL:
        columns += [Column(f"mean, {SPLITS[split]}", f"mean_{split}", "{:.1f}") for split in splits]
        columns += [
            Column(f"IQM, {SPLITS[split]}", f"iqm_{split}", "{:.1f}", (f"low_{split}", f"high_{split}"))
            for split in varied
        ]
    if rows["normalised_iqm"].notna().any():
        columns += [
            Column(
                f"normalised IQM, {SPLITS[split]}",
                f"normalised_iqm_{split}",
                "{:.2f}",
                # Of one experiment they are those of the returns, divided by the same number.
                (f"normalised_low_{split}", f"normalised_high_{split}") if env == ALL else None,
            )
            for split in varied
        ]
    if env != ALL and rows["success_rate"].notna().any():
        columns += [Column(f"success, {SPLITS[split]}", f"success_rate_{split}", "{:.0%}") for split in splits]
    seeds = " to ".join(str(n) for n in sorted({rows["n_seeds"].min(), rows["n_seeds"].max()}))
    caption = f"Training seeds: {seeds}. Actions: {'mean' if rows['deterministic'].all() else 'sampled'}"
    if rows["normalised_iqm"].notna().any():
        caption += f". Normalised by: mean return of {rows['normalised_by'].iloc[0]} on ID tasks"
    return Table(f"summary-{slug(env_title(env))}", _title(env), f"{caption}.", columns, data)


def improvement_tables(pairs: pd.DataFrame) -> tuple[list[Table], list[Table]]:
    """
    :param pairs: what :func:`~sb3_memaug.evaluation.statistics.improvement` returns
    :return: a matrix for each split: of all environments together, and of each where there are several
    """
    tables: dict[bool, list[Table]] = {True: [], False: []}
    for env in _all_first(pairs["env"]):
        for split in SPLITS:
            rows = pairs[(pairs["env"] == env) & (pairs["split"] == split)]
            if rows.empty:
                continue
            data = _wide(rows, "x", "y")
            columns = [Column("policy", "x")] + [
                Column(f"over {y}", f"probability_{y}", "{:.2f}", (f"low_{y}", f"high_{y}")) for y in data["x"]
            ]
            title = f"{_title(env)}, {SPLITS[split]} tasks"
            tables[env == ALL].append(Table(f"improvement-{slug(env_title(env))}-{split}", title, "", columns, data))
    return (tables[True], tables[False]) if tables[True] else (tables[False], [])


def memory_tables(summarized: pd.DataFrame) -> list[Table]:
    """
    :param summarized: what :func:`~sb3_memaug.evaluation.statistics.summary` returns
    :return: what policies lose when their memory is zeroed before every step; none if that was never done
    """
    rows = _mean_actions(summarized[summarized["env"] != ALL])
    keys = ["env", "policy", "split"]
    kept, zeroed = (rows[rows["memory"] == memory].set_index(keys)["mean"] for memory in ("kept", "zeroed"))
    data = kept.to_frame("kept").join(zeroed.to_frame("zeroed"), how="inner").reset_index()
    if data.empty:
        return []
    data["cost"], data["tasks"] = data["kept"] - data["zeroed"], data["split"].map(SPLITS)
    columns = [
        Column("experiment", "experiment"),
        Column("policy", "policy"),
        Column("tasks", "tasks"),
        *(Column(f"memory {name}", name, "{:.1f}") for name in ("kept", "zeroed")),
        Column("cost", "cost", "{:.1f}"),
    ]
    caption = "Mean returns of policies as they are, and with their memory set to zero before every step."
    return [Table("zeroed-memory", "What the memory is worth", caption, columns, _titled(data))]


def efficiency_tables(learning: pd.DataFrame) -> list[Table]:
    """
    :param learning: of the runs
    :return: steps until policies are as good as :data:`~sb3_memaug.evaluation.statistics.TARGET_POLICY`; none if
        there is nothing to compare with
    """
    runs = learning if learning.empty else sample_efficiency(learning)
    if runs.empty:
        return []
    groups = runs.groupby(["env", "policy"], sort=False)
    data = groups.agg(target=("target", "first"), n_reached=("steps", "count"), n_seeds=("steps", "size")).reset_index()
    # A mean over those only that got there would flatter.
    means = mean_sample_efficiency(learning).drop(columns="n_seeds")
    data = data.merge(means, on=["env", "policy"], how="left")
    data["reached"] = data["n_reached"].astype(str) + " of " + data["n_seeds"].astype(str)
    columns = [
        Column("experiment", "experiment"),
        Column("policy", "policy"),
        Column("return to reach", "target", "{:.1f}"),
        Column("reached by", "reached"),
        Column("steps, mean", "steps", "{:,.0f}", ("low", "high")),
    ]
    caption = (
        f"The return to reach is {TARGET_SHARE:.0%} of what {TARGET_POLICY} ends with, the mean of ID and OOD tasks. "
        f"The interval is the 95 % one over training seeds, those of {TARGET_POLICY} too, where every draw of "
        "them gets there."
    )
    return [Table("sample-efficiency-steps", "Steps to reach it", caption, columns, _titled(data))]


def runs_tables(learning: pd.DataFrame) -> list[Table]:
    """
    :param learning: of the runs
    :return: how long each trained and how fast; none if no run has recorded it
    """
    if learning.empty:
        return []
    data = learning.groupby(RUN, sort=False)[["timesteps", "seconds"]].max().reset_index()
    data["minutes"] = data["seconds"] / 60
    data["steps_per_second"] = data["timesteps"] / data["seconds"]
    columns = [
        Column("experiment", "experiment"),
        Column("policy", "policy"),
        Column("seed", "training_seed", "{:d}"),
        Column("steps", "timesteps", "{:,.0f}"),
        Column("minutes", "minutes", "{:.1f}"),
        Column("steps/s", "steps_per_second", "{:,.0f}"),
    ]
    return [Table("runs", "Runs", "", columns, _titled(data))]


def _titled(data: pd.DataFrame) -> pd.DataFrame:
    """Experiments one after the other, with their titles, and in each the policies in order."""
    place = policies_in_order(data["policy"]).index
    ordered = data.assign(place=data["policy"].map(place)).sort_values(["env", "place"], kind="stable")
    return ordered.drop(columns="place").assign(experiment=data["env"].map(env_title)).reset_index(drop=True)


def _wide(rows: pd.DataFrame, index: str, columns: str) -> pd.DataFrame:
    """A row for each policy, in order, with columns such as ``mean_ood``."""
    data = rows.pivot(index=index, columns=columns)
    data.columns = [f"{name}_{key}" for name, key in data.columns]
    return data.loc[policies_in_order(data.index)].reset_index()


def _mean_actions(rows: pd.DataFrame) -> pd.DataFrame:
    """Where both were measured, a policy is judged by its mean actions."""
    return rows[rows["deterministic"] == rows.groupby("env")["deterministic"].transform("max")]


def _all_first(envs: pd.Series) -> list[str]:
    return sorted(envs.drop_duplicates(), key=lambda env: env != ALL)


def _title(env: str) -> str:
    return "All experiments together" if env == ALL else env_title(env)
