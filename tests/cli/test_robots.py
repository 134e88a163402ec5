import argparse

import pytest

from sb3_memaug.cli.robots import angles_of, pose

from ..pictures.robots import two_arms


def test_a_pose_is_a_name_and_what_differs_from_it():
    robot = two_arms(poses={"raised": {"left": 1.0, "right": -1.0}})
    assert angles_of(pose("left=0.5"), robot) == {"left": 0.5}
    assert angles_of(pose("raised"), robot) == {"left": 1.0, "right": -1.0}
    assert angles_of(pose("raised,left=0.5"), robot) == {"left": 0.5, "right": -1.0}
    assert angles_of(pose("left=0.5,raised"), robot) == {"left": 1.0, "right": -1.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lefd=1", "two_arms has no joint 'lefd'; did you mean 'left'?"),
        ("xyz=1", "two_arms has no joint 'xyz'; it has"),
        ("home", "two_arms has no pose 'home'; it has none"),
    ],
)
def test_unknown_names_are_told_with_those_near_them(text, message):
    with pytest.raises(ValueError, match=message):
        angles_of(pose(text), two_arms())


@pytest.mark.parametrize("angle", ["up", "nan", "inf", ""])
def test_an_angle_must_be_a_number(angle):
    with pytest.raises(argparse.ArgumentTypeError, match=f"expected JOINT=ANGLE with a number, got 'left={angle}'"):
        pose(f"left={angle}")
