import pytest

pytest.importorskip("pandas")
pytest.importorskip("rliable")
import pandas as pd

from sb3_memaug.evaluation.statistics import improvement, summary
from sb3_memaug.report.tables import (
    efficiency_tables,
    improvement_tables,
    memory_tables,
    runs_tables,
    summary_tables,
)

from .made_up_runs import ENVS, POLICIES


@pytest.fixture(scope="module")
def summarized(tables):
    return summary(tables.episodes, reps=200)


def shown(table):
    return [column.heading for column in table.columns]


def test_each_experiment_has_a_summary_and_all_of_them_too(summarized):
    first, *others = summary_tables(summarized)
    assert (first.name, first.title) == ("summary-all", "All experiments together")
    assert shown(first) == ["policy", "normalised IQM, ID", "normalised IQM, OOD"]
    assert sorted(table.name for table in others) == [
        "summary-minitaur-position-joint-failure-mujoco",
        "summary-minitaur-position-payload-mujoco",
        "summary-minitaur-velocity-joint-failure-mujoco",
        "summary-minitaur-velocity-payload-mujoco",
    ]
    for table in others:
        assert tuple(table.data["policy"]) == POLICIES
        assert ("success, OOD" in shown(table)) == ("position" in table.name)
        assert shown(table)[1:6] == ["mean, nothing wrong", "mean, ID", "mean, OOD", "IQM, ID", "IQM, OOD"]


def test_a_summary_shows_the_means_of_episodes_with_their_memory(tables, summarized):
    table = next(table for table in summary_tables(summarized) if table.name.endswith("velocity-payload-mujoco"))
    episodes = tables.episodes[(tables.episodes["env"] == ENVS[1]) & (tables.episodes["memory"] == "kept")]
    for column in table.columns[1:4]:
        expected = episodes[episodes["split"] == column.key.removeprefix("mean_")].groupby("policy")["episode_return"]
        assert table.data.set_index("policy")[column.key].to_dict() == pytest.approx(expected.mean().to_dict())


def test_without_a_second_experiment_there_is_no_table_of_all(tables):
    episodes = tables.episodes[tables.episodes["env"] == ENVS[0]]
    assert [table.name for table in summary_tables(summary(episodes, reps=50))] == [
        "summary-minitaur-velocity-joint-failure-mujoco"
    ]
    together, apart = improvement_tables(improvement(episodes))
    assert [table.name[-3:] for table in together] == ["-id", "ood"]
    assert apart == []


def test_policies_are_compared_in_a_matrix(tables):
    pairs = improvement(tables.episodes)
    together, apart = improvement_tables(pairs)
    assert [table.name for table in together] == ["improvement-all-id", "improvement-all-ood"]
    assert len(apart) == 8
    matrix = together[1].data.set_index("x")
    assert shown(together[1]) == ["policy", *(f"over {policy}" for policy in POLICIES)]
    assert tuple(matrix.index) == POLICIES
    pair = pairs.query("env == 'all' and split == 'ood' and x == 'memory-aug' and y == 'baseline-id'")
    assert matrix.loc["memory-aug", "probability_baseline-id"] == pair["probability"].item()
    assert matrix.loc["memory-aug", "low_baseline-id"] == pair["low"].item()


def test_what_a_zeroed_memory_costs_is_the_difference(tables, summarized):
    (table,) = memory_tables(summarized)
    assert set(table.data["policy"]) == set(POLICIES[:3])
    assert len(table.data) == 4 * 3 * 3
    row = table.data.query(f"env == '{ENVS[2]}' and policy == 'memory-id' and split == 'ood'")
    episodes = tables.episodes.query(f"env == '{ENVS[2]}' and policy == 'memory-id' and split == 'ood'")
    kept, zeroed = episodes.groupby("memory")["episode_return"].mean()
    assert row[["kept", "zeroed", "cost"]].to_numpy()[0] == pytest.approx([kept, zeroed, kept - zeroed])
    assert memory_tables(summarized[summarized["memory"] == "kept"]) == []


def test_runs_tell_how_fast_they_were(tables):
    (table,) = runs_tables(tables.learning)
    assert len(table.data) == 48
    assert set(table.data["minutes"].round(6)) == {round(215 / 60, 6)}
    assert set(table.data["steps_per_second"]) == {300_000 / 215}
    assert tuple(table.data["policy"].drop_duplicates()) == POLICIES
    assert runs_tables(tables.latents.iloc[:0]) == []


def test_steps_are_told_only_where_every_seed_got_there():
    returns = {("memory-rand", 0): (5, 10), ("memory-rand", 1): (5, 10), ("late", 0): (1, 9), ("late", 1): (1, 2)}
    learning = pd.DataFrame(
        [
            {
                **{"env": "Walker-v0", "policy": policy, "training_seed": seed, "split": split},
                **{"timesteps": 1000 * (i + 1), "seconds": 1.0, "episode_return": float(values[i])},
            }
            for (policy, seed), values in returns.items()
            for i in range(2)
            for split in ("id", "ood")
        ]
    )
    (table,) = efficiency_tables(learning)
    rows = table.data.set_index("policy")
    assert rows["reached"].to_dict() == {"memory-rand": "2 of 2", "late": "1 of 2"}
    assert rows.loc["memory-rand", "steps"] == 2000
    assert pd.isna(rows.loc["late", "steps"])
    assert efficiency_tables(learning[learning["policy"] == "late"]) == []
