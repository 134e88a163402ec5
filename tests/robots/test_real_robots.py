"""Left and right of robots as their makers describe them: found, or refused for what is told."""

import re

import numpy as np
import pytest

from sb3_memaug.symmetry import derive_symmetry
from sb3_memaug.symmetry.derivation.geometry import posed

from .robot_files import example_robot, quadruped_mjcf

#: File, what of its left-right mirror is broken, and the front-back one; None where it holds.
ROBOTS = {
    "a1": ("a1", None, "FR_calf_joint and RR_calf_joint: limits"),
    "b1": ("b1", None, "limits"),
    "b1 with an arm": ("b1-z1", None, "limits"),
    "laikago": ("laikago", None, "limits"),
    "hyq": ("hyq_no_sensors", None, "base_link: centre of mass 56.1 mm off the plane"),
    "bolt": ("bolt", None, None),
    "anymal b with an arm": ("anymal-kinova", "j2s6s200_joint_3: limits", "base: centre of mass 73.1 mm off the plane"),
    "aliengo": ("aliengo.xml", None, "limits"),
    "spot": ("spot.xml", None, "FL_calf_joint and RL_calf_joint: axis 50.0 mm from its mirror image"),
    "b2": ("b2.xml", None, "limits"),
    "hyqreal": ("hyqreal2.xml", None, "limits"),
    "g1 with hands": ("g1_29dof_with_hand_rev_1_0", None, "axis"),
    "talos": ("talos_reduced", "arm_left_4_link and arm_right_4_link: centre of mass 42.1 mm", "axis"),
    "icub": (
        "icub",
        "l_hip_1 and r_hip_1: inertia differs from its mirror image by 100.0%",
        "axis turned by 0.524 rad",
    ),
    "romeo": ("romeo_description/urdf/romeo", "LElbowYawLink and RElbowYawLink: inertia", "axis"),
    "simple humanoid": ("simple_humanoid", "RLEG_KNEE and LLEG_KNEE: limits [0, 2.62]", "RLEG_KNEE: limits"),
    "pr2": ("pr2", "r_shoulder_lift_link and l_shoulder_lift_link: centre of mass 53.3 mm", "axis"),
    "baxter": ("baxter", "r_gripper_l_finger and l_gripper_r_finger: a cylinder has no mirror image", "axis"),
}


#: Called ``LElbowYaw``, ``RLEG_KNEE``; all others have a word for their sides.
WITH_A_LETTER = ("romeo", "simple humanoid")
WORDS = {
    "left": "right",
    "l": "r",
    **{f"{end}L": f"{end}R" for end in "FRH"},
    "fl": "fr",
    "hl": "hr",
    "lf": "rf",
    "lh": "rh",
}
WORDS |= {left.upper(): right.upper() for left, right in WORDS.items()}


def other_side(robot, name):
    if robot in WITH_A_LETTER:
        return re.sub("^[LR](?=[A-Z])", lambda letter: {"L": "R", "R": "L"}[letter[0]], name)
    words = WORDS | {right: left for left, right in WORDS.items()}
    return "_".join(words.get(word, word) for word in name.split("_"))


@pytest.fixture(scope="module")
def derived():
    found = {}

    def derive(robot):
        name = ROBOTS[robot][0]
        if name.endswith(".xml"):
            pytest.importorskip("mujoco")
        if robot not in found:
            found[robot] = derive_symmetry(quadruped_mjcf(name[:-4]) if name.endswith(".xml") else example_robot(name))
        return found[robot]

    return derive


@pytest.mark.parametrize("robot", ROBOTS)
def test_left_and_right_are_those_of_the_names(derived, robot):
    candidate = derived(robot).candidates["left_right"]
    joints = [joint.name for joint in derived(robot).geometry.joints]
    assert not candidate.locked
    assert {name: partner for name, (partner, _) in candidate.reflection.joints.items()} == {
        name: other_side(robot, name) for name in joints
    }


@pytest.mark.parametrize("robot", ROBOTS)
def test_what_does_not_hold_is_told(derived, robot):
    for mirror, account in zip(("left_right", "front_back"), ROBOTS[robot][1:], strict=True):
        candidate = derived(robot).candidates[mirror]
        assert candidate.holds == (account is None)
        if account is not None:
            assert account in str(candidate)


@pytest.mark.parametrize("robot", ROBOTS)
def test_mirrored_angles_mirror_every_axis(derived, robot):
    """Move all joints, mirror the angles, and look where the axes come to lie: no name and no table decides here."""
    geometry = derived(robot).geometry
    random = np.random.default_rng(0)
    for candidate in derived(robot).candidates.values():
        reflection = candidate.reflection
        if reflection is None:
            continue
        names = list(reflection.joints)
        angles = random.uniform(-0.5, 0.5, len(names))
        mirrored = reflection.joint_position_map(names).apply(angles)
        one, other = (
            {joint.name: joint for joint in posed(geometry, dict(zip(names, q.tolist(), strict=True))).joints}
            for q in (angles, mirrored)
        )
        axes = np.array(reflection.axes)
        for name, (partner, sign) in reflection.joints.items():
            joint, image = one[name], other[partner]
            handedness = reflection.determinant if joint.kind == "hinge" else 1
            np.testing.assert_allclose(sign * handedness * axes * joint.axis, image.axis, atol=0.02)
            if joint.kind == "hinge":
                across = np.cross(axes * joint.position - image.position, image.axis)
                np.testing.assert_allclose(across, 0, atol=0.005)
