"""Links of bodies, and robots in other poses, against MuJoCo."""

from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.symmetry import Body, Closure, Joint, RobotGeometry, Shape, read_geometry
from sb3_memaug.symmetry.derivation.geometry import posed

from ..small_robots import ball, body, hinge, robot, slide, trunk


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


SLIDES = """
<mujoco model="crane">
  <worldbody>
    <body name="trunk" pos="0.3 -0.2 1" euler="20 -30 40">
      <freejoint/>
      <geom size="0.1"/>
      <body name="arm" pos="0.1 0.2 0.3" euler="10 20 30">
        <joint name="lift" type="slide" axis="1 2 3" ref="0.2"/>
        <joint name="swing" axis="3 -1 2" pos="0.05 0.1 -0.1" ref="35"/>
        <joint name="reach" type="slide" axis="0 1 1"/>
        <geom type="box" size="0.1 0.2 0.3" pos="0.2 0 0.1" euler="5 6 7"/>
        <body name="hand" pos="0.4 0 0" euler="0 50 0">
          <joint name="grip" axis="1 1 0" pos="0 0 0.2"/>
          <geom type="capsule" size="0.02 0.1" euler="30 0 0"/>
        </body>
      </body>
    </body>
  </worldbody>
</mujoco>
"""


def box(position):
    return Shape("", "box", np.array(position, float), np.diag((0.04, 0.01, 0.0)))


def two_links():
    elbow = Joint("elbow", "hinge", np.array((1.0, 0, 0)), np.array((0.0, 0, 1)), angle=0.5)
    slider = Joint("slider", "slide", np.array((2.0, 0, 0)), np.array((1.0, 0, 0)))
    tensor = np.diag((1.0, 2.0, 3.0))
    return RobotGeometry.from_bodies(
        "arm",
        [
            Body("base", -1, np.zeros(3), 1.0, np.zeros(3), tensor),
            Body("forearm", 0, np.array((1.0, 0, 0)), 1.0, np.array((1.5, 0, 0)), tensor, [elbow], [box((1.5, 0, 0))]),
            Body("hand", 1, np.array((2.0, 0, 0)), 1.0, np.array((2.0, 0, 0)), tensor, [slider]),
        ],
        closures=[Closure((1, 2), np.array((2.0, 0, 0)))],
    )


def test_a_joint_moves_all_that_it_carries_and_nothing_else():
    arm = two_links()
    bent = posed(arm, {"elbow": 0.5 + np.pi / 2, "slider": 0.25})
    base, forearm, hand = bent.links
    np.testing.assert_array_equal(base.inertia, arm.links[0].inertia)
    np.testing.assert_allclose(forearm.centre, (1, 0.5, 0), atol=1e-15)
    np.testing.assert_allclose(forearm.inertia, np.diag((2.0, 1.0, 3.0)), atol=1e-15)
    np.testing.assert_allclose(forearm.shapes[0].position, (1, 0.5, 0), atol=1e-15)
    np.testing.assert_allclose(forearm.shapes[0].extent, np.diag((0.01, 0.04, 0)), atol=1e-15)
    np.testing.assert_allclose(forearm.frames["forearm"], (1, 0, 0), atol=1e-15)
    np.testing.assert_allclose(hand.frames["hand"], (1, 1.25, 0), atol=1e-15)
    np.testing.assert_allclose(hand.joint.axis, (0, 1, 0), atol=1e-15)
    np.testing.assert_allclose(bent.closures[0].position, (1, 1, 0), atol=1e-15)
    assert [joint.angle for joint in bent.joints] == [0.5 + np.pi / 2, 0.25]


def test_angles_are_absolute_and_others_stay():
    arm = two_links()
    twice = posed(posed(arm, {"elbow": -1.0, "slider": 0.3}), {"elbow": 2.0})
    once = posed(arm, {"elbow": 2.0, "slider": 0.3})
    for a, b in zip(once.links, twice.links, strict=True):
        np.testing.assert_allclose(a.centre, b.centre, atol=1e-15)
        np.testing.assert_allclose(a.inertia, b.inertia, atol=1e-15)
    np.testing.assert_array_equal(posed(arm, {}).links[2].centre, arm.links[2].centre)


def test_a_robot_knows_its_joints():
    with pytest.raises(ValueError, match=r"robot 'arm' has no joint 'elbo'; did you mean one of \['elbow'\]"):
        posed(two_links(), {"elbo": 0.1})
    with pytest.raises(ValueError, match="finite angle for joint 'slider', got nan"):
        posed(two_links(), {"slider": float("nan")})


def humanoid():
    return (Path(gym.__file__).parent / "envs/mujoco/assets/humanoid.xml").read_text()


@pytest.mark.parametrize("text", [humanoid, lambda: SLIDES], ids=["humanoid", "slides"])
def test_poses_are_those_of_mujoco(text):
    mujoco = pytest.importorskip("mujoco")
    model = mujoco.MjModel.from_xml_string(text())
    data = mujoco.MjData(model)
    geometry = read_geometry(model)
    random = np.random.default_rng(0)
    for _ in range(5):
        data.qpos[7:] = random.uniform(-2, 2, model.nq - 7)
        mujoco.mj_kinematics(model, data)
        robot = posed(geometry, {model.joint(j).name: data.qpos[model.jnt_qposadr[j]] for j in range(1, model.njnt)})
        origin, axes = data.xpos[1], data.xmat[1].reshape(3, 3)
        for link in robot.links:
            bodies = [data.body(name).id for name in link.frames]
            for index, position in zip(bodies, link.frames.values(), strict=True):
                np.testing.assert_allclose(axes @ position + origin, data.xpos[index], atol=1e-12)
            if link.joint is not None:
                j = model.joint(link.joint.name).id
                np.testing.assert_allclose(axes @ link.joint.axis, data.xaxis[j], atol=1e-12)
                np.testing.assert_allclose(axes @ link.joint.position + origin, data.xanchor[j], atol=1e-12)
            if bodies:
                centre = np.average(data.xipos[bodies], axis=0, weights=model.body_mass[bodies])
                np.testing.assert_allclose(axes @ link.centre + origin, centre, atol=1e-12)
            if len(bodies) == 1:
                turn = axes.T @ data.ximat[bodies[0]].reshape(3, 3)
                inertia = turn @ np.diag(model.body_inertia[bodies[0]]) @ turn.T
                np.testing.assert_allclose(link.inertia, inertia, atol=1e-12)
            for shape in link.shapes:
                assert min(np.linalg.norm(axes @ shape.position + origin - data.geom_xpos, axis=1)) < 1e-12
