"""The motors of a MuJoCo model: how they lose strength, and how they are locked."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from sb3_memaug.robots.mujoco_edit import ModelEdit

#: Which of an actuator's parameters its force is proportional to, by the kind of its gain and of its bias. Of a muscle
#: they are the force, and what that is computed from where it is negative; the others are lengths and velocities.
_ALL, _MUSCLE = slice(None), slice(2, 4)
_FORCES = {
    "gain": {
        int(mujoco.mjtGain.mjGAIN_FIXED): _ALL,
        int(mujoco.mjtGain.mjGAIN_AFFINE): _ALL,
        int(mujoco.mjtGain.mjGAIN_MUSCLE): _MUSCLE,
    },
    "bias": {
        int(mujoco.mjtBias.mjBIAS_NONE): _ALL,
        int(mujoco.mjtBias.mjBIAS_AFFINE): _ALL,
        int(mujoco.mjtBias.mjBIAS_MUSCLE): _MUSCLE,
    },
}

#: rad, within which both limits of a locked joint push against each other; and the inertia that it gets on top of its
#: own, relative to it. As it does not turn, its inertia acts on nothing else, but keeps it where it is between two
#: evaluations of its limits.
_LOCK_MARGIN, _LOCK_INERTIA = 1e-4, 100.0


class MuJoCoMotors:
    """
    The joints that actuators drive, in the order of the first actuator of each.

    :param model: ``mujoco.MjModel``, which is changed in place
    :param joints: indices of those that may be motors: hinges and slides
    """

    def __init__(self, model: Any, joints: np.ndarray) -> None:
        self._model = model
        # MuJoCo 4 knows actuators with several controls, or none.
        n_actuators = len(model.actuator_trntype)
        controls = getattr(model, "actuator_ctrladr", np.arange(n_actuators))
        n_controls = getattr(model, "actuator_ctrlnum", np.ones(n_actuators))
        drives = np.isin(model.actuator_trntype, (mujoco.mjtTrn.mjTRN_JOINT, mujoco.mjtTrn.mjTRN_JOINTINPARENT))
        drives &= np.isin(model.actuator_trnid[:, 0], joints) & (n_controls > 0)
        self._actuators = np.flatnonzero(drives)
        driven = model.actuator_trnid[self._actuators, 0].tolist()
        #: Index of each motor's joint in the model.
        self.joints = list(dict.fromkeys(driven))
        self._motor_of_actuator = np.array([self.joints.index(joint) for joint in driven], dtype=np.intp)
        #: Index in ``data.ctrl`` of what takes each motor's target: of its position actuator if it has one.
        self.controls = np.array([controls[self._target_actuator(i)] for i in range(len(self.joints))], dtype=np.intp)
        self._strength, self._locks = ModelEdit(model), ModelEdit(model)
        self._locked_at: dict[int, float] = {}

    def _target_actuator(self, motor: int) -> int:
        mine, model = self._actuators[self._motor_of_actuator == motor], self._model
        affine = model.actuator_biastype[mine] == mujoco.mjtBias.mjBIAS_AFFINE
        servos = mine[affine & (model.actuator_biasprm[mine, 1] != 0)]
        return int((servos if servos.size else mine)[0])

    def set_strength(self, scale: np.ndarray) -> None:
        """
        :param scale: factor on the torque of each motor, (n,); 1 restores the model bit for bit
        :raises ValueError: if an actuator must be weak whose force MuJoCo does not keep proportional to parameters
        """
        self._strength.undo()
        for i, factor in zip(self._actuators.tolist(), scale[self._motor_of_actuator].tolist(), strict=True):
            if factor != 1:
                self._weaken(i, factor)
        for joint, factor in zip(self.joints, scale.tolist(), strict=True):
            if factor != 1:
                self._strength.set("jnt_actfrcrange", joint, factor * self._model.jnt_actfrcrange[joint])

    def _weaken(self, i: int, factor: float) -> None:
        model, edit = self._model, self._strength
        edit.set("actuator_forcerange", i, factor * model.actuator_forcerange[i])
        for what, known in _FORCES.items():
            forces = known.get(int(getattr(model, f"actuator_{what}type")[i]))
            if forces is not None:
                parameters = getattr(model, f"actuator_{what}prm")
                edit.set(f"actuator_{what}prm", (i, forces), factor * parameters[i, forces])
            elif factor == 0:
                edit.set("actuator_forcelimited", i, 1)
                edit.set("actuator_forcerange", i, 0)
            else:
                raise ValueError(
                    f"MuJoCo's actuator {model.actuator(i).name or i!r} can only have strength 1 or 0, got {factor}: "
                    "torque, position and velocity actuators and muscles can be weak, and it is none of them"
                )

    def lock(self, locked: np.ndarray, data: Any) -> None:
        """
        Between two limits at one angle, which hold by every integrator and solver of MuJoCo.

        :param locked: which motors stay where they stand in ``data``, (n,); the others are free
        :param data: ``mujoco.MjData``
        :raises ValueError: if the model has its limits disabled
        """
        model = self._model
        disabled = mujoco.mjtDisableBit.mjDSBL_LIMIT | mujoco.mjtDisableBit.mjDSBL_CONSTRAINT
        if model.opt.disableflags & disabled:
            raise ValueError("a motor is locked by its joint's limits, which this MuJoCo model's option flags disable")
        joints = np.array(self.joints, dtype=np.intp)[locked]
        self._locked_at = dict(zip(joints.tolist(), data.qpos[model.jnt_qposadr[joints]].tolist(), strict=True))
        self.release()
        self.hold()

    def release(self) -> None:
        """Let go of the locked motors until :meth:`hold`."""
        self._locks.undo()

    def hold(self) -> None:
        """Hold the locked motors where they were locked."""
        model, edit = self._model, self._locks
        rate = 1 / model.opt.timestep
        for joint, angle in self._locked_at.items():
            edit.set("jnt_limited", joint, 1)
            edit.set("jnt_range", joint, angle)
            edit.set("jnt_margin", joint, _LOCK_MARGIN)
            # Back within one step, and as hard as MuJoCo has it.
            edit.set("jnt_solref", joint, (-(rate**2), -rate))
            edit.set("jnt_solimp", joint, (mujoco.mjMAXIMP, mujoco.mjMAXIMP, 0.001, 0.5, 2))
            dof = model.jnt_dofadr[joint]
            edit.set("dof_armature", dof, model.dof_armature[dof] + _LOCK_INERTIA * model.dof_M0[dof])
