from sb3_memaug.pictures.mirror_legend import LOCKED, OWN, joint_colours, joint_pairs, without_common_end
from sb3_memaug.symmetry import Reflection

from .robots import LEFT_RIGHT, two_arms

ARMS = Reflection("sagittal", {"left": ("right", -1), "right": ("left", -1)})


def test_each_joint_is_listed_once_and_its_own_mirror_image_last():
    assert list(joint_pairs(two_arms(), LEFT_RIGHT)) == [("left", "right", -1), ("nod", "nod", 1)]
    assert list(joint_pairs(two_arms(), ARMS)) == [("left", "right", -1)]


def test_partners_have_one_colour():
    colours = joint_colours(two_arms(), LEFT_RIGHT)
    assert colours["left"] == colours["right"] not in (OWN, LOCKED)
    assert colours["nod"] == OWN
    assert joint_colours(two_arms(), ARMS)["nod"] == LOCKED


def test_a_last_word_that_all_share_is_left_out():
    assert without_common_end(["left_hip_joint", "right_hip_joint"]) == ["left_hip", "right_hip"]
    assert without_common_end(["left_hip", "left_knee"]) == ["left_hip", "left_knee"]
    assert without_common_end(["joint"]) == ["joint"]
