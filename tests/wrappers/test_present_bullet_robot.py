"""Failures and payloads in PyBullet where an environment loads its robot anew, or connects anew."""

import copy

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug import JointFailure, Payload
from sb3_memaug.robots import find_robot, register_adapter, registry
from tests.robots.bullet_walker import BulletWalker

pybullet = pytest.importorskip("pybullet")
import pybullet_data  # noqa: E402, as there may be no PyBullet
from pybullet_utils.bullet_client import BulletClient  # noqa: E402, as there may be no PyBullet

from sb3_memaug.robots.bullet.environment import BulletEnvironmentRobot  # noqa: E402, as there may be no PyBullet

JOINT = "FL_upper_joint"


class Reloading(BulletWalker):
    """Loads its robot anew at each reset, as the same ``"body"``, as ``"another body"``, or in another ``"client"``."""

    def __init__(self, anew):
        self.anew = anew
        super().__init__()

    def reset(self, *, seed=None, options=None):
        if self.anew == "client":
            self.client = BulletClient(pybullet.DIRECT)
        else:
            self.client.resetSimulation()
        self.client.setAdditionalSearchPath(pybullet_data.getDataPath())
        self.client.setGravity(0, 0, -9.81)
        self.client.setTimeStep(self.dt / self.n_steps)
        for _ in range(1 if self.anew == "body" else 1 + (seed or 0)):
            self.client.loadURDF("plane.urdf")
        self.body = self.client.loadURDF("a1/a1.urdf", (0, 0, 0.4))
        return super().reset(seed=seed, options=options)


class InTheMiddle(BulletWalker):
    """Connects anew in the middle of its third step."""

    n = 0

    def step(self, action):
        self.n += 1
        if self.n == 3:
            before = self.client
            self.client = BulletClient(pybullet.DIRECT)
            self.client.setAdditionalSearchPath(pybullet_data.getDataPath())
            self.client.setGravity(0, 0, -9.81)
            self.client.loadURDF("plane.urdf")
            self.client.loadURDF("plane.urdf")
            self.body = self.client.loadURDF("a1/a1.urdf", (0, 0, 0.4))
            before.disconnect()
        return super().step(action)


@pytest.fixture(autouse=True)
def adapter():
    before = list(registry._ADAPTERS)
    register_adapter(
        lambda env: BulletEnvironmentRobot(env.client, env.body) if isinstance(env, BulletWalker) else None
    )
    yield
    registry._ADAPTERS[:] = before


def torque(env):
    return env.unwrapped.torques()[env.unwrapped.names.index(JOINT)]


@pytest.mark.parametrize("anew", ["body", "another body", "client"])
def test_a_dead_motor_is_dead_in_the_robot_that_is_there_from_onset_to_end(anew):
    env = JointFailure(Reloading(anew), joints=[JOINT], probability=1.0, onset=0.04, duration=0.06)
    for seed in range(3):
        env.reset(seed=seed)
        reported, given = [], []
        for _ in range(8):
            reported.append(env.step(np.ones(12))[-1]["failure_active"])
            given.append(abs(torque(env)) > 1e-100)
        assert reported == [False] * 2 + [True] * 3 + [False] * 3
        assert given == [not dead for dead in reported]
    env.close()


@pytest.mark.parametrize("anew", ["body", "another body", "client"])
def test_a_payload_lies_on_the_robot_that_is_there(anew):
    env = Payload(Reloading(anew), mass=10, x=0, y=0)

    def height(**options):
        env.reset(seed=1, options=options)
        # In the air.
        env.unwrapped.client.resetBasePositionAndOrientation(env.unwrapped.body, (0, 0, 3), (0, 0, 0, 1))
        for _ in range(5):
            env.step(np.zeros(12))
        return env.unwrapped.observe()[2]

    for _ in range(2):
        drop, loaded = height(payload=None), height()
        mass = sum(link.mass for link in find_robot(env).geometry().links)
        assert loaded - drop == pytest.approx(10 / mass * -9.81 * 0.1**2 / 2, rel=0.1)
    env.close()


def test_a_client_that_is_connected_in_the_middle_of_a_step_is_followed():
    env = Payload(JointFailure(InTheMiddle(), joints=[JOINT], probability=1.0), mass=2, x=0, y=0)
    env.reset(seed=0)
    for _ in range(5):
        env.step(np.ones(12))
        assert torque(env) == 0
    assert env.unwrapped.body == 2
    env.close()


def test_a_robot_of_the_environments_own_that_is_gone_is_reported_of():
    env = Reloading("client")
    env.robot = BulletEnvironmentRobot(env.client, env.body)
    env = JointFailure(env, joints=[JOINT], probability=1.0)
    with pytest.raises(ValueError, match="the attribute `robot` of Reloading is that of another simulation"):
        env.reset(seed=0)
    env.close()


class Copied(BulletWalker, gym.utils.EzPickle):
    """A copy makes a client of its own."""

    def __init__(self):
        BulletWalker.__init__(self)
        gym.utils.EzPickle.__init__(self)


def test_a_copy_fails_by_itself_and_leaves_the_original_alone():
    env = Payload(JointFailure(Copied(), joints=[JOINT], probability=1.0), mass=1, x=0, y=0)
    env.reset(seed=0)
    env.step(np.ones(12))
    twin = copy.deepcopy(env)
    twin.step(np.ones(12))
    twin.reset(seed=0, options={"failed_joint": None})
    twin.step(np.ones(12))
    assert torque(twin) != 0 == torque(env)
    twin.reset(seed=0)
    twin.close()
    del twin
    env.unwrapped.client.stepSimulation()
    assert torque(env) == 0
    env.close()


def test_a_copy_of_a_robot_of_the_environments_own_is_reported_of():
    env = BulletWalker()
    env.robot = BulletEnvironmentRobot(env.client, env.body)
    twin = object.__new__(BulletWalker)
    twin.client, twin.robot = env.client, copy.deepcopy(env.robot)
    with pytest.raises(ValueError, match="the attribute `robot` of BulletWalker is that of another simulation"):
        find_robot(twin)
    assert find_robot(env) is env.robot
    env.close()
