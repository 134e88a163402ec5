import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.checks.probe import Layout
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
