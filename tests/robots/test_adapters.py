"""What the protocol promises, in every simulator."""

import numpy as np
import pytest

from sb3_memaug.robots import Motion, Robot
from sb3_memaug.robots.robot import rotation_matrix

from .hoppers import BASE_MASS, BODY_MASS, CENTRE, DT, FOOT_DEPTH, HOPPERS, MOVING, state


@pytest.fixture(params=HOPPERS)
def make(request):
    """Makes robots, and closes them."""
    made = []

    def make(**kwargs):
        made.append(HOPPERS[request.param](**kwargs))
        return made[-1]

    yield make
    for robot in made:
        robot.close()


def test_joints_motors_and_feet_are_named(make):
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
    for part in robot.get_state():
        part[:] = 9
    for name, expected, found in zip(MOVING._fields, MOVING, robot.get_state(), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12, err_msg=name)


def test_the_motion_is_the_state_seen_from_the_base(make):
    robot = make()
    robot.set_state(MOVING)
    motion, matrix = robot.get_motion(), rotation_matrix(MOVING.base_orientation)
    np.testing.assert_allclose(motion.linear_velocity, matrix.T @ MOVING.base_linear_velocity, atol=1e-12)
    np.testing.assert_allclose(motion.angular_velocity, matrix.T @ MOVING.base_angular_velocity, atol=1e-12)
    np.testing.assert_allclose(motion.gravity, matrix.T @ (0, 0, -1), atol=1e-12)
    assert motion.heading == pytest.approx(np.arctan2(matrix[1, 0], matrix[0, 0]))
    assert motion.height == pytest.approx(MOVING.base_position[2])
    np.testing.assert_allclose(motion.motor_positions, MOVING.joint_positions, atol=1e-12)
    np.testing.assert_allclose(motion.motor_velocities, MOVING.joint_velocities, atol=1e-12)


def test_the_motion_is_the_same_by_way_of_the_state(make):
    robot = make(gravity=9.81)
    robot.set_state(MOVING)
    robot.advance(20)
    for name, long_way, found in zip(Motion._fields, Robot.get_motion(robot), robot.get_motion(), strict=True):
        np.testing.assert_allclose(found, long_way, rtol=1e-12, atol=1e-14, err_msg=name)


def test_a_motion_outlives_the_next_step(make):
    robot = make()
    robot.set_state(MOVING)
    motion = robot.get_motion()
    before = motion.motor_positions.copy()
    robot.advance(10)
    np.testing.assert_array_equal(motion.motor_positions, before)
    assert robot.get_motion().motor_positions != before


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


def test_a_motor_pulls_to_its_target(make):
    robot = make()
    robot.set_state(state())
    robot.set_motor_targets(np.array((0.5,)))
    robot.advance(3000)
    assert robot.get_state().joint_positions[0] == pytest.approx(0.5, abs=0.01)
    assert robot.get_state().joint_velocities[0] == pytest.approx(0, abs=0.01)


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
    # The moment, and with it the gain, follows the point around the vertical, and the force lifts.
    angles = np.unwrap(np.arctan2(gain[:, 1], gain[:, 0]))
    assert angles[300] - angles[0] == pytest.approx(300 * DT * 3.0, abs=0.15)
    assert now.base_linear_velocity[2] > 10 * DT


def test_many_steps_under_a_force_are_as_many_single_ones(make):
    def life(steps):
        robot = make()
        robot.set_state(MOVING)
        robot.set_base_force(np.array((0.5, 0, 1.0)), np.array((0.1, 0.2, 0)))
        for n in steps:
            robot.advance(n)
        return np.concatenate(robot.get_state())

    np.testing.assert_array_equal(life([20]), life([1] * 20))


def test_a_zero_force_is_none(make):
    robot = make()
    robot.set_motor_strength(np.zeros(1))
    robot.set_base_force(np.ones(3), np.zeros(3))
    robot.set_base_force(np.zeros(3), np.ones(3))
    robot.set_state(state())
    robot.advance(10)
    np.testing.assert_array_equal(robot.get_state().base_linear_velocity, 0)


def test_a_force_is_copied(make):
    robot = make()
    force = np.array((0, 0, 1.0))
    robot.set_base_force(force, np.zeros(3))
    force[:] = 0
    robot.set_state(state())
    robot.advance(10)
    assert robot.get_state().base_linear_velocity[2] > 0


def test_strengths_and_targets_are_copied(make):
    robot = make()
    scale, target = np.zeros(1), np.ones(1)
    robot.set_motor_strength(scale)
    robot.set_motor_targets(target)
    scale[:] = 1
    robot.set_state(state())
    robot.advance(10)
    np.testing.assert_array_equal(robot.get_state().joint_velocities, 0)
    robot.set_motor_strength(np.ones(1))
    target[:] = -1
    robot.advance(10)
    assert robot.get_state().joint_velocities[0] > 0


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


def test_a_locked_motor_stays_where_it_stands_until_it_is_free_again(make):
    robot = make(gravity=9.81)
    robot.set_state(state(angle=0.3))
    robot.lock_motors(np.ones(1, dtype=bool))
    for target in (2.0, -2.0):
        robot.set_motor_targets(np.array((target,)))
        for _ in range(100):
            robot.advance(1)
            assert robot.get_state().joint_positions[0] == pytest.approx(0.3, abs=1e-3)
    robot.lock_motors(np.zeros(1, dtype=bool))
    robot.advance(300)
    assert robot.get_state().joint_positions[0] < -0.3


def test_what_was_locked_lives_on_as_if_it_had_never_been(make):
    def life(lock):
        robot = make(gravity=9.81)
        if lock:
            robot.set_state(state())
            robot.lock_motors(np.ones(1, dtype=bool))
            robot.advance(5)
            robot.lock_motors(np.zeros(1, dtype=bool))
        robot.set_state(MOVING)
        robot.set_motor_targets(np.array((0.4,)))
        robot.advance(50)
        return np.concatenate(robot.get_state())

    np.testing.assert_array_equal(life(lock=True), life(lock=False))


def test_gravity_is_that_of_the_simulation(make):
    np.testing.assert_allclose(make(gravity=3.7).gravity(), (0, 0, -3.7))


def test_the_geometry_has_joints_and_actuators_by_the_names_of_the_robot(make):
    robot = make()
    geometry = robot.geometry()
    assert tuple(joint.name for joint in geometry.joints) == robot.joint_names
    assert tuple(actuator.joint for actuator in geometry.actuators) == robot.motor_names
    assert geometry.floating


def test_vectors_of_the_wrong_length_are_refused(make):
    robot = make()
    with pytest.raises(ValueError, match="`scale` must hold 1 finite values"):
        robot.set_motor_strength(np.ones(2))
    with pytest.raises(ValueError, match="`locked` must hold 1 finite values"):
        robot.lock_motors(np.ones(2, dtype=bool))
    with pytest.raises(ValueError, match="`force` must hold 3 finite values"):
        robot.set_base_force(np.ones(2), np.zeros(3))
    with pytest.raises(ValueError, match="`point` must hold 3 finite values"):
        robot.set_base_force(np.ones(3), np.array((0, np.inf, 0)))
