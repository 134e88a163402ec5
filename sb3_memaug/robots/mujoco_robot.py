"""A robot in MuJoCo: any model with a floating base, among them those of Gymnasium's MuJoCo environments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

from sb3_memaug.robots.motion import Motion, motion_of
from sb3_memaug.robots.robot import Robot, RobotState, check_length
from sb3_memaug.robots.rotations import rotation_matrix, rotation_rows, to_body


class MuJoCoRobot(Robot):
    """
    The first body with a free joint, and all hinges and slides of the model.

    Motors are the actuators that drive a joint, whatever their kind (torque, position, velocity); a motor's strength
    scales all its torque.

    :param model: ``mujoco.MjModel``, whose actuators are changed in place by :meth:`set_motor_strength`
    :param data: ``mujoco.MjData``
    :param feet: names of the geoms of each foot, by the foot's name
    :raises ValueError: if the model has no free joint, or a foot's geom does not exist
    """

    def __init__(self, model: Any, data: Any, feet: dict[str, Sequence[str]] | None = None) -> None:
        self.model, self.data = model, data
        free = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)
        if not free.size:
            raise ValueError("expected a MuJoCo model with a free joint on the robot's base, found none")
        self.base_body = int(model.jnt_bodyid[free[0]])
        self._base_q = int(model.jnt_qposadr[free[0]])
        self._base_v = int(model.jnt_dofadr[free[0]])

        scalar = np.flatnonzero(np.isin(model.jnt_type, (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)))
        self._joint_q = model.jnt_qposadr[scalar].astype(np.intp)
        self._joint_v = model.jnt_dofadr[scalar].astype(np.intp)
        drives_joint = (model.actuator_trntype == mujoco.mjtTrn.mjTRN_JOINT) & np.isin(
            model.actuator_trnid[:, 0], scalar
        )
        self._actuators = np.flatnonzero(drives_joint)
        super().__init__(
            joint_names=[model.joint(i).name or f"joint_{i}" for i in scalar],
            motor_names=[model.joint(i).name or f"joint_{i}" for i in model.actuator_trnid[self._actuators, 0]],
            foot_names=list(feet or {}),
        )
        self._motor_q, self._motor_v = self._joint_q[self.motor_indices], self._joint_v[self.motor_indices]
        self._foot_of_geom = np.full(model.ngeom, -1)
        for i, (foot, geoms) in enumerate((feet or {}).items()):
            for geom in geoms:
                index = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, geom)
                if index < 0:
                    raise ValueError(f"foot {foot!r} is made of geom {geom!r}, which the model does not have")
                self._foot_of_geom[index] = i
        self._full_strength = {
            name: getattr(model, name)[self._actuators].copy()
            for name in ("actuator_gainprm", "actuator_biasprm", "actuator_forcerange")
        }
        self._force: tuple[np.ndarray, np.ndarray] | None = None

    def get_state(self) -> RobotState:
        qpos, qvel = self.data.qpos, self.data.qvel
        q, v = self._base_q, self._base_v
        orientation = qpos[q + 3 : q + 7].copy()
        return RobotState(
            base_position=qpos[q : q + 3].copy(),
            base_orientation=orientation,
            base_linear_velocity=qvel[v : v + 3].copy(),
            # MuJoCo keeps a free joint's angular velocity in the frame of its body.
            base_angular_velocity=rotation_matrix(orientation) @ qvel[v + 3 : v + 6],
            joint_positions=qpos[self._joint_q],
            joint_velocities=qvel[self._joint_v],
        )

    def get_motion(self) -> Motion:
        """As by way of the state, in half the time: MuJoCo keeps a free joint's angular velocity along its own axes."""
        qpos, qvel = self.data.qpos, self.data.qvel
        q, v = self._base_q, self._base_v
        _, _, height, w, x, y, z = qpos[q : q + 7].tolist()
        vx, vy, vz, roll_rate, pitch_rate, yaw_rate = qvel[v : v + 6].tolist()
        rows = rotation_rows((w, x, y, z))
        linear, angular = to_body(rows, (vx, vy, vz)), (roll_rate, pitch_rate, yaw_rate)
        return motion_of(rows, linear, angular, height, qpos[self._motor_q], qvel[self._motor_v])

    def set_state(self, state: RobotState) -> None:
        data = self.data
        targets = data.ctrl.copy()
        mujoco.mj_resetData(self.model, data)
        data.ctrl[:] = targets
        q, v = self._base_q, self._base_v
        data.qpos[q : q + 3] = state.base_position
        data.qpos[q + 3 : q + 7] = state.base_orientation
        data.qpos[self._joint_q] = state.joint_positions
        data.qvel[v : v + 3] = state.base_linear_velocity
        data.qvel[v + 3 : v + 6] = rotation_matrix(state.base_orientation).T @ state.base_angular_velocity
        data.qvel[self._joint_v] = state.joint_velocities
        self._apply_force()
        mujoco.mj_forward(self.model, data)

    def foot_contacts(self) -> np.ndarray:
        touching = np.zeros(len(self.foot_names), dtype=bool)
        feet = self._foot_of_geom[self.data.contact.geom.ravel()]
        touching[feet[feet >= 0]] = True
        return touching

    def set_motor_targets(self, positions: np.ndarray) -> None:
        self.data.ctrl[self._actuators] = positions

    def set_motor_strength(self, scale: np.ndarray) -> None:
        factors = check_length("scale", scale, len(self.motor_names))
        for name, full in self._full_strength.items():
            getattr(self.model, name)[self._actuators] = full * factors[:, None]

    def set_base_force(self, force: np.ndarray, point: np.ndarray) -> None:
        self._force = check_length("force", force, 3).copy(), check_length("point", point, 3).copy()
        self._apply_force()

    def _apply_force(self) -> None:
        """MuJoCo wants the force at the base's centre of mass, and the moment that its offset makes."""
        if self._force is None:
            return
        force, point = self._force
        q = self._base_q
        arm = rotation_matrix(self.data.qpos[q + 3 : q + 7]) @ (point - self.model.body_ipos[self.base_body])
        self.data.xfrc_applied[self.base_body] = (*force, *np.cross(arm, force))

    def advance(self, n_steps: int) -> None:
        if self._force is None:
            mujoco.mj_step(self.model, self.data, n_steps)
            return
        for _ in range(n_steps):
            self._apply_force()
            mujoco.mj_step(self.model, self.data)
