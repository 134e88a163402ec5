import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.checks.comparison import Pair, Scales, comparable_steps, errors_by_steps
from sb3_memaug.checks.probe import Layout
from sb3_memaug.checks.rollouts import Rollout
from sb3_memaug.symmetry import Term


@pytest.fixture
def layout():
    env = gym.Env()
    env.observation_terms, env.action_terms = (Term("a", "scalar", 1), Term("b", "scalar", 2)), ()
    return Layout(env, ("hinge",))


def rollout(observations, rewards=None, terminated=False, states=None):
    """StateSampler of one joint; of the robot itself nothing moves."""
    observations = np.array(observations, dtype=float)
    rows = np.zeros((len(observations), 15))
    rows[:, 13] = observations[:, 0] if states is None else states
    rewards = np.zeros(len(observations)) if rewards is None else np.array(rewards, dtype=float)
    return Rollout({"observation": observations, "reward": rewards[:, None], "state": rows}, terminated, ())


def test_errors_are_relative_to_the_mean_distance_from_the_mean(layout):
    scales = Scales([rollout([[1, 0, 0], [3, 0, 0], [5, 0, 0], [7, 0, 0]])], layout)
    # The mean is 4, from which the numbers are 2 away on average.
    assert scales.relative("observation", np.array([4, 0, 0]), np.array([5, 0, 0]))[0] == 0.5
    # A number far from the mean is a measure of itself.
    assert scales.relative("observation", np.array([24, 0, 0]), np.array([29, 0, 0]))[0] == 0.25


def test_a_rare_contact_does_not_hide_what_happens_every_day(layout):
    rows = np.zeros((1000, 3))
    rows[:, 0] = np.resize([1, -1], 1000)
    rows[0, 0] = 300
    wrong = Scales([rollout(rows)], layout).relative("observation", np.ones(3), -np.ones(3))
    assert wrong[0] > 1


def test_what_hardly_moves_has_the_size_of_its_term(layout):
    rows = np.array([[1e-9, 5.0, 1e-9], [-1e-9, -5.0, -1e-9]])
    error = Scales([rollout(rows)], layout).relative("observation", np.zeros(3), np.full(3, 1e-3))
    # One alone in its term, one that is large, and one beside it: a hundredth of 2.5, the mean of the two.
    np.testing.assert_allclose(error, (1e3, 2e-4, 0.04), rtol=1e-3)


def test_errors_are_root_mean_squares_over_the_episodes_of_each_step(layout):
    scales = Scales([rollout([[1, 1, 1], [-1, -1, -1]])], layout)
    image, same = rollout(np.zeros((4, 3))), rollout(np.zeros((4, 3)))
    other = rollout([[0, 0, 0], [0.5, 0, 0], [0, 0.2, 0], [0, 0, 0.1]])
    errors = errors_by_steps([Pair(image, other), Pair(image, same)], [4, 4], scales, (1, 3, 4))
    assert [(e.first, e.last, e.episodes) for e in errors] == [(1, 1, 2), (2, 3, 2), (4, 4, 2)]
    root = np.sqrt(2)
    expected = [(0, 0, 0), (0.5 / root, 0.2 / root, 0), (0, 0, 0.1 / root)]
    np.testing.assert_allclose([e.parts["observation"] for e in errors], expected)
    assert errors[1].worst == errors[1].of("observation") == pytest.approx(0.5 / root)


def test_each_pair_is_compared_as_long_as_it_may_be(layout):
    scales = Scales([rollout([[1, 1, 1], [-1, -1, -1]])], layout)
    image, far = rollout(np.zeros((4, 3))), rollout([[0, 0, 0], [0, 0, 0], [9, 9, 9], [9, 9, 9]])
    errors = errors_by_steps([Pair(image, far), Pair(image, image)], [2, 4], scales, (1, 4))
    assert [e.episodes for e in errors] == [2, 2]
    assert errors[1].worst == 0
    last = errors_by_steps([Pair(image, far)], [1], scales, (1, 4))[-1]
    assert (last.episodes, last.worst) == (0, 0)


def test_episodes_that_end_in_one_of_the_two_only_are_counted_when_they_do(layout):
    scales = Scales([rollout(np.zeros((2, 3)))], layout)
    whole, short = rollout(np.zeros((4, 3))), rollout(np.zeros((3, 3)), terminated=True)
    cut = rollout(np.zeros((3, 3)))

    def apart(image, other, length):
        return [e.apart for e in errors_by_steps([Pair(image, other)], [length], scales, (1, 3, 4))]

    assert apart(whole, short, 3) == apart(short, whole, 3) == [0, 1, 0]
    assert apart(short, short, 3) == apart(whole, cut, 3) == apart(whole, short, 2) == [0, 0, 0]
    # It ends with the last step, and the other would have gone on.
    assert apart(rollout(np.zeros((4, 3)), terminated=True), whole, 4) == [0, 0, 1]


def test_steps_are_comparable_until_a_perturbation_has_grown(layout):
    scales = Scales([rollout([[1, 0, 0], [-1, 0, 0]])], layout)
    still, near = rollout(np.zeros((4, 3))), rollout(np.zeros((4, 3)), states=np.full(4, 1e-6))
    assert comparable_steps(Pair(still, near), scales) == 4
    assert comparable_steps(Pair(still, rollout(np.zeros((4, 3)), states=[1e-6, 1e-3, 0.1, 1e-3])), scales) == 2
    # A simulator that gives up begins where it always begins.
    assert comparable_steps(Pair(still, rollout(np.zeros((4, 3)), states=[1e-6, 1e-6, 1e-6, 0])), scales) == 3
    # Whether a threshold is reached depends on rounding.
    ended = [rollout(np.zeros((3, 3)), terminated=True, states=np.full(3, size)) for size in (0, 1e-6)]
    assert comparable_steps(Pair(still, ended[1]), scales) == 2
    assert comparable_steps(Pair(*ended), scales) == 3
