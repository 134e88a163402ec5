import numpy as np
import pytest

from sb3_memaug.robots import RobotState
from sb3_memaug.robots.rotations import rotation_matrix

mujoco = pytest.importorskip("mujoco")
from sb3_memaug.robots.mujoco_robot import MuJoCoRobot  # noqa: E402, as there may be no MuJoCo

#: kg; m, of the base's centre of mass in its frame, and of the foot below the hip.
BASE_MASS, BODY_MASS, CENTRE, FOOT_DEPTH = 1.9, 2.0, np.array((0.05, -0.1, 0.2)), 0.3
DT = 0.001

ACTUATORS = {
    "position": '<position name="drive" joint="hip" kp="3" kv="0.1" forcerange="-0.5 0.5"/>',
    "torque": '<motor name="drive" joint="hip" gear="2" forcerange="-0.5 0.5"/>',
}


def make(gravity=0.0, actuator="position", feet=None):
    """A robot whose base has its centre of mass elsewhere and its inertia turned."""
    model = mujoco.MjModel.from_xml_string(
        f"""
        <mujoco>
          <option timestep="{DT}" gravity="0 0 {-gravity}"/>
          <worldbody>
            <geom type="plane" size="5 5 1"/>
            <body name="base">
              <freejoint/>
              <inertial pos="{" ".join(map(str, CENTRE))}" euler="0 0 40" mass="{BASE_MASS}"
                        diaginertia="0.02 0.02 0.02"/>
              <body name="leg">
                <joint name="hip" axis="0 1 0"/>
                <inertial pos="0 0 0" mass="{BODY_MASS - BASE_MASS}" diaginertia="0.002 0.002 0.002"/>
                <geom name="sole" size="0.01" pos="0 0 -{FOOT_DEPTH}"/>
              </body>
            </body>
          </worldbody>
          <actuator>{ACTUATORS[actuator]}</actuator>
        </mujoco>
        """
    )
    return MuJoCoRobot(model, mujoco.MjData(model), feet or {"foot": ["sole"]})


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


def test_joints_motors_and_feet_are_named():
    robot = make()
    assert robot.joint_names == robot.motor_names == ("hip",)
    assert robot.foot_names == ("foot",)
    np.testing.assert_array_equal(robot.motor_indices, [0])


def test_a_state_that_was_set_is_the_state_that_is_read():
    robot = make()
    robot.set_state(MOVING)
    for name, expected, found in zip(MOVING._fields, MOVING, robot.get_state(), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12, err_msg=name)


def test_a_state_is_a_copy():
    robot = make()
    robot.set_state(MOVING)
    for part in robot.get_state():
        part[:] = 9
    np.testing.assert_allclose(robot.get_state().base_position, MOVING.base_position)
    np.testing.assert_allclose(robot.get_state().joint_positions, MOVING.joint_positions)


def test_velocities_are_those_of_the_base_in_the_world():
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


def test_a_motor_pulls_to_its_target():
    robot = make()
    robot.set_state(state())
    robot.set_motor_targets(np.array((0.5,)))
    robot.advance(3000)
    assert robot.get_state().joint_positions[0] == pytest.approx(0.5, abs=0.01)
    assert robot.get_state().joint_velocities[0] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("strength", [1.0, 0.4, 0.0])
@pytest.mark.parametrize("target", [0.1, 2.0, -2.0])
@pytest.mark.parametrize("actuator", list(ACTUATORS))
def test_strength_scales_the_torque_of_any_actuator_after_its_limit(actuator, target, strength):
    def torque(strength):
        robot = make(actuator=actuator)
        robot.set_state(state(rate=0.3))
        robot.set_motor_targets(np.array((target,)))
        robot.set_motor_strength(np.array((strength,)))
        robot.advance(1)
        return robot.data.actuator_force[0]

    assert (abs(torque(1.0)) == 0.5) == (abs(target) > 1)
    assert torque(strength) == pytest.approx(strength * torque(1.0), abs=1e-12)


def test_strength_is_of_the_full_torque_however_often_it_changes():
    robot = make()
    full = robot.model.actuator_gainprm.copy()
    for scale in (0.5, 0.0, 0.3, 1.0):
        robot.set_motor_strength(np.array((scale,)))
    np.testing.assert_array_equal(robot.model.actuator_gainprm, full)


def test_a_tilted_robot_hovers_on_a_force_through_its_centre_of_mass():
    robot = make(gravity=9.81)
    robot.set_motor_strength(np.zeros(1))
    # The leg's centre of mass lies in the hip, which is the origin of the base.
    robot.set_base_force(np.array((0, 0, BODY_MASS * 9.81)), CENTRE * BASE_MASS / BODY_MASS)
    start = state(orientation=(0.8, 0.3, 0.5, -0.1))
    robot.set_state(start)
    robot.advance(500)
    now = robot.get_state()
    np.testing.assert_allclose(now.base_position, start.base_position, atol=1e-6)
    np.testing.assert_allclose(now.base_orientation, start.base_orientation, atol=1e-6)


def test_a_force_acts_at_a_point_of_the_body_and_keeps_its_direction():
    robot = make()
    robot.set_motor_strength(np.zeros(1))
    robot.set_state(state(angular=(0, 0, 3.0)))
    robot.set_base_force(np.array((0, 0, 1.0)), CENTRE + np.array((0.1, 0, 0)))
    turned = []
    for _ in range(400):
        robot.advance(1)
        turned.append(robot.get_state().base_angular_velocity)
    gain = np.diff(np.array(turned), axis=0)[:, :2] / DT
    # The moment, and with it the gain, follows the point around the vertical.
    angles = np.unwrap(np.arctan2(gain[:, 1], gain[:, 0]))
    assert angles[300] - angles[0] == pytest.approx(300 * DT * 3.0, abs=0.15)


def test_many_steps_under_a_force_are_as_many_single_ones():
    def life(steps):
        robot = make()
        robot.set_state(MOVING)
        robot.set_base_force(np.array((0.5, 0, 1.0)), np.array((0.1, 0.2, 0)))
        for n in steps:
            robot.advance(n)
        return np.concatenate(robot.get_state())

    np.testing.assert_array_equal(life([20]), life([1] * 20))


def test_a_foot_touches_when_it_stands_and_not_in_the_air():
    robot = make(gravity=9.81)
    robot.set_state(state(height=FOOT_DEPTH + 0.03))
    assert not robot.foot_contacts().any()
    robot.advance(150)
    assert robot.foot_contacts().all()
    assert robot.foot_contacts().dtype == bool
    robot.set_state(state(height=FOOT_DEPTH + 0.03))
    assert not robot.foot_contacts().any()


def test_two_lives_from_one_state_are_the_same():
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


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="foot 'foot' is made of geom 'shoe', which the model does not have"):
        make(feet={"foot": ["shoe"]})


def test_a_model_without_a_floating_base_is_refused():
    model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>")
    with pytest.raises(ValueError, match="free joint"):
        MuJoCoRobot(model, mujoco.MjData(model))


def test_vectors_of_the_wrong_length_are_refused():
    robot = make()
    with pytest.raises(ValueError, match="`scale` must hold 1 finite values"):
        robot.set_motor_strength(np.ones(2))
    with pytest.raises(ValueError, match="`point` must hold 3 finite values"):
        robot.set_base_force(np.ones(3), np.array((0, np.inf, 0)))
