from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.envs.legged.stance import BENT, UPRIGHT, find_legs, find_stance, tip
from sb3_memaug.symmetry import derive_symmetry
from sb3_memaug.symmetry.derivation.geometry import posed

from .robots import leg_geometry

LENGTHS = st.floats(0.1, 0.5)
FORWARD, BACKWARD = (0.0, np.inf), (-np.inf, 0.0)


def stance(geometry):
    """The angles, and the robot in them with its legs."""
    legs = find_legs(geometry)
    angles = find_stance(geometry, legs)
    return angles, posed(geometry, angles), legs


def anchors(geometry, joint):
    return np.array([j.position for j in geometry.joints if j.name.startswith(joint)])


@settings(deadline=None, max_examples=40)
@given(upper=LENGTHS, lower=LENGTHS, sign=st.sampled_from((1, -1)), clock=st.floats(-3, 3))
def test_each_foot_stands_under_its_hip_whatever_the_lengths_and_the_pose_of_the_file(upper, lower, sign, clock):
    file_pose = leg_geometry(upper, lower, sign=sign, clock=clock)
    legs = find_legs(leg_geometry(upper, lower))
    standing = posed(file_pose, find_stance(file_pose, legs))
    feet = np.array([tip(standing, leg) for leg in legs])
    lengths = anchors(standing, "hip") - feet
    np.testing.assert_allclose(lengths[:, :2], 0, atol=1e-9)
    relative = lengths[:, 2] / (upper + lower)
    # A shank that is much shorter than its thigh folds before it is as bent.
    assert relative == pytest.approx(BENT) or (relative > BENT).all()


def test_knees_point_to_the_middle_where_they_may_point_either_way():
    geometry = leg_geometry(0.2, 0.2)
    angles, standing, _ = stance(geometry)
    offsets = (anchors(standing, "knee") - anchors(standing, "hip"))[:, 0]
    assert (np.sign(offsets) == (-1, -1, 1, 1)).all()
    assert list(derive_symmetry(geometry, angles).reflections) == ["left_right", "front_back"]


def test_front_is_told_from_behind_wherever_the_base_has_its_origin():
    geometry = leg_geometry(0.2, 0.2)
    shifted = type(geometry)(geometry.name, tuple(_shifted(link, 1.0) for link in geometry.links))
    assert find_stance(shifted, find_legs(geometry)) == pytest.approx(find_stance(geometry, find_legs(geometry)))


def _shifted(link, x):
    by = np.array((x, 0, 0))
    joint = link.joint and replace(link.joint, position=link.joint.position + by)
    frames = {name: at + by for name, at in link.frames.items()}
    shapes = tuple(replace(shape, position=shape.position + by) for shape in link.shapes)
    return replace(link, joint=joint, frames=frames, shapes=shapes, centre=link.centre + by)


@pytest.mark.parametrize(("limits", "side"), [(BACKWARD, -1), (FORWARD, 1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_limits_decide_which_way_knees_point(limits, side, sign):
    low, high = limits if sign > 0 else (-limits[1], -limits[0])
    _, standing, _ = stance(leg_geometry(0.2, 0.2, knee_limits=(low, high), sign=sign))
    offsets = (anchors(standing, "knee") - anchors(standing, "hip"))[:, 0]
    assert (np.sign(offsets) == side).all()


def test_legs_that_cannot_bend_as_usual_are_bent_as_they_can():
    # Equal parts at 0.85 of their length meet at 2 acos(0.85) = 1.11 rad.
    for low, expected in ((-1.0, 0.9), (-0.7, 0.95)):
        _, standing, legs = stance(leg_geometry(0.2, 0.2, knee_limits=(low, 0.0)))
        heights = [anchors(standing, "hip")[i, 2] - tip(standing, leg)[2] for i, leg in enumerate(legs)]
        assert heights == pytest.approx([0.4 * expected] * 4)


def test_legs_that_cannot_bend_at_all_stay_within_their_limits():
    angles, _, _ = stance(leg_geometry(0.2, 0.2, knee_limits=(-0.1, 0.1)))
    assert set(angles.values()) == {0.0}
    angles, _, _ = stance(leg_geometry(0.2, 0.2, knee_limits=(0.2, 0.3)))
    assert [angles[f"knee_{i}"] for i in range(4)] == [0.2] * 4


def test_an_ankle_keeps_its_foot_level_and_two_legs_stand_upright_on_knees_that_point_forwards():
    geometry = leg_geometry(0.3, 0.25, ankle=0.05)
    angles, standing, _ = stance(geometry)
    ankles, hips = anchors(standing, "ankle"), anchors(standing, "hip")
    np.testing.assert_allclose(ankles[:, :2], hips[:, :2], atol=1e-12)
    assert hips[:, 2] - ankles[:, 2] == pytest.approx([0.55 * UPRIGHT] * 2)
    assert ((anchors(standing, "knee") - hips)[:, 0] > 0).all()
    assert sum(angles[f"{joint}_0"] for joint in ("hip", "knee", "ankle")) == pytest.approx(0)


def test_legs_of_another_build_stay_as_the_file_has_them():
    geometry = leg_geometry(0.2, 0.2)
    for link in geometry.links[1:]:
        link.joint.axis[:] = (0.0, 0.8, 0.6)
    angles, _, _ = stance(geometry)
    assert set(angles.values()) == {0.0}
