"""All functions by which an environment in PyBullet commands motors, and what becomes of it where one fails."""

import numpy as np
import pytest

pybullet = pytest.importorskip("pybullet")
import pybullet_data  # noqa: E402, as there may be no PyBullet
from pybullet_utils.bullet_client import BulletClient  # noqa: E402, as there may be no PyBullet

from sb3_memaug.robots.bullet.environment import FUNCTIONS, BulletEnvironmentRobot  # noqa: E402, as there may be no PyBullet
from sb3_memaug.robots.bullet.robot import BulletRobot  # noqa: E402, as there may be no PyBullet

STEP, DEAD = 0.002, 4


class World:
    """A quadruped that hangs by its base."""

    def __init__(self, braked=False):
        self.client = client = BulletClient(pybullet.DIRECT)
        client.setAdditionalSearchPath(pybullet_data.getDataPath())
        self.load(braked)

    def load(self, braked=False):
        client = self.client
        client.setGravity(0, 0, -9.81)
        client.setTimeStep(STEP)
        self.body = client.loadURDF("a1/a1.urdf", (0, 0, 2), useFixedBase=True)
        infos = [client.getJointInfo(self.body, i) for i in range(client.getNumJoints(self.body))]
        self.joints = [info[0] for info in infos if info[2] == client.JOINT_REVOLUTE]
        if not braked:
            client.setJointMotorControlArray(self.body, self.joints, client.VELOCITY_CONTROL, forces=[0.0] * 12)

    def simulate(self, command, without=None, steps=30):
        """Angles and rates after each step, in which nobody commands the joint that is left out."""
        rows = []
        for step in range(steps):
            targets = 0.4 * np.sin(0.1 * step + np.arange(12))
            chosen = [k for k in range(12) if k != without]
            command(self.client, self.body, [self.joints[k] for k in chosen], targets[chosen].tolist())
            self.client.stepSimulation()
            rows.append(np.ravel([self.client.getJointState(self.body, joint)[:2] for joint in self.joints]))
        return np.array(rows)

    def torque(self, k):
        return self.client.getJointState(self.body, self.joints[k])[3]


def position(client, body, joints, targets):
    for joint, target in zip(joints, targets, strict=True):
        client.setJointMotorControl2(body, joint, client.POSITION_CONTROL, target, 0.0, 20.0, 0.1, 1.0, 3.0)


def by_name(client, body, joints, targets):
    for joint, target in zip(joints, targets, strict=True):
        client.setJointMotorControl2(
            controlMode=client.POSITION_CONTROL, targetPosition=target, force=20, bodyIndex=body, jointIndex=joint
        )


def velocity(client, body, joints, targets):
    client.setJointMotorControlArray(body, joints, client.VELOCITY_CONTROL, targetVelocities=targets)


def torque(client, body, joints, targets):
    client.setJointMotorControlArray(body, joints, client.TORQUE_CONTROL, forces=[5 * target for target in targets])


def servo(client, body, joints, targets):
    for joint, target in zip(joints, targets, strict=True):
        client.setJointMotorControl2(
            body, joint, client.PD_CONTROL, targetPosition=target, force=5, positionGain=20, velocityGain=1
        )


def several(client, body, joints, targets):
    for joint, target in zip(joints, targets, strict=True):
        client.setJointMotorControlMultiDof(body, joint, client.POSITION_CONTROL, targetPosition=[target], force=[20.0])


def several_torques(client, body, joints, targets):
    for joint, target in zip(joints, targets, strict=True):
        client.setJointMotorControlMultiDof(body, joint, client.TORQUE_CONTROL, force=[5 * target])


def several_without_limits(client, body, joints, targets):
    for joint, target in zip(joints, targets, strict=True):
        client.setJointMotorControlMultiDof(body, joint, client.POSITION_CONTROL, targetPosition=[target])


def several_at_once(client, body, joints, targets):
    lists = [[target] for target in targets]
    client.setJointMotorControlMultiDofArray(
        body, joints, client.POSITION_CONTROL, targetPositions=lists, forces=[[20.0]] * len(joints)
    )


COMMANDS = (
    position,
    by_name,
    velocity,
    torque,
    servo,
    several,
    several_torques,
    several_without_limits,
    several_at_once,
)


def one(value):
    scale = np.ones(12)
    scale[DEAD] = value
    return scale


@pytest.mark.parametrize("command", COMMANDS)
def test_a_dead_joint_moves_like_one_that_nobody_commands(command):
    expected = World().simulate(command, without=DEAD)
    world = World()
    BulletEnvironmentRobot(world.client, world.body).set_motor_strength(one(0))
    np.testing.assert_allclose(world.simulate(command), expected, atol=1e-9)
    assert world.torque(DEAD) == 0
    assert np.abs(expected - World().simulate(command)).max() > 1e-2


@pytest.mark.parametrize("command", COMMANDS)
def test_a_sound_robot_is_told_what_it_is_told(command):
    world = World()
    BulletEnvironmentRobot(world.client, world.body)
    np.testing.assert_array_equal(world.simulate(command), World().simulate(command))


@pytest.mark.parametrize("command", [torque, several_torques])
def test_half_of_a_torque(command):
    def half(client, body, joints, targets):
        shares = np.where(np.array(joints) == world.joints[DEAD], 0.5, 1) * targets
        command(client, body, joints, shares.tolist())

    world = World()
    expected = world.simulate(half)
    world = World()
    BulletEnvironmentRobot(world.client, world.body).set_motor_strength(one(0.5))
    np.testing.assert_allclose(world.simulate(command), expected, atol=1e-12)


def test_a_stable_servo_gives_a_dead_joint_nothing():
    """It takes all joints into account, so that no joint can be left out of it."""

    def command(client, body, joints, targets, limit=5.0):
        limits = [[limit if joint == world.joints[DEAD] else 5.0] for joint in joints]
        n, lists = len(joints), [[target] for target in targets]
        client.setJointMotorControlMultiDofArray(
            body,
            joints,
            client.STABLE_PD_CONTROL,
            targetPositions=lists,
            forces=limits,
            positionGains=[20.0] * n,
            velocityGains=[1.0] * n,
        )

    world = World()
    expected = world.simulate(lambda *args: command(*args, limit=0.0), steps=10)
    world = World()
    robot = BulletEnvironmentRobot(world.client, world.body)
    robot.set_motor_strength(one(0))
    np.testing.assert_array_equal(world.simulate(command, steps=10), expected)
    robot.set_motor_strength(np.ones(12))
    assert world.client._memaug_calls.told.keys() == set()


def test_several_joints_are_told_again_what_they_were_told_once():
    world = World()
    robot = BulletEnvironmentRobot(world.client, world.body)
    several_at_once(world.client, world.body, world.joints, [0.3] * 12)

    def angle(steps=400):
        for _ in range(steps):
            world.client.stepSimulation()
        return world.client.getJointState(world.body, world.joints[DEAD])[0]

    assert angle() == pytest.approx(0.3, abs=0.02)
    robot.set_motor_strength(one(0))
    assert abs(angle() - 0.3) > 0.05
    assert abs(world.torque(DEAD)) < 1e-100
    robot.set_motor_strength(np.ones(12))
    assert angle() == pytest.approx(0.3, abs=0.02)


def test_bullets_brake_of_a_joint_that_nobody_has_told_anything_is_off_while_its_motor_is_dead():
    expected = World().simulate(torque, without=DEAD, steps=20)[:, 2 * DEAD]
    world = World(braked=True)
    robot = BulletEnvironmentRobot(world.client, world.body)
    others = [joint for k, joint in enumerate(world.joints) if k != DEAD]
    world.client.setJointMotorControlArray(world.body, others, world.client.VELOCITY_CONTROL, forces=[0.0] * 11)
    start = world.simulate(torque, steps=5)[-1, 2 * DEAD]
    assert abs(start) < 1e-6
    assert world.torque(DEAD) != 0
    robot.set_motor_strength(one(0))
    moved = world.simulate(torque, steps=20)[:, 2 * DEAD] - start
    assert abs(moved[-1]) > 0.3 * abs(expected[-1]) > 1e-3
    assert abs(world.torque(DEAD)) < 1e-100
    robot.set_motor_strength(np.ones(12))
    world.simulate(torque, steps=1)
    resting = world.simulate(torque, steps=20)[:, 2 * DEAD]
    assert np.ptp(resting) < 1e-6


def test_a_motor_that_is_commanded_past_the_client_is_told_of():
    world = World()
    robot = BulletEnvironmentRobot(world.client, world.body)
    robot.set_motor_strength(one(0))
    world.simulate(position, steps=3)
    robot.after_step()
    pybullet.setJointMotorControl2(
        world.body,
        world.joints[DEAD],
        pybullet.POSITION_CONTROL,
        targetPosition=1,
        physicsClientId=world.client._client,
    )
    world.client.stepSimulation()
    with pytest.raises(NotImplementedError, match="the dead motor of joint 'FL_upper_joint' gives"):
        robot.after_step()


class Env:
    """Has a robot of its own, which it keeps."""

    def __init__(self, world, robot):
        self.world, self.robot = world, robot


def test_a_robot_that_is_loaded_anew_as_the_same_body_is_acted_on_again():
    expected = World().simulate(position, without=DEAD)
    world = World()
    robot = BulletEnvironmentRobot(world.client, world.body)
    env = Env(world, robot)
    robot.set_motor_strength(one(0))
    assert robot.follow(env)
    world.simulate(position)
    world.client.resetSimulation()
    world.load()
    assert robot.follow(env)
    np.testing.assert_allclose(world.simulate(position), expected, atol=1e-9)
    robot.set_motor_strength(np.ones(12))
    world.client.resetSimulation()
    assert not robot.follow(env)
    world.client.loadURDF("plane.urdf")
    assert not robot.follow(env)
    # Nothing is left to act on.
    robot.set_motor_strength(one(0))
    robot.lock_motors(one(0) == 0)


def test_what_belongs_to_a_body_is_forgotten_with_it():
    world = World()
    robot = BulletEnvironmentRobot(world.client, world.body)
    robot.set_motor_strength(one(0))
    world.client.removeBody(world.body)
    assert not robot.follow(object.__new__(Env))
    world.load()
    np.testing.assert_allclose(world.simulate(position), World().simulate(position), atol=1e-5)


def test_our_own_robot_has_no_brakes_after_it_was_loaded_anew_either():
    angles = []
    for anew in (False, True):
        world = World(braked=True)
        robot = BulletRobot(world.client, world.body, [f"F{s}_upper_joint" for s in "LR"], {}, 10.0, 0.1, 5.0)
        robot.set_motor_strength(np.array((0.0, 1.0)))
        if anew:
            world.client.resetSimulation()
            world.load(braked=True)
            assert robot.follow(Env(world, robot))
        robot.advance(50)
        angles.append(robot.get_state().joint_positions)
    np.testing.assert_allclose(*angles, atol=1e-9)
    assert abs(angles[0]).max() > 1e-3


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_what_a_call_lacks_is_told_by_pybullet(name):
    world = World()
    BulletEnvironmentRobot(world.client, world.body)
    with pytest.raises(TypeError, match=r"missing|required"):
        getattr(world.client, name)(world.body)
