"""Robots in PyBullet, against the files that they were loaded from."""

import numpy as np
import pytest

from sb3_memaug.symmetry import derive_symmetry, read_geometry
from sb3_memaug.symmetry.derivation.geometry import posed

from .robot_files import example_robot
from .same_robot import SKEWED, assert_same, bullet_body, skewed, without_meshes

pybullet = pytest.importorskip("pybullet")
from pybullet_utils.bullet_client import BulletClient  # noqa: E402, as there may be no PyBullet

ANGLES = {"hip": 0.7, "stretch": 0.3, "axle": -2.0}

BALL_JOINT = """
<robot name="doll"><link name="body"/><link name="head"/>
  <joint name="neck" type="spherical"><parent link="body"/><child link="head"/></joint>
</robot>
"""


@pytest.fixture
def client():
    client = BulletClient(pybullet.DIRECT)
    yield client
    client.disconnect()


def joints_of(client, body):
    return {client.getJointInfo(body, i)[1].decode(): i for i in range(client.getNumJoints(body))}


def test_the_robot_is_that_of_its_file(client):
    robot = read_geometry((client, bullet_body(client, SKEWED)))
    assert robot.name == "skewed"
    assert robot.floating
    assert_same(robot, skewed())


def test_it_is_read_at_its_present_angles(client):
    body = bullet_body(client, SKEWED)
    for name, i in joints_of(client, body).items():
        client.resetJointState(body, i, ANGLES.get(name, 0.0))
    assert_same(read_geometry((client, body)), posed(skewed(), ANGLES))


@pytest.mark.parametrize("name", ["solo12", "go2_description/urdf/go2", "talos_reduced"])
def test_real_robots_are_those_of_their_files(client, name):
    text = without_meshes(example_robot(name).read_text())
    assert_same(read_geometry((client, bullet_body(client, text))), read_geometry(text), atol=1e-9)


def test_a_fixed_base_is_seen_from_the_world(client):
    robot = read_geometry((client, bullet_body(client, SKEWED, fixed=True)))
    assert not robot.floating
    np.testing.assert_allclose(robot.links[0].frames["trunk"], (1, 2, 3), atol=1e-12)
    turn = np.reshape(client.getMatrixFromQuaternion(client.getQuaternionFromEuler((0.3, 0.4, 0.5))), (3, 3))
    for joint, other in zip(robot.joints, skewed().joints, strict=True):
        np.testing.assert_allclose(joint.axis, turn @ other.axis, atol=1e-9)
        np.testing.assert_allclose(joint.position, turn @ other.position + (1, 2, 3), atol=1e-9)


def test_the_module_itself_is_a_client(client):
    connection = pybullet.connect(pybullet.DIRECT)
    try:
        assert_same(read_geometry((pybullet, bullet_body(pybullet, SKEWED))), skewed())
    finally:
        pybullet.disconnect(connection)


def test_closures_are_points_that_hold_two_links_together(client):
    body, other = bullet_body(client, SKEWED), bullet_body(client, SKEWED)
    thigh, wheel = (joints_of(client, body)[name] for name in ("hip", "axle"))
    offset = client.getDynamicsInfo(body, thigh)[3]
    # A pivot is told from the centre of mass.
    pivot, rest = np.array((0.1, 0.2, 0.3)), (0, 0, 0)
    point, axis = client.JOINT_POINT2POINT, (0, 0, 0)
    client.createConstraint(body, thigh, body, wheel, point, axis, pivot.tolist(), rest)
    client.createConstraint(body, thigh, other, wheel, point, axis, rest, rest)
    client.createConstraint(body, thigh, -1, -1, point, axis, rest, rest)
    robot = read_geometry((client, body))
    (closure,) = robot.closures
    assert [robot.links[i].name for i in closure.links] == ["thigh", "wheel"]
    # The other pivot is the wheel's centre of mass, wherever the thigh's one is.
    np.testing.assert_allclose(closure.end, robot.links[closure.links[1]].centre, atol=1e-9)
    x, y, z, w = client.getDynamicsInfo(body, thigh)[4]
    turn = np.reshape(client.getMatrixFromQuaternion((x, y, z, w)), (3, 3))
    position, orientation = client.getLinkState(body, thigh)[4:6]
    local = turn @ pivot + offset
    world, _ = client.multiplyTransforms(position, orientation, local.tolist(), (0, 0, 0, 1))
    base = read_base(client, body)
    np.testing.assert_allclose(closure.position, client.multiplyTransforms(*base, world, (0, 0, 0, 1))[0], atol=1e-6)


def read_base(client, body):
    """From the world to the base link's frame."""
    inertial = client.invertTransform(*client.getDynamicsInfo(body, -1)[3:5])
    link = client.multiplyTransforms(*client.getBasePositionAndOrientation(body), *inertial)
    return client.invertTransform(*link)


def test_reading_changes_nothing():
    def states(read):
        client = BulletClient(pybullet.DIRECT)
        client.setGravity(0, 0, -9.81)
        body = bullet_body(client, SKEWED)
        found = []
        for _ in range(50):
            client.stepSimulation()
            if read:
                read_geometry((client, body))
            found.append((client.getBasePositionAndOrientation(body), client.getJointStates(body, range(4))))
        client.disconnect()
        return found

    assert states(read=True) == states(read=False)


def test_a_spherical_joint_is_three_hinges(client):
    robot = read_geometry((client, bullet_body(client, BALL_JOINT)))
    assert [(joint.name, joint.kind) for joint in robot.joints] == [(f"neck:{k}", "hinge") for k in range(3)]
    assert [joint.axis.tolist() for joint in robot.joints] == np.eye(3).tolist()


def test_a_planar_joint_can_only_be_locked(client):
    planar = bullet_body(client, BALL_JOINT.replace("spherical", "planar"))
    with pytest.raises(ValueError, match=r"got the planar joint 'neck' of doll: .* locked=\['neck'\]"):
        derive_symmetry((client, planar))
    assert derive_symmetry((client, planar), locked=["ne.k"]).geometry.joints == ()


def test_constraints_that_are_not_compared_are_told(client):
    body = bullet_body(client, SKEWED)
    hip, axle = (joints_of(client, body)[name] for name in ("hip", "axle"))
    rest = (0, 0, 0)
    client.createConstraint(body, hip, body, axle, client.JOINT_FIXED, rest, rest, rest)
    gear = client.createConstraint(body, hip, body, axle, client.JOINT_GEAR, (1, 0, 0), rest, rest)
    world = client.createConstraint(body, hip, -1, -1, client.JOINT_POINT2POINT, rest, rest, rest)
    robot = read_geometry((client, body))
    assert [closure.kind for closure in robot.closures] == ["weld"]
    assert robot.not_compared == (
        f"constraint {gear} of Bullet's type 6 between its own links",
        f"constraint {world} of Bullet's type 5 to what is no part of the robot",
    )
