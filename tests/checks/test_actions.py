import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from sb3_memaug.checks.probe import MAX_ACTION, draw_actions, neutral_action, single_action

BOUND = st.one_of(st.floats(-1e6, 1e6, width=32), st.sampled_from([-np.inf, np.inf]))


@given(st.lists(st.tuples(BOUND, BOUND), min_size=1, max_size=4), st.integers(0, 99))
def test_actions_are_within_the_bounds(bounds, seed):
    low, high = (np.array(ends, dtype=np.float32) for ends in zip(*map(sorted, bounds), strict=True))
    low, high = np.where(low == np.inf, -np.inf, low), np.where(high == -np.inf, np.inf, high)
    space = spaces.Box(low, high, dtype=np.float32)
    actions = draw_actions(space, np.random.default_rng(seed), 20)
    assert actions.shape == (20, *low.shape) and actions.dtype == np.float32
    assert all(action in space for action in actions) and neutral_action(space) in space
    singles = [single_action(space, neutral_action(space), i, sign) for i in range(len(low)) for sign in (1, -1)]
    assert all(action in space for action in singles)


@pytest.mark.parametrize(
    ("bound", "smallest", "largest"), [(0.4, 0.4, 0.4), (1, 1, 1), (100, 1, 100), (np.inf, 1, 1), (1e9, 1, MAX_ACTION)]
)
def test_actions_are_as_large_as_a_policy_makes_them_or_up_to_the_bounds(bound, smallest, largest):
    space = spaces.Box(-bound, bound, (3,), np.float64)
    sizes = [np.abs(draw_actions(space, np.random.default_rng(seed), 200)).max() for seed in range(100)]
    assert 0.9 * smallest < min(sizes) < 2 * smallest
    assert 0.5 * largest < max(sizes) <= largest


def test_the_neutral_action_is_the_nearest_to_zero():
    space = spaces.Box(np.array([-1.0, 2.0, -5.0]), np.array([1.0, 3.0, -4.0]), dtype=np.float64)
    np.testing.assert_array_equal(neutral_action(space), [0, 2, -4])


def test_a_single_action_moves_one_entry():
    space = spaces.Box(-1.0, 1.0, (2, 2), np.float32)
    np.testing.assert_array_equal(single_action(space, np.zeros((2, 2)), 2, -1), [[0, 0], [-0.5, 0]])
    np.testing.assert_array_equal(single_action(spaces.Box(-100, 100, (2,)), np.array((3, 36)), 1, 1), [3, 40])
    edge = spaces.Box(np.array([0.0, -1.0]), np.array([1.0, 0.2]), dtype=np.float64)
    np.testing.assert_allclose(single_action(edge, np.zeros(2), 0, 1), [0.5, 0])
    np.testing.assert_allclose(single_action(edge, np.zeros(2), 1, -1), [0, -0.1])
