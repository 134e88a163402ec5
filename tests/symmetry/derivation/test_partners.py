"""Sides in names, and partners among joints and bodies."""

import numpy as np
import pytest

from sb3_memaug.symmetry import Tolerances
from sb3_memaug.symmetry.derivation.differences import SpaceReflection
from sb3_memaug.symmetry.derivation.matching import match_links
from sb3_memaug.symmetry.derivation.partners import body_partners, joint_partners, name_mismatch

from ..small_robots import body, hinge, robot, slide, trunk, two_legs

PARTNERS = {
    "sagittal": [
        ("left_hip", "right_hip"),
        ("hip_left", "hip_right"),
        ("LF_HAA", "RF_HAA"),
        ("LH_KFE", "RH_KFE"),
        ("FL_calf_joint", "FR_calf_joint"),
        ("RL_calf_joint", "RR_calf_joint"),
        ("HL_HAA", "HR_HAA"),
        ("lf_foot", "rf_foot"),
        ("lr_foot", "rr_foot"),
        ("fl_hx", "fr_hx"),
        ("l_shoulder_pitch", "r_shoulder_pitch"),
        ("LShoulderPitch", "RShoulderPitch"),
        ("leftKnee", "rightKnee"),
        ("LEFT_HIP_Z", "RIGHT_HIP_Z"),
        ("front_left_leg", "front_right_leg"),
        ("arm_left_1_joint", "arm_right_1_joint"),
        ("waist", "waist"),
        ("front_axle", "front_axle"),
    ],
    "transverse": [
        ("front_left_leg", "back_left_leg"),
        ("LF_HAA", "LH_HAA"),
        ("FR_hip", "RR_hip"),
        ("FL_hip", "HL_hip"),
        ("rf_foot", "rr_foot"),
        ("lf_foot", "lr_foot"),
        ("fore_leg", "hind_leg"),
        ("front_axle", "rear_axle"),
        ("left_wing", "left_wing"),
    ],
    "half_turn": [
        ("front_left_leg", "back_right_leg"),
        ("LF_HAA", "RH_HAA"),
        ("FL_hip", "RR_hip"),
        ("FR_hip", "RL_hip"),
        ("lf_foot", "rr_foot"),
        ("left_wing", "right_wing"),
        ("waist", "waist"),
    ],
}


@pytest.mark.parametrize(
    ("plane", "name", "other"), [(plane, *pair) for plane, pairs in PARTNERS.items() for pair in pairs]
)
def test_partners_are_recognized_both_ways(plane, name, other):
    assert name_mismatch(name, other, plane) == name_mismatch(other, name, plane) == 0


@pytest.mark.parametrize(
    ("plane", "name", "other"),
    [
        ("sagittal", "left_hip", "left_hip"),
        ("sagittal", "left_hip", "right_knee"),
        ("sagittal", "LF_HAA", "RH_HAA"),
        ("sagittal", "FR_hip", "RR_hip"),
        ("sagittal", "arm_left_1", "arm_right_2"),
        ("transverse", "LF_HAA", "RF_HAA"),
        ("transverse", "LF_HAA", "LF_HAA"),
        ("half_turn", "LF_HAA", "LH_HAA"),
        ("half_turn", "left_wing", "left_wing"),
    ],
)
def test_others_are_not(plane, name, other):
    assert name_mismatch(name, other, plane) == name_mismatch(other, name, plane) == 1


def test_one_name_without_a_side_is_better_than_the_same_side_twice():
    assert name_mismatch("leg", "leg_left", "sagittal") == name_mismatch("leg_left", "leg", "sagittal") == 0.25
    assert name_mismatch("thigh_joint", "thigh_left_joint", "sagittal") == 0.25
    assert name_mismatch("leg", "leg_left", "transverse") == 1


def reflection(plane):
    return SpaceReflection(plane, np.zeros(3))


def joints(geometry, plane):
    space = reflection(plane)
    return joint_partners(geometry, match_links(geometry, space, Tolerances()), space)


def bodies(geometry, plane="sagittal"):
    space = reflection(plane)
    partners = match_links(geometry, space, Tolerances())
    return body_partners(geometry, partners, space, Tolerances())


@pytest.mark.parametrize(
    ("plane", "hinges", "slides"),
    [
        # Roll, pitch and yaw; forward, sideways and up.
        ("sagittal", (-1, 1, -1), (1, -1, 1)),
        ("transverse", (1, -1, -1), (-1, 1, 1)),
        ("half_turn", (-1, -1, 1), (-1, -1, 1)),
    ],
)
def test_signs_of_what_is_its_own_mirror_image(plane, hinges, slides):
    for axis, turned, moved in zip(np.eye(3), hinges, slides, strict=True):
        for kind, sign in ((hinge, turned), (slide, moved)):
            one = robot(trunk(), body("arm", 0, (0, 0, 0), kind("it", (0, 0, 0), axis)))
            assert joints(one, plane) == {"it": ("it", sign)}


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
@pytest.mark.parametrize("flip", [1, -1])
def test_signs_of_partners_follow_from_how_their_axes_point(axis, flip):
    both = two_legs({"axis": axis}, {"axis": flip * np.array(axis)})
    sign = flip * {(1, 0, 0): -1, (0, 1, 0): 1, (0, 0, 1): -1}[axis]
    assert joints(both, "sagittal") == {"left_hip": ("right_hip", sign), "right_hip": ("left_hip", sign)}


def test_joints_without_partner_are_left_out():
    knee = body("knee", 1, (0, 0.2, -0.3), hinge("bend", (0, 0.2, -0.3)))
    legs = [body(n, 0, (0, y, 0), hinge(f"{n}_hip", (0, y, 0))) for n, y in (("left", 0.2), ("right", -0.2))]
    both = robot(trunk(), *legs, knee)
    assert joints(both, "sagittal") == {"left_hip": ("right_hip", -1), "right_hip": ("left_hip", -1)}
    assert bodies(both) == {"trunk": "trunk", "left": "right", "right": "left"}


def test_bodies_that_are_fixed_to_a_link_are_found_where_they_should_be():
    geometry = robot(
        trunk(),
        body("camera", 0, (0.1, 0.03, 0)),
        body("left_ear", 0, (0, 0.1, 0.1)),
        body("right_ear", 0, (0, -0.1, 0.1)),
        body("nose", 0, (0.2, 0.0, 0)),
        body("left", 0, (0, 0.2, 0), hinge("left_hip", (0, 0.2, 0))),
        body("left_toe", 5, (0.1, 0.2, -0.3)),
        body("right", 0, (0, -0.2, 0), hinge("right_hip", (0, -0.2, 0))),
        body("right_toe", 7, (0.1, -0.2, -0.3)),
    )
    assert bodies(geometry) == {
        "trunk": "trunk",
        "left_ear": "right_ear",
        "right_ear": "left_ear",
        "nose": "nose",
        "left": "right",
        "right": "left",
        "left_toe": "right_toe",
        "right_toe": "left_toe",
    }


def test_names_decide_between_fixed_bodies_in_one_place():
    places = [("left_pad", 0.1), ("left_sensor", 0.1), ("right_sensor", -0.1), ("right_pad", -0.1)]
    geometry = robot(trunk(), *(body(name, 0, (0, y, 0)) for name, y in places))
    assert bodies(geometry) == {
        "trunk": "trunk",
        "left_pad": "right_pad",
        "right_pad": "left_pad",
        "left_sensor": "right_sensor",
        "right_sensor": "left_sensor",
    }


def test_where_the_centre_of_mass_is_decides_between_bodies_with_one_origin():
    ears = [("a", 0.1), ("b", 0.2), ("c", -0.2), ("d", -0.1)]
    geometry = robot(trunk(), *(body(name, 0, (0, 0, 0), centre=(0, y, 0)) for name, y in ears))
    assert bodies(geometry) == {"trunk": "trunk", "a": "d", "d": "a", "b": "c", "c": "b"}


def test_two_joints_of_one_body_are_one_body():
    geometry = robot(
        trunk(), body("head", 0, (0, 0, 0), hinge("yaw", (0, 0, 0), (0, 0, 1)), hinge("pitch", (0, 0, 0), (0, 1, 0)))
    )
    assert bodies(geometry) == {"trunk": "trunk", "head": "head"}
    assert joints(geometry, "sagittal") == {"yaw": ("yaw", -1), "pitch": ("pitch", 1)}
