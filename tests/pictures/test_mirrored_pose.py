from dataclasses import replace

import numpy as np
import pytest

from sb3_memaug.pictures import MirroredPose
from sb3_memaug.symmetry import Reflection

from .robots import LEFT_RIGHT, two_arms

ANGLES = {"left": 0.7, "right": 0.2, "nod": 0.1}


def angles(geometry):
    return {joint.name: joint.angle for joint in geometry.joints}


def test_partners_swap_their_angles():
    mirrored = MirroredPose(two_arms(), LEFT_RIGHT, ANGLES)
    assert angles(mirrored.original) == ANGLES
    assert angles(mirrored.image) == {"left": -0.2, "right": -0.7, "nod": 0.1}
    assert mirrored.error == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(mirrored.shift, 0, atol=1e-12)


def test_angles_count_from_the_pose_that_the_mirror_leaves_as_it_is():
    reflection = replace(LEFT_RIGHT, pose={"left": 1.0, "right": -1.0})
    mirrored = MirroredPose(two_arms(), reflection, {"left": 0.5})
    assert angles(mirrored.image) == pytest.approx({"left": 1.0, "right": -0.5, "nod": 0.0})


def test_a_wrong_sign_is_seen_in_the_error():
    wrong = replace(LEFT_RIGHT, joints={**LEFT_RIGHT.joints, "left": ("right", 1), "right": ("left", 1)})
    # The arm's centre of mass, 0.2 m from its axis, points up by 0.7 rad in place of down.
    assert MirroredPose(two_arms(), wrong, {"left": 0.7}).error == pytest.approx(0.4 * np.sin(0.7), rel=0.3)


def test_a_mirror_beside_the_origin_is_found():
    mirrored = MirroredPose(two_arms(offset=0.3), LEFT_RIGHT, ANGLES)
    np.testing.assert_allclose(mirrored.shift, (0, 0.6, 0), atol=1e-12)
    assert mirrored.error == pytest.approx(0, abs=1e-12)


def test_joints_without_mirror_image_stay_as_they_are():
    mirrored = MirroredPose(two_arms(), Reflection("sagittal", {"left": ("right", -1), "right": ("left", -1)}), ANGLES)
    assert angles(mirrored.image)["nod"] == 0.1


def test_an_unknown_joint_is_refused():
    with pytest.raises(ValueError, match="no joint 'wrist'"):
        MirroredPose(two_arms(), LEFT_RIGHT, {"wrist": 1.0})
