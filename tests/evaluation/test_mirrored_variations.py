import pytest

from sb3_memaug.envs.minitaur.anatomy import REFLECTIONS
from sb3_memaug.evaluation.mirrored_variations import mirrored_variations
from sb3_memaug.symmetry import Reflection

LEFT_RIGHT, FRONT_BACK = REFLECTIONS["left_right"], REFLECTIONS["front_back"]
LEGS = ("front_left", "front_right", "back_left", "back_right")
MOTORS = [f"motor_{leg}{side}_joint" for leg in LEGS for side in "LR"]
PAYLOADS = [f"payload_{leg}" for leg in LEGS]


@pytest.mark.parametrize(
    ("factors", "images"),
    [
        ([], {"front_leftL": "front_leftL", "back_rightR": "back_rightR"}),
        ([LEFT_RIGHT], {"front_leftL": "front_rightR", "front_leftR": "front_rightL", "back_leftL": "back_rightR"}),
        ([FRONT_BACK], {"front_leftL": "back_leftL", "front_leftR": "back_leftR", "front_rightR": "back_rightR"}),
        ([LEFT_RIGHT, FRONT_BACK], {"front_leftL": "back_rightR", "front_rightL": "back_leftR"}),
    ],
    ids=["identity", "left_right", "front_back", "both"],
)
def test_failures_of_the_minitaur(factors, images):
    found = mirrored_variations(MOTORS, factors)
    assert sorted(found.values()) == sorted(MOTORS)
    assert all(found[found[name]] == name for name in MOTORS)
    for joint, image in images.items():
        assert found[f"motor_{joint}_joint"] == f"motor_{image}_joint"


@pytest.mark.parametrize(
    ("factors", "image_of_front_left"),
    [([LEFT_RIGHT], "front_right"), ([FRONT_BACK], "back_left"), ([LEFT_RIGHT, FRONT_BACK], "back_right")],
    ids=["left_right", "front_back", "both"],
)
def test_payloads(factors, image_of_front_left):
    found = mirrored_variations(PAYLOADS, factors)
    assert found["payload_front_left"] == f"payload_{image_of_front_left}"
    assert all(found[found[name]] == name for name in PAYLOADS)


def test_joints_that_fail_together_come_in_any_order():
    names = ["hip_l+knee_l", "knee_r+hip_r"]
    sagittal = Reflection("sagittal", {f"{j}_{a}": (f"{j}_{b}", 1) for j in ("hip", "knee") for a, b in ("lr", "rl")})
    assert mirrored_variations(names, [sagittal]) == {names[0]: names[1], names[1]: names[0]}


def test_what_has_no_image_is_named():
    with pytest.raises(
        ValueError, match="mirror image of the variation 'motor_front_leftL_joint' is 'motor_front_rightR"
    ):
        mirrored_variations(MOTORS[:1], [LEFT_RIGHT])
    with pytest.raises(ValueError, match="joint 'tail' has no partner in this reflection; known are"):
        mirrored_variations(["tail"], [LEFT_RIGHT])
