"""Which motor does in the mirror what another one does."""

import numpy as np
import pytest

from sb3_memaug.symmetry import Actuator
from sb3_memaug.symmetry.actuator_residuals import actuator_partners, actuator_residuals

#: Hips that turn the other way in the mirror, knees that do not, and a waist that is its own partner.
JOINTS = {
    "left_hip": ("right_hip", -1),
    "right_hip": ("left_hip", -1),
    "left_knee": ("right_knee", 1),
    "right_knee": ("left_knee", 1),
    "waist": ("waist", -1),
}


def partners(*actuators):
    return actuator_partners(actuators, JOINTS, {})


def broken(*actuators, neutral=()):
    residuals = actuator_residuals(actuators, JOINTS, dict(neutral), 0.05)
    return [str(residual) for residual in residuals if residual.breaks]


@pytest.mark.parametrize("joint", ["hip", "knee"])
@pytest.mark.parametrize(("gear", "other"), [(2, 3), (2, -3), (-2, -3), (-2, 3)])
def test_the_sign_is_that_of_the_joints_and_of_the_gears(joint, gear, other):
    sign = JOINTS[f"left_{joint}"][1] * (1 if gear * other > 0 else -1)
    motors = Actuator("l", f"left_{joint}", gear), Actuator("r", f"right_{joint}", other)
    assert partners(*motors) == {"l": ("r", sign), "r": ("l", sign)}


def test_a_motor_of_the_middle_is_its_own_partner():
    assert partners(Actuator("turn", "waist")) == {"turn": ("turn", -1)}
    assert broken(Actuator("turn", "waist")) == []
    assert broken(Actuator("turn", "waist", control_limits=(-1, 2))) == [
        "turn: control limits [-1, 2] mirror to [-2, 1], but are [-1, 2]"
    ]


def test_muscles_that_pull_against_each_other_change_places():
    muscles = [Actuator("left", "waist", 1, (0, 1)), Actuator("right", "waist", -1, (0, 1))]
    assert partners(*muscles) == {"left": ("right", 1), "right": ("left", 1)}
    assert broken(*muscles) == []


def test_muscles_of_partners_pull_the_same_way_in_the_mirror():
    muscles = [
        Actuator(f"{side}{gear:+}", f"{side}_hip", gear, (0, 1)) for side in ("left", "right") for gear in (1, -1)
    ]
    assert partners(*muscles) == {
        "left+1": ("right-1", 1), "right-1": ("left+1", 1), "left-1": ("right+1", 1), "right+1": ("left-1", 1)
    }  # fmt: skip
    assert broken(*muscles) == []


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 2, 0), (1, 2, 0, 3)])
def test_of_two_motors_those_are_partners_that_are_alike(order):
    motors = [
        Actuator(f"{s}_{gain}", f"{s}_hip", properties={"gain": gain}) for s in ("left", "right") for gain in (1, 9)
    ]
    assert partners(*(motors[i] for i in order)) == {
        "left_1": ("right_1", -1), "right_1": ("left_1", -1), "left_9": ("right_9", -1), "right_9": ("left_9", -1)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "account"),
    [
        ({"gear": 1.2}, "gears 1.2 and 1"),
        ({"control_limits": (-1, 2)}, "control limits [-1, 2] mirror to [-2, 1], but are [-1, 1]"),
        ({"control_limits": (-np.inf, np.inf)}, "control limits [-inf, inf] mirror to [-inf, inf], but are [-1, 1]"),
        ({"force_limits": (-5, 5)}, "force limits [-5, 5] mirror to [-5, 5], but are [-inf, inf]"),
        ({"properties": {"gain 0": 3.0}}, "gain 0 3 and 0"),
    ],
)
def test_motors_that_are_not_alike_are_named(change, account):
    same = {"gear": 1.0, "control_limits": (-1, 1)}
    assert broken(Actuator("l", "left_hip", **same), Actuator("r", "right_hip", **same)) == []
    motors = Actuator("l", "left_hip", **{**same, **change}), Actuator("r", "right_hip", **same)
    assert broken(*motors) == [f"l and r: {account}"]


def test_limits_on_one_side_are_mirrored_with_the_sign():
    assert broken(Actuator("l", "left_hip", 1, (0, 1)), Actuator("r", "right_hip", 1, (-1, 0))) == []
    assert broken(Actuator("l", "left_knee", 1, (0, 1)), Actuator("r", "right_knee", 1, (0, 1))) == []
    assert broken(Actuator("l", "left_hip", 1, (0, 1)), Actuator("r", "right_hip", -1, (0, 1))) == []


def test_a_motor_on_one_side_only_has_no_partner():
    lone = Actuator("l", "left_hip")
    assert partners(lone) == {}
    assert broken(lone) == ["l: the partner of its joint left_hip is driven otherwise"]
    assert partners(lone, Actuator("r", "right_hip"), Actuator("r2", "right_hip")) == {}
    assert partners(Actuator("arm", "arm")) == {}


def test_limits_of_servos_are_mirrored_about_the_controls_that_hold_the_pose():
    servos = Actuator("l", "left_hip", control_limits=(0, 1)), Actuator("r", "right_hip", control_limits=(-0.4, 0.6))
    assert broken(*servos, neutral={"l": 0.5, "r": 0.1}) == []
    assert broken(*servos) == ["l and r: control limits [0, 1] mirror to [-1, 0], but are [-0.4, 0.6]"]
