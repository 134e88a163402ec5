import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sb3_memaug.pictures import MirroredPose, random_pose
from sb3_memaug.symmetry import Reflection
from sb3_memaug.symmetry.kinematics import posed

from .robots import LEFT_RIGHT, four_bar, two_arms


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
