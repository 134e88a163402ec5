"""."""

import numpy as np
import pytest
from scipy.stats import t

from sb3_memaug.evaluation.bootstrap import Scores, interquartile_mean, probability_of_improvement
from sb3_memaug.evaluation.statistics import (
    by_environment,
    groups,
    improvement,
    mean_sample_efficiency,
    normalise,
    sample_efficiency,
    score_matrix,
    summary,
    together,
)

from .return_tables import episodes, learning, pd

SAMPLED = {"deterministic": False}
ZEROED = {"memory": "zeroed"}


def normalised(*rows):
    scored = normalise(episodes(*rows))
    return scored["normalised_return"].tolist(), scored["normalizer"].unique().tolist(), set(scored["normalised_by"])


def test_returns_are_divided_by_what_memory_id_returns_on_id_tasks():
    values, normalizer, policies = normalised(
        ("E", "memory-id", 0, "id", "a", 30.0),
        ("E", "memory-id", 1, "id", "a", 50.0),
        ("E", "memory-id", 0, "ood", "b", 10.0),
        ("E", "memory-id", 0, "id", "a", 900.0, SAMPLED),
        ("E", "memory-id", 0, "id", "a", 0.0, ZEROED),
        ("E", "memory-aug", 0, "id", "a", 60.0),
    )
    assert (values, normalizer, policies) == ([0.75, 1.25, 0.25, 22.5, 0.0, 1.5], [40.0], {"memory-id"})


def test_without_memory_id_the_best_policy_on_id_tasks_stands_in():
    values, normalizer, policies = normalised(
        ("E", "a", 0, "id", "v", 20.0), ("E", "b", 0, "id", "v", 50.0), ("E", "a", 0, "ood", "w", 100.0)
    )
    assert (values, normalizer, policies) == ([0.4, 1.0, 2.0], [50.0], {"b"})


def test_each_environment_has_its_own_normalizer():
    values, normalizer, _ = normalised(("E", "a", 0, "id", "v", 20.0), ("F", "a", 0, "id", "v", 3.0))
    assert (values, normalizer) == ([1.0, 1.0], [20.0, 3.0])


def test_sampled_actions_normalise_where_there_are_no_others():
    assert normalised(("E", "a", 0, "id", "v", 20.0, SAMPLED))[1] == [20.0]


@pytest.mark.parametrize(("reference", "divides"), [(-20.0, False), (0.0, False), (24.9, False), (25.0, True)])
def test_what_is_negative_or_near_zero_divides_nothing(reference, divides):
    values, normalizer, _ = normalised(
        ("E", "memory-id", 0, "id", "a", reference), ("E", "memory-aug", 0, "ood", "b", -100.0)
    )
    assert normalizer == [reference]
    np.testing.assert_equal(values, [1.0, -4.0] if divides else [np.nan, np.nan])


def test_without_id_tasks_nothing_is_normalised():
    values, normalizer, policies = normalised(("E", "memory-id", 0, "none", "none", 5.0))
    np.testing.assert_equal((values, normalizer, policies), ([np.nan], [np.nan], {""}))


def test_returns_must_be_finite_and_columns_there():
    with pytest.raises(ValueError, match=r"returns must be finite, got nan \(env E, policy a, training_seed 3\)"):
        normalise(episodes(("E", "a", 3, "id", "v", np.nan)))
    with pytest.raises(ValueError, match="these lack policy, success"):
        normalise(episodes(("E", "a", 0, "id", "v", 1.0)).drop(columns=["policy", "success"]))


def test_score_matrix_has_training_seeds_by_variations():
    matrix = score_matrix(
        episodes(
            *[
                ("E", "a", seed, "ood", variation, 10.0 * seed + i)
                for seed in (4, 2)
                for i, variation in enumerate("wv")
            ],
            ("E", "a", 2, "ood", "v", 31.0),
        )
    )
    assert matrix.to_numpy().tolist() == [[26.0, 20.0], [41.0, 40.0]]
    assert matrix.index.tolist() == [2, 4]
    assert matrix.columns.tolist() == [("E", "v"), ("E", "w")]


def test_a_training_seed_that_lacks_a_variation_is_named():
    rows = [("E", "a", 0, "ood", "v", 1.0), ("E", "a", 0, "ood", "w", 1.0), ("E", "a", 1, "ood", "v", 1.0)]
    with pytest.raises(ValueError, match="a, training seed 1, has no episode on w in E: evaluate it again"):
        score_matrix(episodes(*rows))


def test_groups_are_of_one_environment_and_then_of_all():
    table = episodes(
        ("E", "a", 0, "id", "v", 1.0),
        ("E", "a", 0, "id", "v", 1.0, SAMPLED),
        ("F", "a", 0, "id", "v", 1.0),
        ("E", "b", 0, "id", "v", 1.0),
    )
    assert [keys for keys, _ in by_environment(table)] == [
        ("E", "id", "a", True, "kept"),
        ("E", "id", "a", False, "kept"),
        ("F", "id", "a", True, "kept"),
        ("E", "id", "b", True, "kept"),
    ]
    # b knows one environment of two; sampled actions are of one only.
    assert [keys for keys, _ in together(table)] == [("all", "id", "a", True, "kept")]


def test_environments_with_more_training_seeds_lend_the_first_only():
    seeds = {"E": (3, 7), "F": (0, 1, 2)}
    rows = [(env, "a", seed, "id", "v", 1.0 * seed) for env in seeds for seed in seeds[env]]
    ((_, group),) = together(episodes(*rows))
    assert score_matrix(group).to_numpy().tolist() == [[3.0, 0.0], [7.0, 1.0]]


def test_what_cannot_be_normalised_is_in_no_group_of_all():
    rows = [(env, "a", 0, "id", "v", value) for env, value in (("E", 1.0), ("F", -1.0), ("G", 2.0))]
    *_, ((env, *_), group) = groups(normalise(episodes(*rows)))
    assert (env, group["env"].tolist()) == ("all", ["E", "G"])


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
        *["normalised_mean", "normalised_iqm", "normalised_low", "normalised_high", "normalizer", "normalised_by"],
        *["success_rate", "n_seeds", "n_episodes"],
    ]
    assert found["env"].tolist() == ["E", "E", "F", "F", "all", "all"]
    row = found.iloc[1]
    expected = interquartile_mean(np.array(RETURNS["E", "memory-aug"]), reps=100)
    assert (row["policy"], row["split"], row["deterministic"], row["memory"]) == ("memory-aug", "id", True, "kept")
    assert (row["mean"], row["iqm"], row["low"], row["high"]) == (21.0, *expected)
    assert (row["normalizer"], row["normalised_by"], row["n_seeds"], row["n_episodes"]) == (20.0, "memory-id", 2, 4)
    assert row["normalised_mean"] == 21 / 20
    # Of the normalizer too there are two seeds, whose mean returns are 15 and 25.
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
    assert row[["mean", "iqm", "low", "high", "normalizer"]].isna().all()
    assert (row["policy"], row["n_seeds"], row["n_episodes"]) == ("memory-aug", 2, 8)


def test_what_cannot_be_normalised_is_marked():
    negative = {("E", "memory-id"): [[-10.0, -20.0], [-20.0, -30.0]]}
    row = summary(table(negative), reps=10).iloc[0]
    assert (row["mean"], row["normalizer"]) == (-20.0, -20.0)
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


REFERENCE = [
    ("E", "memory-rand", 0, 0, 0.0, 0.0),
    ("E", "memory-rand", 0, 100, 92.0, 88.0),
    ("E", "memory-rand", 0, 200, 110.0, 110.0),
    ("E", "memory-rand", 1, 0, 0.0, 0.0),
    ("E", "memory-rand", 1, 100, 20.0, 20.0),
    ("E", "memory-rand", 1, 200, 100.0, 80.0),
]


def test_steps_are_counted_until_nine_tenths_of_what_memory_rand_ends_with():
    found = sample_efficiency(
        learning(
            *REFERENCE,
            ("E", "memory-aug", 0, 0, 0.0, 0.0),
            ("E", "memory-aug", 0, 50, 80.0, 100.0),
            ("E", "memory-aug", 0, 100, 80.0, 80.0),
            ("E", "memory-id", 0, 200, 170.0, 9.0),
        )
    )
    assert found.columns.tolist() == ["env", "policy", "training_seed", "target", "steps", "trained"]
    np.testing.assert_equal(
        found.to_numpy().tolist(),
        [
            ["E", "memory-rand", 0, 90.0, 100.0, 200],
            ["E", "memory-rand", 1, 90.0, 200.0, 200],
            ["E", "memory-aug", 0, 90.0, 50.0, 100],
            ["E", "memory-id", 0, 90.0, np.nan, 200],
        ],
    )


def test_rows_may_come_in_any_order():
    table = learning(*REFERENCE)
    shuffled = sample_efficiency(table.sample(frac=1, random_state=0)).sort_values("training_seed", ignore_index=True)
    assert shuffled.equals(sample_efficiency(table))


def test_without_memory_rand_or_a_positive_end_of_it_there_is_nothing_to_reach():
    assert sample_efficiency(learning(("E", "memory-aug", 0, 0, 1.0, 1.0))).empty
    assert sample_efficiency(learning(("E", "memory-rand", 0, 0, -1.0, -1.0))).empty


def test_each_environment_has_its_own_target():
    found = sample_efficiency(learning(*REFERENCE, ("F", "memory-rand", 0, 10, 1.0, 3.0)))
    assert found.groupby("env")["target"].first().to_dict() == {"E": 90.0, "F": 1.8}


def test_means_have_intervals_of_whole_seeds_of_the_policy_and_of_the_target():
    rows = [
        ("E", policy, seed, steps, value, value)
        for policy, speeds in (("memory-rand", (1.0, 1.1, 1.2)), ("memory-aug", (2.0, 3.0, 4.0)))
        for seed, speed in enumerate(speeds)
        for steps, value in ((100 * i, min(100.0, 10 * i * speed)) for i in range(21))
    ]
    found = mean_sample_efficiency(learning(*rows)).set_index("policy")
    runs = sample_efficiency(learning(*rows))
    # All end with 100, so that the target is 90 in every draw.
    steps = runs[runs["policy"] == "memory-aug"]["steps"]
    assert steps.tolist() == [500.0, 300.0, 300.0]
    margin = t.ppf(0.975, 2) * steps.std() / np.sqrt(3)
    aug = found.loc["memory-aug"]
    assert aug["steps"] == steps.mean()
    assert (aug["high"] - aug["steps"], aug["steps"] - aug["low"]) == pytest.approx((margin, margin), rel=0.1)
    assert aug["n_seeds"] == 3


def test_where_a_draw_does_not_get_there_a_mean_has_no_interval():
    rows = [*REFERENCE, *(("E", "memory-aug", seed, 100, value, value) for seed, value in enumerate((91.0, 92.0)))]
    found = mean_sample_efficiency(learning(*rows)).set_index("policy")
    assert found.loc["memory-aug", "steps"] == 100
    # Of the first seed of memory-rand alone the target is 99.
    assert np.isnan(found.loc["memory-aug", ["low", "high"]].astype(float)).all()
    never = mean_sample_efficiency(learning(*REFERENCE, ("E", "memory-id", 0, 100, 1.0, 1.0))).set_index("policy")
    assert np.isnan(never.loc["memory-id", "steps"])
    assert mean_sample_efficiency(learning(("E", "memory-aug", 0, 0, 1.0, 1.0))).empty
