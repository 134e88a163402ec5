import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.envs.tasks import POSITION_WEIGHTS, PositionTask
from sb3_memaug.robots import Motion
from sb3_memaug.symmetry import Reflection, group_of_terms

REFLECTIONS = {"left_right": Reflection("sagittal"), "front_back": Reflection("transverse")}
STILL = np.zeros(8)
LATE = 7.9


def motion(position=(0.0, 0.0), velocity=(0.0, 0.0, 0.0), heading=0.0, gravity=(0.0, 0.0, -1.0), joints=STILL):
    return Motion(velocity, (0.0, 0.0, 0.0), gravity, heading, (*position, 0.16), joints, joints)


def targeting(*target, time=0.0, **kwargs):
    task = PositionTask(**kwargs)
    task.target, task.time = target, time
    return task


def rewards(task, *, action=STILL, previous=STILL, **kwargs):
    """Before their weights."""
    told = task.rewards(motion(**kwargs), action, previous)
    return {name: value / task.weights[name] for name, value in told.items()}


def test_targets_are_as_far_as_asked_and_in_all_directions_alike():
    task, rng = PositionTask(radius=(0.5, 1.5)), np.random.default_rng(0)
    drawn = []
    for _ in range(4000):
        task.reset(rng)
        drawn.append(task.target)
    x, y = np.array(drawn).T
    radius = np.hypot(x, y)
    assert 0.5 <= radius.min() < radius.max() <= 1.5
    assert np.quantile(radius, [0.25, 0.5, 0.75]) == pytest.approx([0.75, 1.0, 1.25], abs=0.03)
    counts, _ = np.histogram(np.arctan2(y, x), bins=8, range=(-math.pi, math.pi))
    assert np.abs(counts - 500).max() < 4 * math.sqrt(500)


@pytest.mark.parametrize("name", REFLECTIONS)
def test_every_target_is_as_likely_as_its_mirror_image(name):
    """Quantiles of both coordinates are those of the mirrored targets."""
    task, rng = PositionTask(), np.random.default_rng(1)
    originals, images = [], []
    for _ in range(8000):
        task.reset(rng)
        originals.append(task.target)
        task.reflect(REFLECTIONS[name])
        images.append(task.target)
    levels = np.linspace(0.05, 0.95, 10)
    ours, theirs = (np.quantile(np.array(drawn), levels, axis=0) for drawn in (originals, images))
    np.testing.assert_allclose(ours, theirs, atol=0.06)


numbers = st.floats(-3, 3)


@settings(deadline=None)
@given(
    st.tuples(numbers, numbers),
    st.tuples(numbers, numbers),
    st.floats(-math.pi, math.pi),
    st.sampled_from(sorted(REFLECTIONS)),
)
def test_the_mirrored_target_is_what_its_terms_say(target, position, heading, name):
    reflection = REFLECTIONS[name]
    mirror = group_of_terms({name: reflection}, PositionTask.terms, PositionTask.terms)[name]
    task = targeting(*target, time=2.0)
    before, distance = task.observe(motion(position, heading=heading)), task.measure(motion(position))["distance"]
    task.reflect(reflection)
    image = (reflection.axes[0] * position[0], reflection.axes[1] * position[1])
    after = task.observe(motion(image, heading=reflection.determinant * heading))
    np.testing.assert_array_equal(mirror.apply_observation(before), after)
    assert task.measure(motion(image))["distance"] == distance


def test_the_target_is_seen_from_where_the_robot_is_and_looks():
    task = targeting(1.0, 0.0)
    assert task.observe(motion()) == pytest.approx([1.0, 0.0, 1.0])
    assert task.observe(motion(position=(0.5, 0.5))) == pytest.approx([0.5, -0.5, 1.0])
    assert task.observe(motion(heading=math.pi / 2)) == pytest.approx([0.0, -1.0, 1.0])
    assert task.measure(motion(position=(-2.0, 4.0), heading=1.0)) == pytest.approx({"distance": 5.0})


def test_time_left_runs_from_one_to_zero():
    assert [targeting(1.0, 0.0, time=time).observe(motion())[2] for time in (0.0, 2.0, 8.0, 9.0)] == [1, 0.75, 0, 0]


def test_nearness_pays_in_the_last_window_only():
    def tracking(time, distance):
        return rewards(targeting(distance, 0.0, time=time))["position_tracking"]

    assert tracking(4.9, 0.0) == tracking(5.0, 0.0) == 0
    assert tracking(5.04, 0.0) == 1
    assert [tracking(LATE, d) for d in (0.0, 0.25, 0.5, 0.75)] == pytest.approx([1, 0.5, 0.2, 0.1])


@pytest.mark.parametrize(
    ("velocity", "expected"),
    [((0.4, 0.0), 1.0), ((-0.4, 0.0), -1.0), ((0.0, 0.4), 0.0), ((0.3, 0.4), 0.6), ((0.1, 0.0), 0.5), ((0.0, 0.0), 0)],
)
def test_exploration_is_a_cosine_that_fades_with_the_speed(velocity, expected):
    found = rewards(targeting(1.0, 0.0), velocity=(*velocity, 0.7))["exploration"]
    assert found == pytest.approx(expected)


def test_exploration_is_won_where_the_target_is_reached():
    assert rewards(targeting(0.2, 0.1), velocity=(-0.5, 0.0, 0.0))["exploration"] == 1
    assert rewards(targeting(0.0, 0.0))["exploration"] == 1


def test_stalling_is_to_be_slow_elsewhere():
    def stalling(distance, speed):
        return rewards(targeting(0.0, distance), velocity=(0.0, speed, 1.0))["stalling"]

    assert [stalling(1.0, 0.1), stalling(1.0, 0.3), stalling(0.2, 0.1), stalling(0.2, 0.3)] == [1, 0, 0, 0]


def test_standing_still_is_asked_for_at_the_target_when_time_runs_out():
    def stand_still(distance, time):
        return rewards(targeting(distance, 0.0, time=time), action=STILL + 0.5, previous=STILL + 0.5)["stand_still"]

    assert [stand_still(0.1, LATE), stand_still(1.0, LATE), stand_still(0.1, 1.0)] == [2.0, 0, 0]


def test_penalties_by_hand():
    found = rewards(
        targeting(1.0, 0.0),
        velocity=(0.0, 0.0, 0.2),
        gravity=(0.6, 0.0, -0.8),
        joints=STILL + 2.0,
        action=STILL + 0.5,
    )
    assert found["linear_z_velocity"] == pytest.approx(0.04)
    assert found["flat_orientation"] == pytest.approx(0.36)
    assert found["action_rate"] == pytest.approx(2.0)
    assert found["joint_velocity"] == pytest.approx(32.0)
    assert found.keys() == POSITION_WEIGHTS.keys()


def test_to_be_there_in_time_and_wait_is_worth_more_than_to_dawdle():
    def worth(speed):
        task, total = targeting(1.0, 0.0), 0.0
        for step in range(1, 201):
            task.time = 0.04 * step
            x = min(1.0, speed * task.time)
            total += sum(task.rewards(motion((x, 0.0), (speed if x < 1 else 0.0, 0.0, 0.0)), STILL, STILL).values())
        return total

    worths = [worth(speed) for speed in (0.0, 0.05, 0.1, 0.125, 0.2)]
    assert worths == sorted(worths)
    assert len(set(worths)) == 5
    # Nothing is won by being there before the last window.
    assert worth(0.4) == worth(0.2)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"radius": (1.5, 0.5)}, r"0 <= low <= high in m, got \(1.5, 0.5\)"),
        ({"radius": (-1, 1)}, "0 <= low <= high"),
        ({"window": 0.0}, "`window` must be positive, got 0.0"),
        ({"reached": -0.1}, "`reached` must be positive"),
        ({"slow": math.nan}, "`slow` must be positive, got nan"),
        ({"duration": 2.0}, "`window` must not be longer than the `duration` of 2.0 s, got 3.0 s"),
        ({"weights": {"stall": 0.0}}, r"\['stall'\]; there are"),
    ],
)
def test_mistakes_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        PositionTask(**kwargs)


def test_weights_can_be_set():
    weights = PositionTask(weights={"stalling": 0.0}).weights
    assert weights == {**POSITION_WEIGHTS, "stalling": 0.0}
