import numpy as np
import pytest

from sb3_memaug.symmetry import Closure, read_geometry

from .small_robots import ball, body, hinge, robot, slide, trunk


def test_bodies_that_are_fixed_to_one_another_are_one_link():
    wrist = body("wrist", 1, (1, 0, 0), mass=3, inertia=np.diag((1.0, 2.0, 3.0)), shapes=[ball((1, 0, 0), name="w")])
    arm = body("arm", 0, (0, 0, 0), hinge("shoulder", (0, 0, 0)), inertia=np.eye(3), shapes=[ball((0, 0, 0), name="a")])
    whole = robot(trunk(), arm, wrist, body("hand", 2, (1, 1, 0), hinge("grip", (1, 1, 0))))
    assert [(link.name, link.parent) for link in whole.links] == [("trunk", -1), ("arm", 0), ("hand", 1)]
    arm = whole.links[1]
    assert arm.mass == 4
    np.testing.assert_allclose(arm.centre, (0.75, 0, 0))
    # Reduced mass 1 · 3 / 4 at a distance of 1 m, about the two axes across.
    np.testing.assert_allclose(arm.inertia, np.diag((2, 3 + 0.75, 4 + 0.75)))
    assert [shape.name for shape in arm.shapes] == ["a", "w"]
    assert {name: place.tolist() for name, place in arm.frames.items()} == {"arm": [0, 0, 0], "wrist": [1, 0, 0]}


def test_what_is_fixed_to_the_base_is_part_of_it():
    whole = robot(trunk(), body("head", 0, (0, 0, 1)), body("jaw", 1, (0, 0, 1), hinge("bite", (0, 0, 1))))
    assert [(link.name, link.parent) for link in whole.links] == [("trunk", -1), ("jaw", 0)]
    assert list(whole.links[0].frames) == ["trunk", "head"]
    assert whole.links[0].joint is None
    np.testing.assert_allclose(whole.links[0].centre, (0, 0, 0.5))


def test_each_joint_of_a_body_has_a_link_the_last_one_its_mass():
    joints = [hinge("yaw", (0, 0, 0), (0, 0, 1)), hinge("roll", (0, 0, 0)), slide("lift", (0, 0, 0), (0, 0, 1))]
    whole = robot(
        trunk(), body("arm", 0, (0, 0, 0), *joints, mass=2), body("hand", 1, (1, 0, 0), hinge("grip", (1, 0, 0)))
    )
    assert [link.parent for link in whole.links] == [-1, 0, 1, 2, 3]
    assert [joint.name for joint in whole.joints] == ["yaw", "roll", "lift", "grip"]
    assert [link.mass for link in whole.links] == [1, 0, 0, 2, 1]
    assert [list(link.frames) for link in whole.links] == [["trunk"], [], [], ["arm"], ["hand"]]


def test_a_body_without_mass_is_where_its_joint_is():
    whole = robot(
        trunk(), body("frame", 0, (0, 0, 1), hinge("turn", (0, 0, 2)), mass=0, centre=(5, 5, 5), inertia=0 * np.eye(3))
    )
    np.testing.assert_array_equal(whole.links[1].centre, (0, 0, 2))
    np.testing.assert_array_equal(whole.links[1].centres["frame"], (0, 0, 1))


def test_closures_hold_links_together():
    bodies = [trunk(), body("a", 0, (1, 0, 0), hinge("a", (1, 0, 0))), body("pad", 1, (2, 0, 0))]
    bodies += [body("b", 0, (3, 0, 0), hinge("b1", (3, 0, 0)), hinge("b2", (3, 0, 0), (0, 1, 0)))]
    whole = robot(*bodies, closures=[Closure((2, 3), np.array((2.0, 0, 0)))])
    assert [closure.links for closure in whole.closures] == [(1, 3)]


def test_its_size_is_how_far_it_reaches():
    assert robot(trunk()).size == 0
    assert robot(trunk(), body("arm", 0, (0, 0, 0), hinge("grip", (0, 3, 4)), centre=(1, 1, 1))).size == 5


@pytest.mark.parametrize(
    ("bodies", "message"),
    [
        ([], "the first body must be the base"),
        ([body("arm", 0, (0, 0, 0))], "the first body must be the base"),
        ([body("arm", -1, (0, 0, 0), hinge("grip", (0, 0, 0)))], "with the parent -1 and without joints"),
        ([trunk(), body("arm", 1, (0, 0, 0))], "the parent of body 'arm' must come before it, got 1 for body 1"),
        ([trunk(), body("arm", -1, (0, 0, 0))], "the parent of body 'arm' must come before it, got -1"),
        (
            [trunk(), body("a", 0, (0, 0, 0), hinge("x", (0, 0, 0))), body("b", 0, (0, 0, 0), hinge("x", (0, 0, 0)))],
            "two joints of robot are called 'x'",
        ),
    ],
)
def test_what_is_no_tree_of_bodies_is_refused(bodies, message):
    with pytest.raises(ValueError, match=message):
        robot(*bodies)


def test_a_geometry_is_its_own():
    whole = robot(trunk())
    assert read_geometry(whole) is whole
    with pytest.raises(ValueError, match=r"expected .* or a RobotGeometry, got 7"):
        read_geometry(7)
