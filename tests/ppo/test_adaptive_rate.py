import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sb3_memaug.ppo.update import AdaptiveLearningRate


@pytest.mark.parametrize(
    ("kl", "expected"),
    [
        (0.0, 1.5e-3),
        (0.004999, 1.5e-3),
        (0.005, 1e-3),
        (0.01, 1e-3),
        (0.02, 1e-3),
        (0.020001, 1e-3 / 1.5),
        (math.inf, 1e-3 / 1.5),
        (-0.001, 1.5e-3),
    ],
)
def test_one_step_by_hand(kl, expected):
    rate = AdaptiveLearningRate(1e-3, desired_kl=0.01)
    assert rate.adapt(kl) == rate.rate == pytest.approx(expected, rel=1e-12)


def test_default_bounds():
    rate = AdaptiveLearningRate(1e-3, desired_kl=0.01)
    assert [rate.adapt(0.0) for _ in range(20)][-1] == 1e-2
    assert [rate.adapt(1.0) for _ in range(40)][-1] == 1e-5


def test_a_rate_at_a_bound_can_leave_it():
    rate = AdaptiveLearningRate(1.0, desired_kl=0.01, bounds=(0.5, 1.0))
    assert [rate.adapt(kl) for kl in (0.0, 1.0, 1.0, 1.0, 0.0)] == pytest.approx([1.0, 2 / 3, 0.5, 0.5, 0.75])


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(1e-4, 1e-3))
def test_the_rate_stays_within_its_bounds_and_moves_against_the_divergence(divergences, start):
    rate = AdaptiveLearningRate(start, desired_kl=0.01, bounds=(1e-4, 1e-3))
    for kl in divergences:
        before = rate.rate
        after = rate.adapt(kl)
        assert 1e-4 <= after <= 1e-3
        assert (after - before) * (0.01 - kl) >= 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate": 0.0, "desired_kl": 0.01}, "within its bounds 1e-05 to 0.01, got 0"),
        ({"rate": -1e-3, "desired_kl": 0.01}, "within its bounds 1e-05 to 0.01, got -0.001"),
        ({"rate": math.nan, "desired_kl": 0.01}, "within its bounds 1e-05 to 0.01, got nan"),
        ({"rate": 0.1, "desired_kl": 0.01}, "within its bounds 1e-05 to 0.01, got 0.1"),
        ({"rate": 1e-3, "desired_kl": 0.0}, "`desired_kl` must be positive, got 0"),
        ({"rate": 1e-3, "desired_kl": 0.01, "bounds": (0.0, 1.0)}, "within its bounds 0 to 1"),
        ({"rate": 1e-3, "desired_kl": 0.01, "bounds": (1e-2, 1e-5)}, "within its bounds 0.01 to 1e-05"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        AdaptiveLearningRate(**arguments)
