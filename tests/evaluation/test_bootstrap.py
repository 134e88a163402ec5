import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sb3_memaug.evaluation.bootstrap import interquartile_mean, probability_of_improvement

MATRICES = st.tuples(st.integers(2, 6), st.integers(1, 6)).flatmap(
    lambda shape: arrays(float, shape, elements=st.floats(-1e3, 1e3))
)


def rliable_estimate(scores, statistic, reps):
    """Value and ends of the interval by rliable, which draws from NumPy's global generator."""
    library = pytest.importorskip("rliable.library")
    np.random.seed(0)
    values, intervals = library.get_interval_estimates({"": scores}, lambda *x: np.array([statistic(*x)]), reps=reps)
    return [*values[""], *intervals[""][:, 0]]


def test_interquartile_mean_leaves_out_a_quarter_on_either_side():
    assert interquartile_mean(np.array([[-100.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 900.0]])).value == 3.5
    assert interquartile_mean(np.array([[1.0], [2.0], [6.0]])).value == 3.0


@settings(max_examples=10, deadline=None)
@given(MATRICES)
def test_interquartile_mean_and_its_interval_are_those_of_rliable(scores):
    metrics = pytest.importorskip("rliable.metrics")
    expected = rliable_estimate(scores, metrics.aggregate_iqm, reps=50)
    np.testing.assert_allclose(interquartile_mean(scores, reps=50), expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(MATRICES, st.integers(2, 6), st.integers(0, 9))
def test_probability_of_improvement_is_that_of_rliable(x, n_seeds, seed):
    metrics = pytest.importorskip("rliable.metrics")
    y = np.random.default_rng(seed).choice(x.ravel(), (n_seeds, x.shape[1]))
    assert probability_of_improvement(x, y, reps=2).value == pytest.approx(metrics.probability_of_improvement(x, y))


def test_interval_of_an_improvement_is_about_that_of_rliable():
    metrics = pytest.importorskip("rliable.metrics")
    rng = np.random.default_rng(0)
    x, y = rng.normal(0.5, 1, (5, 4)), rng.normal(0, 1, (4, 4))
    expected = rliable_estimate([x, y], metrics.probability_of_improvement, reps=400)
    assert probability_of_improvement(x, y) == pytest.approx(expected, abs=0.03)


def test_whoever_always_wins_improves_surely_and_equals_improve_by_a_half():
    worse = np.arange(6.0).reshape(3, 2)
    assert probability_of_improvement(worse + 10, worse) == (1, 1, 1)
    assert probability_of_improvement(worse, worse + 10) == (0, 0, 0)
    assert probability_of_improvement(np.ones((2, 3)), np.ones((4, 3))) == (0.5, 0.5, 0.5)
    assert probability_of_improvement(worse, worse).value == 0.5


def test_tasks_are_compared_with_themselves_only():
    x, y = np.array([[1.0, 100.0], [1.0, 100.0]]), np.array([[2.0, 101.0], [0.0, 101.0]])
    assert probability_of_improvement(x, y).value == 0.25


def test_the_same_scores_give_the_same_interval_and_leave_numpy_as_it_was():
    scores = np.random.default_rng(1).random((5, 3))
    np.random.seed(3)
    before = np.random.get_state()[1].tolist()
    assert interquartile_mean(scores) == interquartile_mean(scores)
    assert probability_of_improvement(scores, scores[:2]) == probability_of_improvement(scores, scores[:2])
    assert np.random.get_state()[1].tolist() == before


def test_one_training_seed_has_no_interval():
    one, two = np.ones((1, 4)), np.zeros((2, 4))
    np.testing.assert_equal(interquartile_mean(one)[:], (1.0, np.nan, np.nan))
    np.testing.assert_equal(probability_of_improvement(one, two)[:], (1.0, np.nan, np.nan))
