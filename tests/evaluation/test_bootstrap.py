import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import t

from sb3_memaug.evaluation.bootstrap import Scores, interquartile_mean, probability_of_improvement

MATRICES = st.tuples(st.integers(2, 6), st.integers(1, 6)).flatmap(
    lambda shape: arrays(float, shape, elements=st.floats(-1e3, 1e3))
)


def test_interquartile_mean_leaves_out_a_quarter_on_either_side():
    assert interquartile_mean(np.array([[-100.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 900.0]])).value == 3.5
    assert interquartile_mean(np.array([[1.0], [2.0], [6.0]])).value == 3.0


@settings(max_examples=50, deadline=None)
@given(MATRICES)
def test_interquartile_mean_is_that_of_rliable(scores):
    metrics = pytest.importorskip("rliable.metrics")
    assert interquartile_mean(scores, reps=2).value == pytest.approx(metrics.aggregate_iqm(scores), rel=1e-9, abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(MATRICES, st.integers(2, 6), st.integers(0, 9))
def test_probability_of_improvement_is_that_of_rliable(x, n_seeds, seed):
    metrics = pytest.importorskip("rliable.metrics")
    y = np.random.default_rng(seed).choice(x.ravel(), (n_seeds, x.shape[1]))
    assert probability_of_improvement(x, y).value == pytest.approx(metrics.probability_of_improvement(x, y))


def test_whoever_always_wins_improves_by_all_that_was_seen_and_equals_improve_by_a_half():
    worse = np.arange(6.0).reshape(3, 2)
    assert probability_of_improvement(worse + 10, worse).value == 1
    assert probability_of_improvement(worse, worse + 10).value == 0
    assert probability_of_improvement(np.ones((2, 3)), np.ones((4, 3))).value == 0.5
    assert probability_of_improvement(worse, worse).value == 0.5


def test_the_interval_of_an_improvement_is_the_score_interval_of_its_seeds():
    worse = np.arange(6.0).reshape(3, 2)
    _, low, high = probability_of_improvement(worse + 10, worse)
    # 1 - P is 1.96 times the root of P (1 - P) (1 + 2 (1 - P) / (2 - P) + 2 P / (1 + P)) / 9 away from 0.
    variance = low * (1 - low) * (1 + 2 * (1 - low) / (2 - low) + 2 * low / (1 + low)) / 9
    assert (1 - low) == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-5)
    assert high == 1
    mirrored = probability_of_improvement(worse, worse + 10)
    assert (mirrored.low, mirrored.high) == (0, pytest.approx(1 - low))
    # More tasks are no more seeds.
    assert probability_of_improvement(np.tile(worse + 10, 5), np.tile(worse, 5)).low == pytest.approx(low)
    # Runs in other environments are.
    both = probability_of_improvement([worse + 10] * 2, [worse] * 2)
    assert both.value == 1
    assert low < both.low < 1


def test_a_training_seed_is_drawn_with_all_its_tasks():
    """As many tasks as one likes, on which a seed always does as well, make no interval shorter."""
    seeds = np.array([[1.0], [2.0], [6.0]])
    one, many = interquartile_mean(seeds), interquartile_mean(np.tile(seeds, 8))
    # Two seeds are drawn at a time, of which the middle half is their mean either way.
    assert many.high - many.low == pytest.approx(one.high - one.low)
    assert many.high - many.low > 10


def test_the_interval_of_a_mean_is_that_of_student():
    """Of two or three scores nothing is cut off, and the standard error is the usual one."""
    for scores in (np.array([1.0, 5.0]), np.array([1.0, 2.0, 6.0])):
        n = len(scores)
        margin = t.ppf(0.975, n - 1) * scores.std(ddof=1) / np.sqrt(n)
        found = interquartile_mean(scores[:, None], reps=20_000)
        assert found[1:] == pytest.approx((scores.mean() - margin, scores.mean() + margin), rel=0.03)


def test_normalised_scores_carry_the_uncertainty_of_the_normalizer():
    scores, same = np.full((3, 2), 6.0), np.full(4, 2.0)
    assert interquartile_mean([Scores(scores, same)])[:] == (3.0, 3.0, 3.0)
    varied = np.array([1.0, 2.0, 3.0, 2.0])
    found = interquartile_mean([Scores(scores, varied)])
    assert found.value == 3.0
    assert found.low < 2 < 4 < found.high


def test_who_normalizes_itself_is_divided_by_the_same_draw():
    seeds = np.array([1.0, 5.0, 9.0])
    own = interquartile_mean([Scores(seeds[:, None], seeds, own=True)])
    assert own[:] == pytest.approx((1.0, 1.0, 1.0))
    other = interquartile_mean([Scores(seeds[:, None], seeds)])
    assert other.value == 1.0
    assert other.high - other.low > 1


def test_environments_are_drawn_by_themselves():
    """Four environments of two seeds each: the interval of their mean is that of eight seeds, not of two."""
    two = np.array([[0.0], [10.0]])
    margin = t.ppf(0.975, 4) * two.std(ddof=1) / np.sqrt(8)
    # Of eight scores the middle four are averaged; here of four environments with one drawn seed each, the middle two.
    found = interquartile_mean([Scores(two)] * 4, reps=4000)
    assert found.value == 5.0
    assert margin / 2 < found.high - found.value < 2 * margin
    assert interquartile_mean([Scores(two)]).high - 5 > 4 * (found.high - 5)


@pytest.mark.parametrize("n_seeds", [3, 5, 10])
def test_intervals_cover_what_they_say(n_seeds):
    """In simulated experiments, in which a seed differs by 10 and each of its tasks by 3 more."""
    rng = np.random.default_rng(n_seeds)
    covered = []
    for _ in range(200):
        scores = 100 + rng.normal(0, 10, (n_seeds, 1)) + rng.normal(0, 3, (n_seeds, 6))
        _, low, high = interquartile_mean(scores, reps=200)
        covered.append(low <= 100 <= high)
    # 0.95, give or take three standard errors of 200 experiments.
    assert 0.90 <= np.mean(covered) <= 0.995


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
