from itertools import pairwise

import numpy as np
import pytest

from sb3_memaug.envs.legged.stance import bottom, find_legs, tip
from sb3_memaug.symmetry import Body, Joint, RobotGeometry, Shape
from sb3_memaug.symmetry.derivation.geometry import posed

from .robots import leg_geometry

Y = np.array((0.0, 1.0, 0.0))


def chain(*points, name="", shape=False, parent=0, first=1):
    """Bodies from joint to joint, the last point being the end."""
    bodies = []
    for k, (start, end) in enumerate(pairwise(points)):
        start, end = np.array(start, float), np.array(end, float)
        shapes = [Shape("", "sphere", end, 1e-4 * np.eye(3))] if shape and k == len(points) - 2 else []
        above = parent if k == 0 else first + k - 1
        turns = Joint(f"{name}_{k}", "hinge", start, Y)
        bodies.append(Body(f"{name}_link_{k}", above, start, 1.0, (start + end) / 2, np.eye(3), [turns], shapes))
    return bodies


def robot(*chains):
    base = Body("base", -1, np.zeros(3), 5.0, np.zeros(3), np.eye(3))
    return RobotGeometry.from_bodies("creature", [base, *(body for bodies in chains for body in bodies)])


def test_legs_are_the_chains_that_reach_deepest():
    leg = chain((0, 0.1, 0), (0, 0.1, -0.4), (0, 0.1, -0.8), name="leg", shape=True)
    other = chain((0, -0.1, 0), (0, -0.1, -0.4), (0, -0.1, -0.79), name="other", shape=True, first=3)
    arm = chain((0, 0.2, 0.5), (0, 0.3, 0.2), (0, 0.3, -0.1), name="arm", shape=True, first=5)
    found = find_legs(robot(leg, other, arm))
    assert [(leg.foot, leg.joints) for leg in found] == [
        ("leg_link_1", ("leg_0", "leg_1")),
        ("other_link_1", ("other_0", "other_1")),
    ]


def test_legs_that_point_sideways_are_legs_too():
    spider = [
        chain((0.1 * c, 0.1 * s, 0), (0.3 * c, 0.3 * s, 0.01 * c), (0.6 * c, 0.6 * s, 0), name=name, first=first)
        for name, c, s, first in (("a", 1, 1, 1), ("b", -1, 1, 3), ("c", -1, -1, 5), ("d", 1, -1, 7))
    ]
    assert len(find_legs(robot(*spider))) == 4


def test_joints_that_legs_share_belong_to_none():
    waist = chain((0, 0, 0), (0, 0, -0.1), name="waist")
    left = chain((0, 0.1, -0.1), (0, 0.1, -0.8), name="left", parent=1, first=2)
    right = chain((0, -0.1, -0.1), (0, -0.1, -0.8), name="right", parent=1, first=3)
    assert [leg.joints for leg in find_legs(robot(waist, left, right))] == [("left_0",), ("right_0",)]


def test_a_foot_is_the_body_fixed_to_the_end():
    geometry = leg_geometry(0.2, 0.25)
    legs = find_legs(geometry)
    assert [leg.foot for leg in legs] == ["foot_0", "foot_1", "foot_2", "foot_3"]
    np.testing.assert_allclose(tip(geometry, legs[1]), (0.3, -0.1, -0.45))
    bent = posed(geometry, {"hip_1": np.pi / 2})
    np.testing.assert_allclose(tip(bent, legs[1]), (0.3 - 0.45, -0.1, 0), atol=1e-12)


def test_what_is_fixed_near_the_joint_is_no_foot():
    leg = chain((0, 0, 0), (0, 0, -0.5), name="leg", shape=True)
    rotor = Body("rotor", 1, np.array((0, 0.05, 0.0)), 0.1, np.zeros(3), np.eye(3))
    geometry = robot(leg, [rotor])
    (found,) = find_legs(geometry)
    assert found.foot == "leg_link_0"
    np.testing.assert_allclose(tip(geometry, found), (0, 0, -0.51))


def test_a_link_without_shapes_ends_beyond_its_centre_of_mass():
    geometry = robot(chain((0, 0, 0), (0, 0, -0.5), name="leg"))
    np.testing.assert_allclose(tip(geometry, *find_legs(geometry)), (0, 0, -0.5))


def test_bottom_is_that_of_the_deepest_shape_or_frame():
    shaped = leg_geometry(0.2, 0.25).links[2]
    assert bottom(shaped) == pytest.approx(-0.46)
    assert bottom(robot(chain((0, 0, -0.2), (0, 0, -0.5), name="leg")).links[1]) == -0.2


def test_feet_can_be_named():
    geometry = leg_geometry(0.2, 0.25)
    legs = find_legs(geometry, ["foot_2", "shank_0"])
    assert [(leg.foot, leg.joints) for leg in legs] == [
        ("foot_2", ("hip_2", "knee_2")),
        ("shank_0", ("hip_0", "knee_0")),
    ]


@pytest.mark.parametrize(
    ("feet", "message"),
    [
        (["paw"], r"'paw', which is no body of 'legs'; it has \['thigh_0', 'shank_0', 'foot_0'"),
        (["base"], "'base', which is fixed to the base of 'legs'"),
        ([], r"must name bodies of one leg each, and one at least, got \[\]"),
        (["foot_0", "foot_0"], "must name bodies of one leg each"),
        # All that moves the thigh moves the foot, too.
        (["foot_0", "thigh_0"], "the foot 'thigh_0' is no end of a leg"),
    ],
)
def test_feet_that_are_none_are_refused(feet, message):
    with pytest.raises(ValueError, match=message):
        find_legs(leg_geometry(0.2, 0.25), feet)


@pytest.mark.parametrize("feet", ["foot_0", 5, [1, 2]])
def test_feet_are_names_in_a_list(feet):
    with pytest.raises(TypeError, match="`feet` must be a list of names of bodies"):
        find_legs(leg_geometry(0.2, 0.25), feet)


def test_a_robot_without_joints_has_no_legs():
    with pytest.raises(ValueError, match="'creature' has no joints, and so no legs"):
        find_legs(robot())
