"""A robot in MuJoCo: any model, and the robots of MuJoCo environments that advance the physics by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from sb3_memaug.robots.mujoco.edits import MuJoCoLoad
from sb3_memaug.robots.mujoco.motors import MuJoCoMotors
from sb3_memaug.robots.mujoco.trees import base_joint
from sb3_memaug.robots.robot import (
    Motion,
    Robot,
    RobotState,
    check_length,
    motion_of,
    name_changes,
    rotation_matrix,
    rotation_rows,
    to_body,
)
from sb3_memaug.symmetry.derivation.geometry import RobotGeometry

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
        self._foot_geoms = {foot: tuple(geoms) for foot, geoms in (feet or {}).items()}
        self._force: tuple[np.ndarray, np.ndarray] | None = None
        self._bind(model, data)
        super().__init__(*_names(model), foot_names=list(self._foot_geoms))

    def _bind(self, model: Any, data: Any) -> None:
        """What is read and acted on from now on, with nothing set."""
        self.model, self.data = model, data
        scalar = _scalar_joints(model)
        self._motors = MuJoCoMotors(model, scalar)
        self._joint_q = model.jnt_qposadr[scalar].astype(np.intp)
        self._joint_v = model.jnt_dofadr[scalar].astype(np.intp)
        self._motor_q = model.jnt_qposadr[self._motors.joints].astype(np.intp)
        self._motor_v = model.jnt_dofadr[self._motors.joints].astype(np.intp)
        self._foot_of_geom = np.full(model.ngeom, -1)
        for i, (foot, geoms) in enumerate(self._foot_geoms.items()):
            for geom in geoms:
                index = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, geom)
                if index < 0:
                    raise ValueError(f"foot {foot!r} is made of geom {geom!r}, which the model does not have")
                self._foot_of_geom[index] = i

        #: For where the feet are at present: a physics step leaves the poses of geoms where they were before it.
        self._placed: Any = None

        base = base_joint(model)
        self.base_body = int(model.jnt_bodyid[base])
        self._floats = _floats(model)
        self._base_q, self._base_v = int(model.jnt_qposadr[base]), int(model.jnt_dofadr[base])
        self._base_dofs = slice(self._base_v, self._base_v + int(model.body_dofnum[self.base_body]))
        self._load = MuJoCoLoad(model, self.base_body)

    def _turn_to(self, model: Any, data: Any) -> None:
        """
        Another simulation of the same robot. What is set there acts from now on, and no longer where it was.

        :raises ValueError: if it is another robot, or cannot bear what is set
        """
        if self._force is not None:
            self.data.qfrc_applied[self._base_dofs] = 0
        if model is not self.model:
            strength, locked_at = self._motors.strength, self._motors.locked_at
            mass, point = self._load.mass, self._load.point
            self._motors.release()
            if mass:
                self._load.set(0, point)
            self._motors.set_strength(np.ones_like(strength))
            changes = self._changes(model)
            if changes:
                raise ValueError(f"the MuJoCo model is that of another robot now: {changes}")
            self._bind(model, data)
            self._motors.set_strength(strength)
            if mass:
                self._load.set(mass, point)
            if locked_at:
                self._motors.lock(locked_at)
        self.data = data
        self._apply_force()

    def _changes(self, model: Any) -> str:
        """What makes it another robot's model, if anything."""
        joints, motors = _names(model)
        if tuple(joints) != self.joint_names:
            return name_changes("joints", self.joint_names, joints)
        if tuple(motors) != self.motor_names:
            return name_changes("motors", self.motor_names, motors)
        if _floats(model) != self._floats:
            return "its base does not float any more" if self._floats else "its base floats"
        return ""

    def _follow(self) -> None:
        """Turn to where the robot is simulated now. A robot of a model and its data stays with them."""

    def get_state(self) -> RobotState:
        self._follow()
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
        self._follow()
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
        self._follow()
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
        self._follow()
        touching = np.zeros(len(self.foot_names), dtype=bool)
        feet = self._foot_of_geom[self.data.contact.geom.ravel()]
        touching[feet[feet >= 0]] = True
        return touching

    def foot_positions(self) -> np.ndarray:
        self._follow()
        if self._placed is None:
            self._placed = mujoco.MjData(self.model)
        placed, data = self._placed, self.data
        placed.qpos[:], placed.mocap_pos[:], placed.mocap_quat[:] = data.qpos, data.mocap_pos, data.mocap_quat
        mujoco.mj_kinematics(self.model, placed)
        return np.array(
            [placed.geom_xpos[self._foot_of_geom == i].mean(axis=0) for i in range(len(self.foot_names))]
        ).reshape(-1, 3)

    def set_motor_targets(self, positions: np.ndarray) -> None:
        self._follow()
        self.data.ctrl[self._motors.controls] = positions

    def set_motor_strength(self, scale: np.ndarray) -> None:
        self._follow()
        self._motors.set_strength(check_length("scale", scale, len(self.motor_names)))

    def lock_motors(self, locked: np.ndarray) -> None:
        self._follow()
        held = np.flatnonzero(check_length("locked", locked, len(self.motor_names)) > 0)
        self._motors.lock(dict(zip(held.tolist(), self.data.qpos[self._motor_q[held]].tolist(), strict=True)))

    def check_motor_strength(self, scale: np.ndarray) -> None:
        self._follow()
        self._motors.check_strength(check_length("scale", scale, len(self.motor_names)))

    def set_base_force(self, force: np.ndarray, point: np.ndarray) -> None:
        self._follow()
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
        self._follow()
        # The inertia that holds a locked motor shall not count among what follows from the load.
        self._motors.release()
        self._load.set(mass, check_length("point", point, 3))
        self._motors.hold()

    def after_step(self) -> None:
        failed = np.flatnonzero(self._motors.strength != 1)
        if not failed.size:
            return
        torques = self.data.qfrc_applied.copy()
        if self._force is not None:
            torques[self._base_dofs] = 0
        driven = failed[torques[self._motor_v[failed]] != 0]
        if driven.size:
            name, torque = self.motor_names[driven[0]], torques[self._motor_v[driven[0]]]
            raise NotImplementedError(
                f"the environment applies {torque:g} N·m (or N) to joint {name!r} by `data.qfrc_applied`, which goes "
                "past its motor, so that it cannot fail. Let it drive this joint by an actuator and `data.ctrl`"
            )

    def gravity(self) -> np.ndarray:
        self._follow()
        return self.model.opt.gravity.copy()

    def geometry(self) -> RobotGeometry:
        self._follow()
        from sb3_memaug.robots.mujoco.geometry import mujoco_geometry

        return mujoco_geometry(self.model)

    def advance(self, n_steps: int) -> None:
        self._follow()
        if self._force is None:
            mujoco.mj_step(self.model, self.data, n_steps)
            return
        for _ in range(n_steps):
            self._apply_force()
            mujoco.mj_step(self.model, self.data)


def _scalar_joints(model: Any) -> np.ndarray:
    """Hinges and slides, by their indices."""
    if not model.njnt:
        raise ValueError("expected a MuJoCo model of a robot, found one without any joints")
    return np.flatnonzero(np.isin(model.jnt_type, (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)))


def _names(model: Any) -> tuple[list[str], list[str]]:
    """Of joints and of motors."""
    scalar = _scalar_joints(model)
    joints, motors = (
        [model.joint(i).name or f"joint_{i}" for i in indices]
        for indices in (scalar, MuJoCoMotors(model, scalar).joints)
    )
    return joints, motors


def _floats(model: Any) -> bool:
    return bool(model.jnt_type[base_joint(model)] == mujoco.mjtJoint.mjJNT_FREE)


class MuJoCoEnvironmentRobot(MuJoCoRobot):
    """
    It is read and acted on in the model and the data that the environment has at present: one that compiles its model
    anew, at a reset or within an episode, is followed, as long as the robot has the same joints.

    A force on the base makes another moment wherever the base turns, so that it is applied anew before each physics
    step: while there is one, the environment's method ``do_simulation`` simulates one step at a time. In an
    environment without this method it is applied anew before each control step.

    :param env: unwrapped, with the attributes ``model`` and ``data``
    """

    def __init__(self, env: gym.Env) -> None:
        super().__init__(env.model, env.data)  # type: ignore[attr-defined]
        self._env = env
        self._method = "do_simulation" if hasattr(env, "do_simulation") else "step"
        self._original = getattr(env, self._method)
        #: What the environment itself has in the place of its class's method, if anything, while a force acts.
        self._own: dict[str, Any] | None = None

    def follow(self, env: gym.Env) -> bool:
        model, _ = self._present()
        if env is not self._env or (model is not self.model and self._changes(model)):
            return False
        self._follow()
        return True

    def _follow(self) -> None:
        model, data = self._present()
        if model is not self.model or data is not self.data:
            self._turn_to(model, data)

    def _present(self) -> tuple[Any, Any]:
        """Model and data of the environment; those before as long as it has but one of two that belong together."""
        model, data = getattr(self._env, "model", None), getattr(self._env, "data", None)
        if model is self.model and data is self.data:
            return model, data
        fitting = type(model) is type(self.model) and type(data) is type(self.data) and _fit(model, data)
        return (model, data) if fitting else (self.model, self.data)

    def after_step(self) -> None:
        model, data = self._present()
        motors = self._motors
        acts = bool((motors.strength != 1).any() or motors.locked_at or self._load.mass) and model is not self.model
        acts |= self._force is not None and data is not self.data
        if acts and data.timer[mujoco.mjtTimer.mjTIMER_STEP].number:
            raise NotImplementedError(
                f"{type(self._env).__name__} has exchanged its MuJoCo model or data within a step and simulated it, "
                "which could not be followed: failures and payloads did not act in it. Exchange them at a reset or "
                "between steps, or let `model` and `data` be plain attributes"
            )
        self._follow()
        super().after_step()

    def set_base_force(self, force: np.ndarray, point: np.ndarray) -> None:
        super().set_base_force(force, point)
        attributes = vars(self._env)
        if self._force is not None and self._own is None:
            self._own = {name: value for name, value in attributes.items() if name == self._method}
            self._original = getattr(self._env, self._method)
            attributes[self._method] = self._do_simulation if self._method == "do_simulation" else self._step
        elif self._force is None and self._own is not None:
            # A copy of the environment need not have it.
            attributes.pop(self._method, None)
            attributes.update(self._own)
            self._own = None

    def _do_simulation(self, ctrl: Any, n_frames: int) -> None:
        self._follow()
        for _ in range(n_frames):
            self._apply_force()
            self._original(ctrl, 1)

    def _step(self, action: Any) -> Any:
        self._follow()
        self._apply_force()
        return self._original(action)


def _fit(model: Any, data: Any) -> bool:
    """Whether data may be those of a model."""
    sizes = (model.nq, model.nv, model.nu, model.na, model.nbody, model.ngeom)
    return sizes == tuple(map(len, (data.qpos, data.qvel, data.ctrl, data.act, data.xpos, data.geom_xpos)))
