"""A robot in PyBullet, with motors that hold a target angle by a limited torque."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sb3_memaug.robots.robot import Robot, RobotState, check_length
from sb3_memaug.robots.rotations import rotation_matrix


class BulletRobot(Robot):
    """
    A body in a physics client, with the motor model ``strength · clip(kp · (target - q) - kd · q̇, ±limit)``
    evaluated at every physics step, as MuJoCo's position actuators do.

    :param client: ``pybullet_utils.bullet_client.BulletClient``, or the module ``pybullet``
    :param body: id of the robot in it
    :param motors: names of the actuated joints, in the order of the actions
    :param feet: names of the links of each foot, by the foot's name
    :param stiffness: ``kp`` in N·m/rad
    :param damping: ``kd`` in N·m·s/rad
    :param torque_limit: in N·m
    :raises ValueError: if a joint or a link does not exist
    """

    def __init__(
        self,
        client: Any,
        body: int,
        motors: Sequence[str],
        feet: dict[str, Sequence[str]],
        stiffness: float,
        damping: float,
        torque_limit: float,
    ) -> None:
        self.client, self.body = client, body
        self.stiffness, self.damping, self.torque_limit = stiffness, damping, torque_limit
        infos = [client.getJointInfo(body, i) for i in range(client.getNumJoints(body))]
        moving = [i for i in infos if i[2] in (client.JOINT_REVOLUTE, client.JOINT_PRISMATIC)]
        joints = {info[1].decode(): info[0] for info in moving}
        links = {info[12].decode(): info[0] for info in infos}
        for what, names, known in (
            ("joint", motors, joints),
            ("link", [link for group in feet.values() for link in group], links),
        ):
            missing = [name for name in names if name not in known]
            if missing:
                raise ValueError(f"the body has no {what} {missing[0]!r}; it has {sorted(known)}")
        super().__init__(list(joints), motors, list(feet))
        self._joints = list(joints.values())
        self._motors = [joints[name] for name in self.motor_names]
        self._foot_of_link = {links[link]: i for i, group in enumerate(feet.values()) for link in group}
        # Bullet gives each joint a velocity motor, which would act as friction.
        client.setJointMotorControlArray(
            body, self._joints, client.VELOCITY_CONTROL, forces=[0.0] * len(self._joints)
        )
        self._targets = np.zeros(len(self._motors))
        self._strength = np.ones(len(self._motors))
        self._force: tuple[np.ndarray, np.ndarray] | None = None

    def get_state(self) -> RobotState:
        position, (x, y, z, w) = self.client.getBasePositionAndOrientation(self.body)
        linear, angular = self.client.getBaseVelocity(self.body)
        joints = self.client.getJointStates(self.body, self._joints)
        return RobotState(
            base_position=np.array(position),
            base_orientation=np.array((w, x, y, z)),
            base_linear_velocity=np.array(linear),
            base_angular_velocity=np.array(angular),
            joint_positions=np.array([joint[0] for joint in joints]),
            joint_velocities=np.array([joint[1] for joint in joints]),
        )

    def set_state(self, state: RobotState) -> None:
        w, x, y, z = state.base_orientation
        self.client.resetBasePositionAndOrientation(self.body, state.base_position, (x, y, z, w))
        self.client.resetBaseVelocity(self.body, state.base_linear_velocity, state.base_angular_velocity)
        for joint, position, velocity in zip(
            self._joints, state.joint_positions, state.joint_velocities, strict=True
        ):
            self.client.resetJointState(self.body, joint, position, velocity)

    def foot_contacts(self) -> np.ndarray:
        touching = np.zeros(len(self.foot_names), dtype=bool)
        for contact in self.client.getContactPoints(bodyA=self.body):
            foot = self._foot_of_link.get(contact[3])
            if foot is not None and contact[2] != self.body:
                touching[foot] = True
        return touching

    def set_motor_targets(self, positions: np.ndarray) -> None:
        self._targets = np.asarray(positions, dtype=np.float64)

    def set_motor_strength(self, scale: np.ndarray) -> None:
        self._strength = check_length("scale", scale, len(self.motor_names)).copy()

    def set_base_force(self, force: np.ndarray, point: np.ndarray) -> None:
        self._force = check_length("force", force, 3), check_length("point", point, 3)

    def advance(self, n_steps: int) -> None:
        client = self.client
        for _ in range(n_steps):
            joints = client.getJointStates(self.body, self._motors)
            q = np.array([joint[0] for joint in joints])
            v = np.array([joint[1] for joint in joints])
            torques = (self.stiffness * (self._targets - q) - self.damping * v).clip(
                -self.torque_limit, self.torque_limit
            ) * self._strength
            client.setJointMotorControlArray(
                self.body, self._motors, client.TORQUE_CONTROL, forces=torques.tolist()
            )
            if self._force is not None:
                force, point = self._force
                position, (x, y, z, w) = client.getBasePositionAndOrientation(self.body)
                where = np.array(position) + rotation_matrix(np.array((w, x, y, z))) @ point
                client.applyExternalForce(self.body, -1, force.tolist(), where.tolist(), client.WORLD_FRAME)
            client.stepSimulation()

    def close(self) -> None:
        self.client.disconnect()
