import numpy as np
import pytest

from sb3_memaug.robots import RobotState
from sb3_memaug.robots.bullet_robot import BulletRobot
from sb3_memaug.robots.rotations import rotation_matrix

pybullet = pytest.importorskip("pybullet")
from pybullet_utils.bullet_client import BulletClient  # noqa: E402, as there may be none

#: kg; m, of the base's centre of mass in the frame of its link, and of the foot below the hip.
BASE_MASS, BODY_MASS, CENTRE, FOOT_DEPTH = 1.9, 2.0, np.array((0.05, -0.1, 0.2)), 0.3
DT, STIFFNESS, DAMPING, LIMIT = 0.001, 3.0, 0.1, 0.5

URDF = f"""
<robot name="hopper">
  <link name="base">
    <inertial>
      <origin xyz="{" ".join(map(str, CENTRE))}" rpy="0 0 0.7"/><mass value="{BASE_MASS}"/>
      <inertia ixx="0.02" iyy="0.02" izz="0.02" ixy="0" ixz="0" iyz="0"/>
    </inertial>
    <collision><geometry><box size="0.1 0.1 0.1"/></geometry></collision>
  </link>
  <link name="leg">
    <inertial><mass value="{BODY_MASS - BASE_MASS}"/><inertia ixx="2e-3" iyy="2e-3" izz="2e-3" ixy="0" ixz="0" iyz="0"/>
    </inertial>
    <collision>
      <origin xyz="0 0 -{FOOT_DEPTH}"/><geometry><sphere radius="0.01"/></geometry>
    </collision>
  </link>
  <link name="antenna">
    <inertial><mass value="1e-6"/><inertia ixx="1e-9" iyy="1e-9" izz="1e-9" ixy="0" ixz="0" iyz="0"/></inertial>
  </link>
  <joint name="hip" type="continuous"><parent link="base"/><child link="leg"/><axis xyz="0 1 0"/></joint>
  <joint name="mount" type="fixed"><parent link="base"/><child link="antenna"/></joint>
</robot>
"""


@pytest.fixture
def make(tmp_path):
    """Makes robots whose base has its centre of mass elsewhere and its inertia turned, and closes them."""
    (tmp_path / "hopper.urdf").write_text(URDF)
    made = []

    def make(gravity=0.0, motors=("hip",), feet=None):
        client = BulletClient(pybullet.DIRECT)
        client.setGravity(0, 0, -gravity)
        client.setTimeStep(DT)
        client.createMultiBody(0, client.createCollisionShape(client.GEOM_PLANE))
        body = client.loadURDF(str(tmp_path / "hopper.urdf"), flags=client.URDF_USE_INERTIA_FROM_FILE)
        for link in (-1, 0, 1):
            client.changeDynamics(body, link, linearDamping=0, angularDamping=0, jointDamping=0)
        made.append(BulletRobot(client, body, motors, feet or {"foot": ["leg"]}, STIFFNESS, DAMPING, LIMIT))
        return made[-1]

    yield make
    for robot in made:
        robot.close()


def state(height=2.0, orientation=(1, 0, 0, 0), linear=(0, 0, 0), angular=(0, 0, 0), angle=0.0, rate=0.0):
    quaternion = np.array(orientation, float)
    return RobotState(
        np.array((0.3, -0.2, height)),
        quaternion / np.linalg.norm(quaternion),
        np.array(linear, float),
        np.array(angular, float),
        np.array((angle,)),
        np.array((rate,)),
    )


MOVING = state(orientation=(0.9, 0.1, -0.3, 0.2), linear=(1, 2, 3), angular=(0.4, -0.5, 0.6), angle=0.3, rate=-0.7)


def test_moving_joints_are_listed_and_fixed_ones_are_not(make):
    robot = make()
    assert robot.joint_names == robot.motor_names == ("hip",)
    assert robot.foot_names == ("foot",)
    np.testing.assert_array_equal(robot.motor_indices, [0])


def test_a_state_that_was_set_is_the_state_that_is_read(make):
    robot = make()
    robot.set_state(MOVING)
    for name, expected, found in zip(MOVING._fields, MOVING, robot.get_state(), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12, err_msg=name)


def test_a_state_is_a_copy(make):
    robot = make()
    robot.set_state(MOVING)
    robot.get_state().base_position[:] = 9
    np.testing.assert_allclose(robot.get_state().base_position, MOVING.base_position)


def test_velocities_are_those_of_the_base_in_the_world(make):
    robot = make()
    robot.set_motor_strength(np.zeros(1))
    robot.set_state(MOVING)
    robot.advance(1)
    after = robot.get_state()
    np.testing.assert_allclose(
        (after.base_position - MOVING.base_position) / DT, MOVING.base_linear_velocity, atol=5e-3
    )
    turned = rotation_matrix(after.base_orientation) @ rotation_matrix(MOVING.base_orientation).T
    spin = np.array((turned[2, 1] - turned[1, 2], turned[0, 2] - turned[2, 0], turned[1, 0] - turned[0, 1])) / 2 / DT
    np.testing.assert_allclose(spin, MOVING.base_angular_velocity, atol=5e-3)


def test_a_motor_pulls_to_its_target_with_a_limited_torque(make):
    robot = make()
    robot.set_state(state())
    robot.set_motor_targets(np.array((0.5,)))
    robot.advance(3000)
    relative = robot.get_state()
    assert relative.joint_positions[0] == pytest.approx(0.5, abs=0.01)
    assert relative.joint_velocities[0] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(("target", "torque"), [(0.1, 0.1 * STIFFNESS), (2.0, LIMIT), (-2.0, -LIMIT)])
@pytest.mark.parametrize("strength", [1.0, 0.4, 0.0])
def test_strength_scales_the_torque_after_its_limit(make, target, torque, strength):
    def first_rate(strength, target):
        robot = make()
        robot.set_state(state())
        robot.set_motor_targets(np.array((target,)))
        robot.set_motor_strength(np.array((strength,)))
        robot.advance(1)
        return robot.get_state().joint_velocities[0]

    rate_per_torque = first_rate(1.0, 0.01) / (0.01 * STIFFNESS)
    assert first_rate(strength, target) == pytest.approx(strength * torque * rate_per_torque, rel=1e-6, abs=1e-12)


def test_a_dead_motor_neither_drives_nor_brakes(make):
    robot = make()
    robot.set_motor_targets(np.array((1.0,)))
    robot.set_motor_strength(np.zeros(1))
    robot.set_state(state(rate=2.0, angular=(0, -1.0, 0)))
    robot.advance(20)
    assert robot.get_state().joint_velocities[0] == pytest.approx(2.0, rel=0.02)


def test_a_tilted_robot_hovers_on_a_force_through_its_centre_of_mass(make):
    robot = make(gravity=9.81)
    robot.set_motor_strength(np.zeros(1))
    # The leg's centre of mass lies in the hip, which is the origin of the base.
    robot.set_base_force(np.array((0, 0, BODY_MASS * 9.81)), CENTRE * BASE_MASS / BODY_MASS)
    start = state(orientation=(0.8, 0.3, 0.5, -0.1))
    robot.set_state(start)
    robot.advance(500)
    now = robot.get_state()
    np.testing.assert_allclose(now.base_position, start.base_position, atol=1e-5)
    np.testing.assert_allclose(now.base_orientation, start.base_orientation, atol=1e-5)


def test_a_force_acts_at_a_point_of_the_body_and_keeps_its_direction(make):
    robot = make()
    robot.set_motor_strength(np.zeros(1))
    robot.set_state(state(angular=(0, 0, 3.0)))
    robot.set_base_force(np.array((0, 0, 1.0)), CENTRE + np.array((0.1, 0, 0)))
    turned = []
    for _ in range(400):
        robot.advance(1)
        now = robot.get_state()
        turned.append(now.base_angular_velocity)
    gain = np.diff(np.array(turned), axis=0)[:, :2] / DT
    # The moment, and with it the gain, follows the point around the vertical, and no force pushes sideways.
    angles = np.unwrap(np.arctan2(gain[:, 1], gain[:, 0]))
    assert angles[300] - angles[0] == pytest.approx(300 * DT * 3.0, abs=0.15)
    assert np.abs(now.base_linear_velocity[2]) > 10 * DT


def test_a_zero_force_is_none(make):
    robot = make()
    robot.set_motor_strength(np.zeros(1))
    robot.set_base_force(np.ones(3), np.zeros(3))
    robot.set_base_force(np.zeros(3), np.ones(3))
    robot.set_state(state())
    robot.advance(10)
    np.testing.assert_array_equal(robot.get_state().base_linear_velocity, 0)


def test_a_force_and_strengths_are_copied(make):
    robot = make()
    force, scale, target = np.zeros(3), np.zeros(1), np.zeros(1)
    force[2] = 1.0
    robot.set_base_force(force, np.zeros(3))
    robot.set_motor_strength(scale)
    robot.set_motor_targets(target)
    force[:], scale[:], target[:] = 0, 1, 1
    robot.set_state(state())
    robot.advance(10)
    assert robot.get_state().base_linear_velocity[2] > 0
    assert robot.get_state().joint_velocities[0] < 0.1


def test_a_foot_touches_when_it_stands_and_not_in_the_air(make):
    robot = make(gravity=9.81)
    robot.set_state(state(height=FOOT_DEPTH + 0.03))
    assert not robot.foot_contacts().any()
    robot.advance(150)
    assert robot.foot_contacts().all()
    assert robot.foot_contacts().dtype == bool


def test_a_new_state_forgets_the_contacts_of_the_old_one(make):
    robot = make(gravity=9.81)
    robot.set_state(state(height=FOOT_DEPTH + 0.01))
    robot.advance(30)
    assert robot.foot_contacts().all()
    robot.set_state(state(height=FOOT_DEPTH + 0.03))
    assert not robot.foot_contacts().any()
    robot.set_state(state(height=FOOT_DEPTH + 0.009))
    assert robot.foot_contacts().all()


def test_two_lives_from_one_state_are_the_same(make):
    robot, start = make(gravity=9.81), state(height=FOOT_DEPTH + 0.009, angle=0.1)

    def life():
        robot.set_state(start)
        robot.set_motor_targets(np.array((0.2,)))
        robot.advance(100)
        return np.concatenate(robot.get_state())

    first = life()
    robot.set_state(state(height=0.5, angular=(3, 1, 0)))
    robot.advance(300)
    np.testing.assert_array_equal(life(), first)


def test_unknown_names_are_refused(make):
    with pytest.raises(ValueError, match=r"no joint 'knee'; it has \['hip'\]"):
        make(motors=("knee",))
    with pytest.raises(ValueError, match=r"no joint 'mount'"):
        make(motors=("mount",))
    with pytest.raises(ValueError, match=r"no link 'shoe'; it has \['antenna', 'leg'\]"):
        make(feet={"foot": ["shoe"]})


def test_vectors_of_the_wrong_length_are_refused(make):
    robot = make()
    with pytest.raises(ValueError, match="`scale` must hold 1 finite values"):
        robot.set_motor_strength(np.ones(2))
    with pytest.raises(ValueError, match="`positions` must hold 1 finite values"):
        robot.set_motor_targets(np.array((np.nan,)))
    with pytest.raises(ValueError, match="`force` must hold 3 finite values"):
        robot.set_base_force(np.ones(2), np.zeros(3))


def test_closing_disconnects_once(make):
    robot, other = make(), make()
    robot.close()
    robot.close()
    assert not robot.client.isConnected()
    assert other.client.isConnected()
