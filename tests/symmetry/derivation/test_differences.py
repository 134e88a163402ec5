"""How different two parts are, by hand and at random."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.symmetry.derivation.differences import (
    SpaceReflection,
    axis_angle,
    axis_distance,
    inertia_difference,
    mirrored_axis,
    relative_difference,
)

from ..small_robots import hinge, slide, two_legs

quick = settings(deadline=None, max_examples=50)
SAGITTAL = SpaceReflection("sagittal", np.zeros(3))
TRANSVERSE = SpaceReflection("transverse", np.zeros(3))
HALF_TURN = SpaceReflection("half_turn", np.zeros(3))

numbers = st.floats(-1, 1)
points = st.tuples(numbers, numbers, numbers)


@quick
@given(points, points, st.floats(-1, 1), st.floats(-1, 1), st.sampled_from(["sagittal", "transverse", "half_turn"]))
def test_a_point_anywhere_on_an_axis_will_do(point, direction, a, b, plane):
    space = SpaceReflection(plane, np.array((0.1, 0.2, 0)))
    x, y, z = direction
    axis = np.array((x, y, z + 1.1)) / np.linalg.norm((x, y, z + 1.1))
    image = mirrored_axis(hinge("a", point, axis), space)
    joint = hinge("a", np.array(point) + a * axis, axis)
    partner = hinge("b", space.point(np.array(point)) + b * image, -image)
    assert axis_distance(joint, partner, space) < 1e-9
    assert axis_angle(joint, partner, space) < 1e-7


def test_the_distance_of_axes_is_across_them():
    left, right = hinge("l", (0.3, 0.2, 0.1)), hinge("r", (0.5, -0.2, 0.07))
    assert axis_distance(left, right, SAGITTAL) == pytest.approx(0.03)
    assert axis_distance(slide("l", (0, 0, 0)), slide("r", (1, 1, 1)), SAGITTAL) == 0


@pytest.mark.parametrize(
    ("space", "hinge_axes", "slide_axes"),
    [
        (SAGITTAL, [(-1, 0, 0), (0, 1, 0), (0, 0, -1)], [(1, 0, 0), (0, -1, 0), (0, 0, 1)]),
        (TRANSVERSE, [(1, 0, 0), (0, -1, 0), (0, 0, -1)], [(-1, 0, 0), (0, 1, 0), (0, 0, 1)]),
        (HALF_TURN, [(-1, 0, 0), (0, -1, 0), (0, 0, 1)], [(-1, 0, 0), (0, -1, 0), (0, 0, 1)]),
    ],
    ids=["sagittal", "transverse", "half turn"],
)
def test_the_axis_of_a_hinge_is_an_axial_vector(space, hinge_axes, slide_axes):
    for axis, turned, moved in zip(np.eye(3), hinge_axes, slide_axes, strict=True):
        assert mirrored_axis(hinge("h", (0, 0, 0), axis), space).tolist() == list(turned)
        assert mirrored_axis(slide("s", (0, 0, 0), axis), space).tolist() == list(moved)


def test_an_axis_may_point_either_way():
    tilted = (np.cos(0.1), 0, np.sin(0.1))
    for sign in (1, -1):
        partner = hinge("r", (0, 0, 0), sign * np.array(tilted))
        assert axis_angle(hinge("l", (0, 0, 0)), partner, SAGITTAL) == pytest.approx(0.1)
    assert axis_angle(hinge("l", (0, 0, 0)), hinge("r", (0, 0, 0), (0, 0, 1)), SAGITTAL) == pytest.approx(np.pi / 2)


def test_differences_are_relative_to_the_larger():
    assert relative_difference(3, 4) == relative_difference(4, 3) == 0.25
    assert relative_difference(0, 0) == 0
    assert relative_difference(0, 2) == 1


def test_inertias_are_compared_in_the_mirror():
    products = np.array(((3, 1, 1), (1, 3, 1), (1, 1, 3))) / 100
    mirrored = np.array(((3, -1, 1), (-1, 3, -1), (1, -1, 3))) / 100
    legs = two_legs({"inertia": products}, {"inertia": mirrored}).links[1:]
    assert inertia_difference(*legs, SAGITTAL) == 0
    legs = two_legs({"inertia": np.diag((1.0, 2, 4))}, {"inertia": np.diag((1.0, 2, 5))}).links[1:]
    assert inertia_difference(*legs, SAGITTAL) == pytest.approx(0.2)
