import pytest

from sb3_memaug.symmetry.side_names import name_mismatch

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
def test_partners_are_recognised_both_ways(plane, name, other):
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
