import numpy as np
import pytest
from scipy.stats import t

from sb3_memaug.evaluation.sample_efficiency import mean_sample_efficiency, sample_efficiency

from .return_tables import learning

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
