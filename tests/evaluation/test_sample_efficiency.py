import numpy as np

from sb3_memaug.evaluation.sample_efficiency import sample_efficiency

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
