import numpy as np
import pytest

from sb3_memaug.checks.comparison import Pair
from sb3_memaug.checks.diagnosis import Match, Matcher, fitting_kinds
from sb3_memaug.checks.rollouts import Rollout
from sb3_memaug.symmetry import Reflection, SignedPermutation, Term

RNG = np.random.default_rng(0)
#: Of numbers whose sizes differ from episode to episode by factors up to 30.
ORIGINALS = [10 ** RNG.uniform(-1, 0.5) * RNG.normal(size=(20, 5)) for _ in range(6)]
DECLARED = SignedPermutation([1, 0, 2, 3, 4], [1, 1, -1, 1, 1])


def rollout(rows):
    return Rollout({"observation": rows}, False, ())


def matcher(mirror, originals=ORIGINALS, steps=20):
    pairs = [Pair(rollout(DECLARED.apply(rows)), rollout(mirror(rows))) for rows in originals]
    return Matcher(pairs, [steps] * len(pairs), DECLARED)


def test_numbers_that_are_as_declared_follow_what_is_declared():
    found = matcher(DECLARED.apply)
    assert [found.find(i)[:2] for i in range(5)] == list(zip(DECLARED.permutation, DECLARED.signs, strict=True))


def test_a_sign_another_number_and_an_offset_are_found():
    true = SignedPermutation([0, 1, 2, 4, 3], [1, 1, 1, -1, 1], [0, 0, 0, 0, 7])
    found = matcher(true.apply)
    for i, expected in enumerate([(0, 1, 0), (1, 1, 0), (2, 1, 0), (4, -1, 0), (3, 1, 7)]):
        assert found.find(i) == Match(*expected[:2], pytest.approx(expected[2], abs=1e-9))


def test_a_number_that_is_roughly_as_declared_follows_nothing_else():
    def alike(rows):
        """The last two numbers are nearly the same, and the mirrored last one is nearer to the one before it."""
        return np.column_stack((rows[:, :4], rows[:, 3]))

    near = [np.column_stack((rows[:, :4], rows[:, 3] + 0.2 * rows[:, 0])) for rows in ORIGINALS]
    assert matcher(alike, near).find(4) is None
    assert matcher(lambda rows: rows, near).find(4)[:2] == (4, 1)


def test_what_moves_in_one_or_two_episodes_only_tells_nothing():
    originals = [rows * (1, 1, 1, 1, k < 2) for k, rows in enumerate(ORIGINALS)]
    assert matcher(DECLARED.apply, originals).find(4) is None
    assert matcher(DECLARED.apply, [rows * (1, 1, 1, 1, k < 3) for k, rows in enumerate(ORIGINALS)]).find(4)


def test_what_never_moves_or_looks_like_nothing_tells_nothing():
    found = matcher(lambda rows: np.column_stack((np.cos(99 * rows[:, 0]), np.ones(len(rows)), rows[:, 2:])))
    assert found.find(0) is None
    assert found.find(1) is None


LEFT_RIGHT = Reflection("sagittal", {"a": ("b", -1), "b": ("a", -1)}, feet={"a": "b", "b": "a"})
FRONT_BACK = Reflection("transverse", {"a": ("a", 1), "b": ("b", 1)}, feet={"a": "a", "b": "b"})


@pytest.mark.parametrize(
    ("term", "reflections", "found", "kinds"),
    [
        (Term("t", "scalar", 3), [LEFT_RIGHT], {1: (1, -1)}, ["vector"]),
        (Term("t", "vector", 3), [LEFT_RIGHT], {i: (i, s) for i, s in enumerate((-1, 1, -1))}, ["axial_vector"]),
        (Term("t", "scalar", 1), [LEFT_RIGHT], {0: (0, -1)}, ["pseudoscalar"]),
        (Term("t", "scalar", 1), [LEFT_RIGHT, FRONT_BACK], {0: (0, -1)}, []),
        (Term("t", "scalar", 2), [LEFT_RIGHT, FRONT_BACK], {0: (0, -1), 1: (1, -1)}, ["xy"]),
        (Term("t", "scalar", 4), [LEFT_RIGHT], {1: (1, -1), 3: (3, -1)}, ["xy", "quaternion_wxyz"]),
        (Term("t", "joints", 2, ("a", "b")), [LEFT_RIGHT], {0: (1, 1), 1: (0, 1)}, ["feet"]),
        (Term("t", "scalar", 3), [LEFT_RIGHT], {0: (0, -1)}, []),
        (Term("t", "scalar", 3), [LEFT_RIGHT], {1: (7, 1)}, []),
    ],
)
def test_the_kinds_that_agree_with_what_was_found(term, reflections, found, kinds):
    assert fitting_kinds(term, reflections, found) == kinds
