import numpy as np
import pytest

from sb3_memaug.evaluation.scores import by_environment, groups, normalise, score_matrix, together

from .return_tables import episodes

SAMPLED = {"deterministic": False}
ZEROED = {"memory": "zeroed"}


def normalised(*rows):
    scored = normalise(episodes(*rows))
    return scored["normalised_return"].tolist(), scored["normaliser"].unique().tolist(), set(scored["normalised_by"])


def test_returns_are_divided_by_what_memory_id_returns_on_id_tasks():
    values, normaliser, policies = normalised(
        ("E", "memory-id", 0, "id", "a", 30.0),
        ("E", "memory-id", 1, "id", "a", 50.0),
        ("E", "memory-id", 0, "ood", "b", 10.0),
        ("E", "memory-id", 0, "id", "a", 900.0, SAMPLED),
        ("E", "memory-id", 0, "id", "a", 0.0, ZEROED),
        ("E", "memory-aug", 0, "id", "a", 60.0),
    )
    assert (values, normaliser, policies) == ([0.75, 1.25, 0.25, 22.5, 0.0, 1.5], [40.0], {"memory-id"})


def test_without_memory_id_the_best_policy_on_id_tasks_stands_in():
    values, normaliser, policies = normalised(
        ("E", "a", 0, "id", "v", 20.0), ("E", "b", 0, "id", "v", 50.0), ("E", "a", 0, "ood", "w", 100.0)
    )
    assert (values, normaliser, policies) == ([0.4, 1.0, 2.0], [50.0], {"b"})


def test_each_environment_has_its_own_normaliser():
    values, normaliser, _ = normalised(("E", "a", 0, "id", "v", 20.0), ("F", "a", 0, "id", "v", 3.0))
    assert (values, normaliser) == ([1.0, 1.0], [20.0, 3.0])


def test_sampled_actions_normalise_where_there_are_no_others():
    assert normalised(("E", "a", 0, "id", "v", 20.0, SAMPLED))[1] == [20.0]


@pytest.mark.parametrize(("reference", "divides"), [(-20.0, False), (0.0, False), (24.9, False), (25.0, True)])
def test_what_is_negative_or_near_zero_divides_nothing(reference, divides):
    values, normaliser, _ = normalised(
        ("E", "memory-id", 0, "id", "a", reference), ("E", "memory-aug", 0, "ood", "b", -100.0)
    )
    assert normaliser == [reference]
    np.testing.assert_equal(values, [1.0, -4.0] if divides else [np.nan, np.nan])


def test_without_id_tasks_nothing_is_normalised():
    values, normaliser, policies = normalised(("E", "memory-id", 0, "none", "none", 5.0))
    np.testing.assert_equal((values, normaliser, policies), ([np.nan], [np.nan], {""}))


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
