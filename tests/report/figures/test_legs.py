import pytest

from sb3_memaug.report.figures.common import (
    NONE_COLOR,
    OTHER_COLORS,
    PLACE_COLORS,
    colours_of_legs,
    label_of,
    motor_of,
)
from sb3_memaug.report.style import POLICY_COLORS


@pytest.mark.parametrize(
    ("name", "motor", "label"),
    [
        ("motor_front_leftL_joint", "L", "front left L"),
        ("motor_back_rightR_joint", "R", "back right R"),
        ("payload_front_left", "", "front left"),
        ("front_left", "", "front left"),
        ("LF_FOOT", "", "LF FOOT"),
        ("none", "", "none"),
    ],
)
def test_names_are_read_for_people(name, motor, label):
    assert motor_of(name) == motor
    assert label_of(name) == label


def test_what_belongs_to_a_leg_has_its_colour():
    names = ["none", "motor_front_leftL_joint", "payload_front_left", "front_left", "LF_FOOT", "RF_FOOT"]
    grey, *left, first, second = colours_of_legs(names).values()
    assert grey == NONE_COLOR
    assert left == [PLACE_COLORS["front left"]] * 3
    assert (first, second) == OTHER_COLORS[:2]


def test_no_leg_has_the_colour_of_a_policy():
    assert not set(POLICY_COLORS.values()) & {*PLACE_COLORS.values(), *OTHER_COLORS, NONE_COLOR}
