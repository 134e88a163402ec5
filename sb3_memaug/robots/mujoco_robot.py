"""A robot in MuJoCo: any model, among them those of Gymnasium's MuJoCo environments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

from sb3_memaug.robots.motion import Motion, motion_of
from sb3_memaug.robots.mujoco_base import base_joint
from sb3_memaug.robots.mujoco_load import MuJoCoLoad
from sb3_memaug.robots.mujoco_motors import MuJoCoMotors
from sb3_memaug.robots.robot import Robot, RobotState, check_length
from sb3_memaug.robots.rotations import rotation_matrix, rotation_rows, to_body
from sb3_memaug.symmetry.geometry import RobotGeometry

#: How far the length of a quaternion may be from one, as rounding has it.
_UNIT = 1e-9


class MuJoCoRobot(Robot):
    """
    All hinges and slides of a model, and its base: the first body that has joints, in the kinematic tree that has the
    most motors. It floats if its joint is a free one; otherwise the state has the base at rest in the origin, and its
    joints among the others.

    Motors are the joints that actuators drive, whatever their kind (torque, position, velocity, muscle). All actuators
    of a joint are one motor; its strength scales all their torque.

    :param model: ``mujoco.MjModel``, which is changed in place by :meth:`set_motor_strength`, :meth:`lock_motors` and
        :meth:`set_base_load`
    :param data: ``mujoco.MjData``
    :param feet: names of the geoms of each foot, by the foot's name
    :raises ValueError: if the model has no joints, or a foot's geom does not exist
    """

    def __init__(self, model: Any, data: Any, feet: dict[str, Sequence[str]] | None = None) -> None:
        self.model, self.data = model, data
        if not model.njnt:
            raise ValueError("expected a MuJoCo model of a robot, found one without any joints")
        scalar = np.flatnonzero(np.isin(model.jnt_type, (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)))
        self._joint_q = model.jnt_qposadr[scalar].astype(np.intp)
        self._joint_v = model.jnt_dofadr[scalar].astype(np.intp)
        self._motors = MuJoCoMotors(model, scalar)
        super().__init__(
            joint_names=[model.joint(i).name or f"joint_{i}" for i in scalar],
            motor_names=[model.joint(i).name or f"joint_{i}" for i in self._motors.joints],
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

        #: For where the feet are at present: a physics step leaves the poses of geoms where they were before it.
        self._placed: Any = None

        base = base_joint(model)
        self.base_body = int(model.jnt_bodyid[base])
        self._floats = bool(model.jnt_type[base] == mujoco.mjtJoint.mjJNT_FREE)
        self._base_q, self._base_v = int(model.jnt_qposadr[base]), int(model.jnt_dofadr[base])
        self._base_dofs = slice(self._base_v, self._base_v + int(model.body_dofnum[self.base_body]))
        self._load = MuJoCoLoad(model, self.base_body)
        self._force: tuple[np.ndarray, np.ndarray] | None = None

    def get_state(self) -> RobotState:
        qpos, qvel = self.data.qpos, self.data.qvel
        joints = qpos[self._joint_q], qvel[self._joint_v]
        if not self._floats:
            return RobotState(np.zeros(3), np.array((1.0, 0, 0, 0)), np.zeros(3), np.zeros(3), *joints)
        q, v, orientation = self._base_q, self._base_v, self._orientation()
        return RobotState(
            qpos[q : q + 3].copy(),
            orientation,
            qvel[v : v + 3].copy(),
            # MuJoCo keeps a free joint's angular velocity in the frame of its body.
            rotation_matrix(orientation) @ qvel[v + 3 : v + 6],
            *joints,
        )

    def _orientation(self) -> np.ndarray:
        """MuJoCo takes quaternions of any length, such as those to which an environment adds noise when it is reset."""
        quaternion = self.data.qpos[self._base_q + 3 : self._base_q + 7].copy()
        length = np.linalg.norm(quaternion)
        return quaternion if abs(length - 1) < _UNIT else quaternion / length

    def get_motion(self) -> Motion:
        """As by way of the state, in half the time: MuJoCo keeps a free joint's angular velocity along its own axes."""
        if not self._floats:
            return super().get_motion()
        qpos, qvel = self.data.qpos, self.data.qvel
        q, v = self._base_q, self._base_v
        px, py, pz, w, x, y, z = qpos[q : q + 7].tolist()
        if abs(w * w + x * x + y * y + z * z - 1) > _UNIT:
            return super().get_motion()
        vx, vy, vz, roll_rate, pitch_rate, yaw_rate = qvel[v : v + 6].tolist()
        rows = rotation_rows((w, x, y, z))
        linear, angular = to_body(rows, (vx, vy, vz)), (roll_rate, pitch_rate, yaw_rate)
        return motion_of(rows, linear, angular, (px, py, pz), qpos[self._motor_q], qvel[self._motor_v])

    def set_state(self, state: RobotState) -> None:
        data = self.data
        targets = data.ctrl.copy()
        mujoco.mj_resetData(self.model, data)
        data.ctrl[:] = targets
        data.qpos[self._joint_q] = state.joint_positions
        data.qvel[self._joint_v] = state.joint_velocities
        if self._floats:
            q, v = self._base_q, self._base_v
            data.qpos[q : q + 3] = state.base_position
            data.qpos[q + 3 : q + 7] = state.base_orientation
            data.qvel[v : v + 3] = state.base_linear_velocity
            data.qvel[v + 3 : v + 6] = rotation_matrix(state.base_orientation).T @ state.base_angular_velocity
        self._apply_force()
        mujoco.mj_forward(self.model, data)

    def foot_contacts(self) -> np.ndarray:
        touching = np.zeros(len(self.foot_names), dtype=bool)
        feet = self._foot_of_geom[self.data.contact.geom.ravel()]
        touching[feet[feet >= 0]] = True
        return touching

    def foot_positions(self) -> np.ndarray:
        if self._placed is None:
            self._placed = mujoco.MjData(self.model)
        placed, data = self._placed, self.data
        placed.qpos[:], placed.mocap_pos[:], placed.mocap_quat[:] = data.qpos, data.mocap_pos, data.mocap_quat
        mujoco.mj_kinematics(self.model, placed)
        return np.array(
            [placed.geom_xpos[self._foot_of_geom == i].mean(axis=0) for i in range(len(self.foot_names))]
        ).reshape(-1, 3)

    def set_motor_targets(self, positions: np.ndarray) -> None:
        self.data.ctrl[self._motors.controls] = positions

    def set_motor_strength(self, scale: np.ndarray) -> None:
        self._motors.set_strength(check_length("scale", scale, len(self.motor_names)))

    def lock_motors(self, locked: np.ndarray) -> None:
        self._motors.lock(check_length("locked", locked, len(self.motor_names)) > 0, self.data)

    def set_base_force(self, force: np.ndarray, point: np.ndarray) -> None:
        force, point = check_length("force", force, 3), check_length("point", point, 3)
        if force.any():
            self._force = force.copy(), point.copy()
            self._apply_force()
        elif self._force is not None:
            self._force = None
            self.data.qfrc_applied[self._base_dofs] = 0

    def _apply_force(self) -> None:
        """On the base's joints: forces on bodies are among what environments observe, as Gymnasium's Ant does."""
        if self._force is None:
            return
        (force, point), data = self._force, self.data
        if self._floats:
            axes = rotation_matrix(self._orientation())
            data.qfrc_applied[self._base_dofs] = (*force, *np.cross(point, force @ axes))
            return
        # A physics step leaves the poses of the bodies where they were before it; the next one begins like this.
        mujoco.mj_kinematics(self.model, data)
        mujoco.mj_comPos(self.model, data)
        where = data.xpos[self.base_body] + data.xmat[self.base_body].reshape(3, 3) @ point
        pull = np.zeros(self.model.nv)
        mujoco.mj_applyFT(self.model, data, force, np.zeros(3), where, self.base_body, pull)
        data.qfrc_applied[self._base_dofs] = pull[self._base_dofs]

    def set_base_load(self, mass: float, point: np.ndarray) -> None:
        # The inertia that holds a locked motor shall not count among what follows from the load.
        self._motors.release()
        self._load.set(mass, check_length("point", point, 3))
        self._motors.hold()

    def gravity(self) -> np.ndarray:
        return self.model.opt.gravity.copy()

    def geometry(self) -> RobotGeometry:
        from sb3_memaug.robots.mujoco_geometry import mujoco_geometry

        return mujoco_geometry(self.model)

    def advance(self, n_steps: int) -> None:
        if self._force is None:
            mujoco.mj_step(self.model, self.data, n_steps)
            return
        for _ in range(n_steps):
            self._apply_force()
            mujoco.mj_step(self.model, self.data)
