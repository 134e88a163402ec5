"""Front and back, left and right, by the geometry of robots and never by their names."""

import numpy as np
import pytest

from sb3_memaug.disturbances.place import Places, reflected
from sb3_memaug.symmetry import BaseAxes, read_geometry

from ..robots.robot_files import example_robot
from ..symmetry.small_robots import limb, quadruped, robot, trunk, two_legs

QUADRUPED = {"FL": "front left", "FR": "front right", "RL": "back left", "RR": "back right"}


UPRIGHT = np.eye(3)


def legs(feet, turned=UPRIGHT, extra=lambda start: []):
    """A leg of two links to each foot, seen from a base that is turned."""
    bodies = [trunk()]
    for name, (x, y) in feet.items():
        bodies += limb(name, len(bodies), turned @ (x, y, 0), turned @ (x, y, -0.2))
    bodies += extra(len(bodies))
    return robot(*bodies)


def test_a_joint_is_where_the_foot_below_it_is():
    places = Places(quadruped())
    for leg, place in QUADRUPED.items():
        assert {places.of_joints([f"{leg}_{i}"]) for i in (0, 1)} == {place}


def test_joints_that_fail_together_are_where_their_feet_are_together():
    places = Places(quadruped())
    assert places.of_joints(["FL_0", "FL_1"]) == "front left"
    assert places.of_joints(["FL_0", "FR_1"]) == "front"
    assert places.of_joints(["FL_0", "RL_0"]) == "left"
    assert places.of_joints(["FL_0", "RR_0"]) == ""


def test_a_robot_with_two_legs_has_no_front_and_back():
    places = Places(two_legs())
    assert places.of_joints(["left_hip"]) == "left"
    assert places.of_joints(["right_hip"]) == "right"


def test_a_robot_with_all_feet_in_front_of_its_base_has_no_front_and_back():
    places = Places(quadruped(shift=1.0))
    assert [places.of_joints([f"{leg}_0"]) for leg in QUADRUPED] == ["left", "right", "left", "right"]


def test_middle_legs_are_left_or_right_alone():
    feet = {f"{x}{y}": (x, y) for x in (0.3, 0.004, -0.3) for y in (0.2, -0.2)}
    places = Places(legs(feet))
    assert [places.of_joints([f"{name}_0"]) for name in feet] == [
        "front left",
        "front right",
        "left",
        "right",
        "back left",
        "back right",
    ]


def test_an_arm_is_where_its_hand_is_and_its_hand_is_no_foot():
    def arm(start):
        return limb("arm", start, (0.3, 0.0, 0.1), (0.6, 0.0, 0.3))

    feet = {"l": (0.0, 0.2), "r": (0.0, -0.2)}
    assert Places(legs(feet, extra=arm)).of_joints(["arm_0"]) == ""
    places = Places(quadruped(extra=limb("arm", 13, (0.3, 0.0, 0.1), (0.6, 0.0, 0.3))))
    assert places.of_joints(["arm_0"]) == "front"
    assert places.of_joints(["FL_0"]) == "front left"


def test_forward_and_up_are_where_the_base_has_them():
    base = BaseAxes(forward="-y", up="z")
    places = Places(legs({"a": (0.3, 0.2), "b": (-0.3, -0.2)}, turned=base.rotation.T), base)
    assert [places.of_joints([joint]) for joint in ("a_0", "b_0")] == ["front left", "back right"]
    assert places.of_section(((0.0, 0.1), (-0.1, 0.0))) == "front left"
    assert Places().of_section(((0.0, 0.1), (-0.1, 0.0))) == "front right"


def test_of_an_unknown_robot_only_sections_have_places():
    assert Places().of_joints(["hip"]) == ""
    assert Places().of_section(((-0.07, 0.07), (0.08, 0.11))) == "left"
    assert Places().of_section(((-0.1, 0.1), (-0.1, 0.1))) == ""
    assert Places(quadruped()).of_joints(["tail"]) == ""


@pytest.mark.parametrize(
    ("signs", "images"),
    [((1, -1), ["front right", "right", ""]), ((-1, 1), ["back left", "left", ""]), ((-1, -1), ["back right"])],
)
def test_places_have_mirror_images(signs, images):
    assert [reflected(place, signs) for place in ("front left", "left", "")[: len(images)]] == images


#: Of real robots, a file and where some joints are; the makers' names of sides are as different as the robots.
REAL = {
    "anymal_c_simple_description/urdf/anymal": {
        f"{leg}_{joint}": place
        for leg, place in zip(("LF", "RF", "LH", "RH"), QUADRUPED.values(), strict=True)
        for joint in ("HAA", "HFE", "KFE")
    },
    "g1_29dof_rev_1_0": {
        "left_hip_pitch_joint": "left",
        "right_hip_roll_joint": "right",
        "left_elbow_joint": "left",
        "waist_yaw_joint": "",
    },
    "laikago": {"FR_hip_joint": "front right", "RL_calf_joint": "back left"},
    "hyq_no_sensors": {"lf_haa_joint": "front left", "rh_kfe_joint": "back right"},
}


@pytest.mark.parametrize("name", REAL)
def test_joints_of_real_robots(name):
    places = Places(read_geometry(example_robot(name)))
    assert {joint: places.of_joints([joint]) for joint in REAL[name]} == REAL[name]
