"""A robot in PyBullet, with motors that hold a target angle by a limited torque."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sb3_memaug.robots.bullet_body import BulletBody
from sb3_memaug.robots.robot import check_length


class BulletRobot(BulletBody):
    """
    A body in a physics client, with the motor model ``strength · clip(kp · (target - q) - kd · q̇, ±limit)``
    evaluated at every physics step, as MuJoCo's position actuators do.

    The robot owns the client: :meth:`close` disconnects it.

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
        super().__init__(client, body, motors, feet)
        self.stiffness, self.damping, self.torque_limit = stiffness, damping, torque_limit
        self._targets = [0.0] * len(self._motors)
        self._strength = [1.0] * len(self._motors)

    def _bind(self) -> None:
        super()._bind()
        client, joints = self.client, self._joints
        # Bullet gives each joint a velocity motor, which would act as friction.
        client.setJointMotorControlArray(self.body, joints, client.VELOCITY_CONTROL, forces=[0.0] * len(joints))

    def set_motor_targets(self, positions: np.ndarray) -> None:
        self._targets = check_length("positions", positions, len(self.motor_names)).tolist()

    def set_motor_strength(self, scale: np.ndarray) -> None:
        self._strength = check_length("scale", scale, len(self.motor_names)).tolist()

    def advance(self, n_steps: int) -> None:
        client, body, motors, mode = self.client, self.body, self._motors, self.client.TORQUE_CONTROL
        # Asked for once: a client looks each of its functions up and binds itself to it.
        read, drive, step = client.getJointStates, client.setJointMotorControlArray, client.stepSimulation
        for _ in range(n_steps):
            drive(body, motors, mode, forces=self._torques(read(body, motors)))
            if self._force is not None:
                self._push(*self._force)
            step()

    def _torques(self, joints: Sequence[tuple[float, float, Any, Any]]) -> list[float]:
        """In plain floats: with ``min`` and ``max``, or in arrays, they take two to four times as long."""
        stiffness, damping, limit = self.stiffness, self.damping, self.torque_limit
        torques = []
        for (position, velocity, _, _), target, strength in zip(joints, self._targets, self._strength, strict=True):
            torque = stiffness * (target - position) - damping * velocity
            if torque > limit:
                torque = limit
            elif torque < -limit:
                torque = -limit
            torques.append(strength * torque)
        return torques

    def close(self) -> None:
        if self.client.isConnected():
            self.client.disconnect()
