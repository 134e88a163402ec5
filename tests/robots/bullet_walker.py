"""An environment in PyBullet that knows nothing of this library: the quadruped A1 on a plane."""

import gymnasium as gym
import numpy as np
import pytest

#: How it commands its motors.
STYLES = ("one by one", "by position", "by keyword", "all at once", "without limits", "by torque")


class BulletWalker(gym.Env):
    observation_space = gym.spaces.Box(-np.inf, np.inf, (31,), np.float64)
    action_space = gym.spaces.Box(-1, 1, (12,), np.float32)
    dt, n_steps = 0.02, 5

    def __init__(self, style="all at once"):
        pybullet = pytest.importorskip("pybullet")
        import pybullet_data
        from pybullet_utils.bullet_client import BulletClient

        self.style = style
        self.client = client = BulletClient(pybullet.DIRECT)
        client.setAdditionalSearchPath(pybullet_data.getDataPath())
        client.setGravity(0, 0, -9.81)
        client.setTimeStep(self.dt / self.n_steps)
        client.loadURDF("plane.urdf")
        self.body = client.loadURDF("a1/a1.urdf", (0, 0, 0.4))
        infos = [client.getJointInfo(self.body, i) for i in range(client.getNumJoints(self.body))]
        self.joints = [info[0] for info in infos if info[2] == client.JOINT_REVOLUTE]
        self.names = [infos[joint][1].decode() for joint in self.joints]
        self.stance = np.array((0, 0.8, -1.6) * 4)
        if style == "by torque":
            client.setJointMotorControlArray(self.body, self.joints, client.VELOCITY_CONTROL, forces=[0.0] * 12)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        client = self.client
        client.resetBasePositionAndOrientation(self.body, (0, 0, 0.32), (0, 0, 0, 1))
        client.resetBaseVelocity(self.body, (0, 0, 0), (0, 0, 0))
        for joint, angle in zip(self.joints, self.stance + self.np_random.uniform(-0.05, 0.05, 12), strict=True):
            client.resetJointState(self.body, joint, angle, 0)
        self.command(self.stance)
        client.performCollisionDetection()
        return self.observe(), {}

    def command(self, targets):
        client, body, position = self.client, self.body, self.client.POSITION_CONTROL
        one, many = client.setJointMotorControl2, client.setJointMotorControlArray
        if self.style == "by torque":
            states = client.getJointStates(body, self.joints)
            torques = [60 * (target - q) - v for target, (q, v, *_) in zip(targets, states, strict=True)]
            many(body, self.joints, client.TORQUE_CONTROL, forces=torques)
        elif self.style == "all at once":
            many(body, self.joints, position, targetPositions=targets, forces=[30] * 12, positionGains=[0.2] * 12)
        elif self.style == "without limits":
            many(body, self.joints, position, targets)
        else:
            for joint, target in zip(self.joints, targets, strict=True):
                if self.style == "by position":
                    one(body, joint, position, target, 0.0, 30.0, 0.2)
                elif self.style == "by keyword":
                    one(
                        bodyIndex=body,
                        jointIndex=joint,
                        controlMode=position,
                        targetPosition=target,
                        force=30,
                        maxVelocity=5,
                    )
                else:
                    one(body, joint, position, targetPosition=target, force=30)

    def step(self, action):
        for _ in range(self.n_steps):
            self.command(self.stance + 0.5 * np.asarray(action))
            self.client.stepSimulation()
        return self.observe(), 0.0, False, False, {}

    def observe(self):
        position, orientation = self.client.getBasePositionAndOrientation(self.body)
        angles, rates, _, _ = zip(*self.client.getJointStates(self.body, self.joints), strict=True)
        return np.array((*position, *orientation, *angles, *rates))

    def torques(self):
        return np.array([state[3] for state in self.client.getJointStates(self.body, self.joints)])

    def close(self):
        if self.client.isConnected():
            self.client.disconnect()
