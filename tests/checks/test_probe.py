import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from sb3_memaug.checks.probe import MAX_ACTION, Layout, draw_actions, neutral_action, single_action
from sb3_memaug.robots import RobotState
from sb3_memaug.symmetry import Mirror, SignedPermutation, Term


def layout(observation):
    env = gym.Env()
    env.observation_terms, env.action_terms = observation, (Term("targets", "action", 2, ("knee", "hip")),)
    return Layout(env, ("hip", "knee", "tail"))


FLAT = (Term("velocity", "vector", 3), Term("forces", "feet_vectors", 6, ("LF", "RF")))
BY_KEY = {
    "body": [Term("velocity", "vector", 3)],
    "camera": [Term("image", "image", 4, shape=(2, 2, 1))],
    "legs": [Term("angles", "joints", 2, ("hip", "knee"))],
}


@pytest.mark.parametrize(
    ("part", "i", "name"),
    [
        ("observation", 2, "velocity[2]"),
        ("observation", 5, "forces[2] LF"),
        ("observation", 6, "forces[3] RF"),
        ("reward", 0, "reward"),
        ("state", 4, "base_orientation[1]"),
        ("state", 14, "joint_positions[1] knee"),
        ("state", 18, "joint_velocities[2] tail"),
        ("action", 1, "targets[1] hip"),
    ],
)
def test_numbers_have_names(part, i, name):
    assert layout(FLAT).name(part, i) == name


def test_dict_observations_are_one_row_without_their_images():
    found = layout(BY_KEY)
    observation = {"camera": np.ones((2, 2, 1)), "legs": np.array([[4.0], [5.0]]), "body": np.arange(3)}
    np.testing.assert_array_equal(found.observation_row(observation), [0, 1, 2, 4, 5])
    assert [found.name("observation", i) for i in (0, 4)] == ["body/velocity[0]", "legs/angles[1] knee"]
    flip = SignedPermutation([0, 1, 2], [1, -1, 1])
    mirror = Mirror({"legs": SignedPermutation([1, 0]), "camera": flip, "body": flip}, SignedPermutation([0]))
    assert found.observation_map(mirror) == SignedPermutation([0, 1, 2, 4, 3], [1, -1, 1, 1, 1])


def test_a_row_makes_the_state_again():
    state = RobotState(*(np.arange(n) + 10.0 * n for n in (3, 4, 3, 3, 5, 5)))
    again = Layout.state(Layout.state_row(state))
    assert [part.tolist() for part in again] == [part.tolist() for part in state]


def test_ranges_are_named_stretch_by_stretch():
    chosen = np.zeros(9, dtype=bool)
    chosen[[0, 3, 4, 5, 7]] = True
    assert layout(FLAT).ranges("observation", chosen) == ["velocity[0]", "forces[0-2, 4]"]
    assert layout(FLAT).ranges("observation", np.zeros(9, dtype=bool)) == []


def test_mistakes_in_words():
    found = layout(FLAT)
    assert found.mistake("observation", 1, (1, -1), (1, 1)) == "velocity[1]: sign"
    assert (
        found.mistake("action", 0, (0, 1), (1, -1)) == "targets[0] knee: mirrors -targets[1] hip, not targets[0] knee"
    )


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
