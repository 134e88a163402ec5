import numpy as np
import pytest

from sb3_memaug.evaluation.bootstrap import Scores, interquartile_mean, probability_of_improvement
from sb3_memaug.evaluation.statistics import improvement, summary

from .return_tables import episodes, pd

#: Returns of two training seeds (rows) on two variations (columns), by environment and policy.
RETURNS = {
    ("E", "memory-id"): [[10.0, 20.0], [20.0, 30.0]],
    ("E", "memory-aug"): [[12.0, 40.0], [24.0, 8.0]],
    ("F", "memory-id"): [[1.0, 1.0], [1.0, 1.0]],
    ("F", "memory-aug"): [[2.0, 0.5], [2.5, 1.0]],
}


def table(returns=RETURNS, split="id", **rest):
    return episodes(
        *[
            (env, policy, seed, split, variation, value, rest)
            for (env, policy), rows in returns.items()
            for seed, row in enumerate(rows)
            for variation, value in zip("vw", row, strict=True)
        ]
    )


def test_summary_has_a_row_for_each_group_and_for_all_environments():
    found = summary(table(), reps=100)
    assert found.columns.tolist() == [
        *["env", "split", "policy", "deterministic", "memory", "mean", "iqm", "low", "high"],
        *["normalised_mean", "normalised_iqm", "normalised_low", "normalised_high", "normaliser", "normalised_by"],
        *["success_rate", "n_seeds", "n_episodes"],
    ]
    assert found["env"].tolist() == ["E", "E", "F", "F", "all", "all"]
    row = found.iloc[1]
    expected = interquartile_mean(np.array(RETURNS["E", "memory-aug"]), reps=100)
    assert (row["policy"], row["split"], row["deterministic"], row["memory"]) == ("memory-aug", "id", True, "kept")
    assert (row["mean"], row["iqm"], row["low"], row["high"]) == (21.0, *expected)
    assert (row["normaliser"], row["normalised_by"], row["n_seeds"], row["n_episodes"]) == (20.0, "memory-id", 2, 4)
    assert row["normalised_mean"] == 21 / 20
    # Of the normaliser too there are two seeds, whose mean returns are 15 and 25.
    scores = Scores(np.array(RETURNS["E", "memory-aug"]), np.array([15.0, 25.0]))
    expected = interquartile_mean([scores], reps=100)
    assert [row["normalised_iqm"], row["normalised_low"], row["normalised_high"]] == [*expected]
    own = Scores(np.array(RETURNS["E", "memory-id"]), np.array([15.0, 25.0]), own=True)
    expected = interquartile_mean([own], reps=100)
    assert [found.iloc[0][f"normalised_{name}"] for name in ("iqm", "low", "high")] == [*expected]


def test_of_all_environments_normalised_returns_are_told_on_all_variations():
    row = summary(table(), reps=100).iloc[-1]
    normalised = np.hstack([np.array(RETURNS["E", "memory-aug"]) / 20, RETURNS["F", "memory-aug"]])
    scores = [
        Scores(np.array(RETURNS["E", "memory-aug"]), np.array([15.0, 25.0])),
        Scores(np.array(RETURNS["F", "memory-aug"]), np.array([1.0, 1.0])),
    ]
    expected = interquartile_mean(scores, reps=100)
    assert row[["normalised_mean", *(f"normalised_{x}" for x in ("iqm", "low", "high"))]].tolist() == pytest.approx(
        [normalised.mean(), *expected]
    )
    assert row[["mean", "iqm", "low", "high", "normaliser"]].isna().all()
    assert (row["policy"], row["n_seeds"], row["n_episodes"]) == ("memory-aug", 2, 8)


def test_what_cannot_be_normalised_is_marked():
    negative = {("E", "memory-id"): [[-10.0, -20.0], [-20.0, -30.0]]}
    row = summary(table(negative), reps=10).iloc[0]
    assert (row["mean"], row["normaliser"]) == (-20.0, -20.0)
    assert row[["normalised_mean", "normalised_iqm", "normalised_low", "normalised_high"]].isna().all()


def test_success_is_counted_where_there_is_a_target():
    rows = table({("E", "a"): [[1.0, 1.0], [1.0, 1.0]]})
    assert np.isnan(summary(rows, reps=10)["success_rate"]).all()
    assert summary(rows.assign(success=[True, False, None, True]), reps=10)["success_rate"].tolist() == [2 / 3]


def test_ways_of_acting_are_told_apart_and_divided_by_the_same():
    both = pd.concat([table(), table({key: np.array(rows) / 2 for key, rows in RETURNS.items()}, deterministic=False)])
    found = summary(both, reps=10)
    of_e = found[(found["env"] == "E") & (found["policy"] == "memory-id")]
    assert of_e[["deterministic", "normalised_mean"]].to_numpy().tolist() == [[True, 1.0], [False, 0.5]]


def test_improvement_tells_both_orders_of_each_pair():
    found = improvement(table())
    assert found.columns.tolist() == ["env", "split", "x", "y", "probability", "low", "high", "n_seeds_x", "n_seeds_y"]
    assert found["env"].tolist() == ["E", "E", "F", "F", "all", "all"]
    value, low, high = probability_of_improvement(
        np.array(RETURNS["E", "memory-id"]), np.array(RETURNS["E", "memory-aug"])
    )
    assert found.iloc[0].tolist() == ["E", "id", "memory-id", "memory-aug", value, low, high, 2, 2]
    assert found.iloc[1].tolist() == ["E", "id", "memory-aug", "memory-id", 1 - value, 1 - high, 1 - low, 2, 2]


def test_improvement_over_all_environments_compares_each_with_itself():
    found = improvement(table())
    by_env = found[found["x"] == "memory-aug"].set_index("env")["probability"]
    assert by_env["all"] == (by_env["E"] + by_env["F"]) / 2
    assert by_env["F"] == (1.0 + 0.25) / 2


def test_improvement_leaves_out_sampled_actions_zeroed_memory_and_tasks_without_variation():
    rest = [table(deterministic=False), table(memory="zeroed"), table(split="none")]
    pd.testing.assert_frame_equal(improvement(pd.concat([table(), *rest])), improvement(table()))
    assert improvement(table(split="none")).empty


def test_policies_that_saw_different_variations_are_not_compared():
    rows = episodes(("E", "a", 0, "ood", "v", 1.0), ("E", "b", 0, "ood", "w", 1.0))
    with pytest.raises(ValueError, match="in E a and b were evaluated on different ood ones"):
        improvement(rows)


def test_of_no_episodes_there_is_nothing_to_tell():
    nothing = pd.DataFrame(columns=["env", "policy", "training_seed"])
    for told in (summary, improvement):
        assert told(nothing).empty
        assert told(nothing).columns.equals(told(table()).columns)
