import pytest

from sb3_memaug.checks.diagnosis import fitting_kinds
from sb3_memaug.symmetry import Reflection, Term

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
