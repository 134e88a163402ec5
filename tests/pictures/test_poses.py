from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sb3_memaug.pictures import MirroredPose
from sb3_memaug.pictures.poses import random_pose
from sb3_memaug.symmetry import Reflection
from sb3_memaug.symmetry.derivation.geometry import posed

from .robots import LEFT_RIGHT, four_bar, two_arms

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
    # The arm's center of mass, 0.2 m from its axis, points up by 0.7 rad in place of down.
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


@given(seed=st.integers(0, 1000))
def test_it_keeps_the_limits_and_looks_different_in_the_mirror(seed):
    angles = random_pose(two_arms(), LEFT_RIGHT, {}, seed)
    assert set(angles) == {"left", "right", "nod"}
    assert 0 <= angles["nod"] <= 0.2
    assert abs(angles["left"] + angles["right"]) > 0.2


def test_a_seed_makes_a_pose():
    first, again, other = (random_pose(two_arms(), LEFT_RIGHT, {}, seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_what_is_given_and_what_has_no_mirror_image_is_not_drawn():
    arms = Reflection("sagittal", {"left": ("right", -1), "right": ("left", -1)})
    robot = posed(two_arms(), {"nod": 0.15})
    angles = random_pose(robot, arms, {"left": 2.5}, seed=0)
    assert angles["left"] == 2.5
    assert angles["nod"] == 0.15
    assert abs(angles["right"]) <= 0.5


def test_closed_chains_stay_closed():
    robot = four_bar()
    turn = Reflection("half_turn", {name: (name, -1) for name in ("first", "second", "third")})
    for fixed in ({}, {"first": 0.4}):
        angles = random_pose(robot, turn, fixed, seed=3)
        assert angles.items() >= fixed.items()
        # A parallelogram: the cranks turn together, and the bar stays level.
        assert angles["third"] == pytest.approx(angles["first"], abs=1e-6)
        assert angles["second"] == pytest.approx(-angles["first"], abs=1e-6)
        assert abs(angles["first"]) > 0.01


def test_a_slide_moves_by_a_part_of_the_robots_size():
    robot = two_arms()
    slides = [
        link if link.joint is None else type(link)(**{**vars(link), "joint": type(link.joint)(**_slide(link.joint))})
        for link in robot.links
    ]
    robot = type(robot)(robot.name, tuple(slides))
    mirrored = MirroredPose(robot, LEFT_RIGHT, random_pose(robot, LEFT_RIGHT, {}, seed=0))
    moves = [abs(joint.angle) for joint in mirrored.original.joints]
    assert 0 < max(moves) <= 0.1 * robot.size
    assert np.isfinite(moves).all()


def _slide(joint):
    return {**vars(joint), "kind": "slide"}
