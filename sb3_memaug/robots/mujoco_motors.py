"""The motors of a MuJoCo model: how they lose strength, and how they are locked."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from sb3_memaug.robots.mujoco_edit import ModelEdit
from sb3_memaug.robots.mujoco_forces import scale_force, unscalable
from sb3_memaug.robots.mujoco_reach import ON_JOINTS, Reach, reaches

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
        drives = np.isin(model.actuator_trntype, ON_JOINTS) & np.isin(model.actuator_trnid[:, 0], joints)
        driven = model.actuator_trnid[drives & (n_controls > 0), 0].tolist()
        #: Index of each motor's joint in the model.
        self.joints = list(dict.fromkeys(driven))
        # What takes no control, as a short-circuited DC motor, is a part of the motor of a joint that others drive.
        self._actuators = np.flatnonzero(drives & np.isin(model.actuator_trnid[:, 0], self.joints))
        self._controlled = n_controls[self._actuators] > 0
        driven = model.actuator_trnid[self._actuators, 0].tolist()
        self._motor_of_actuator = np.array([self.joints.index(joint) for joint in driven], dtype=np.intp)
        #: Index in ``data.ctrl`` of what takes each motor's target: of its position actuator if it has one.
        self.controls = np.array([controls[self._target_actuator(i)] for i in range(len(self.joints))], dtype=np.intp)
        self._strength, self._locks = ModelEdit(model), ModelEdit(model)
        self._reaches: dict[int, list[Reach]] | None = None
        #: What is set: the strength of each, and the angle at which each locked one is held, by its index.
        self.strength = np.ones(len(self.joints))
        self.locked_at: dict[int, float] = {}

    def _target_actuator(self, motor: int) -> int:
        model = self._model
        mine = self._actuators[(self._motor_of_actuator == motor) & self._controlled]
        affine = model.actuator_biastype[mine] == mujoco.mjtBias.mjBIAS_AFFINE
        servos = mine[affine & (model.actuator_biasprm[mine, 1] != 0)]
        return int((servos if servos.size else mine)[0])

    def set_strength(self, scale: np.ndarray) -> None:
        """
        :param scale: factor on the torque of each motor, (n,); 1 restores the model bit for bit
        :raises ValueError: if a motor must be weak whose force MuJoCo does not keep proportional to parameters
        """
        model, edit = self._model, self._strength
        for joint, factor in zip(self.joints, scale.tolist(), strict=True):
            obstacle = self._obstacle(joint, factor)
            if obstacle is not None:
                raise ValueError(obstacle)
        edit.undo()
        self.strength = scale.copy()
        for i, factor in zip(self._actuators.tolist(), scale[self._motor_of_actuator].tolist(), strict=True):
            if factor != 1:
                scale_force(model, i, factor, edit)
        for joint, factor in zip(self.joints, scale.tolist(), strict=True):
            if factor != 1:
                edit.scale("jnt_actfrcrange", joint, factor)
            if factor == 0:
                # Behind all that may reach a joint by way of actuators: compensation of gravity, and tendons.
                edit.set("jnt_actfrclimited", joint, 1)
                edit.set("jnt_actfrcrange", joint, 0)

    def check_strength(self, scale: np.ndarray) -> None:
        """
        :param scale: as for :meth:`set_strength`
        :raises ValueError: as it does; and if other actuators than its own move the joint of such a motor, too
        """
        for joint, factor in zip(self.joints, scale.tolist(), strict=True):
            obstacle = self._obstacle(joint, factor) or self._foreign(joint, factor)
            if obstacle is not None:
                raise ValueError(obstacle)

    def _obstacle(self, joint: int, factor: float) -> str | None:
        """What keeps the actuators of a joint from giving just so much of their torque."""
        model = self._model
        if factor in (0, 1):
            return None
        for i in self._actuators[self._motor_of_actuator == self.joints.index(joint)].tolist():
            why = unscalable(model, i)
            if why is not None:
                return (
                    f"joint {self._name(joint)!r}: MuJoCo's actuator {model.actuator(i).name or i!r} can only have "
                    f"strength 1 or 0, got {factor}: it {why}. Torque, position and velocity actuators and muscles can "
                    "be weak"
                )
        if model.jnt_actgravcomp[joint] and model.body_gravcomp.any():
            return (
                f"joint {self._name(joint)!r} can only have strength 1 or 0, got {factor}: MuJoCo compensates gravity "
                "by its actuators, all or nothing. Without actuatorgravcomp it can be weak"
            )
        return None

    def _foreign(self, joint: int, factor: float) -> str | None:
        """What other actuators do to a joint that its own motor's failure does not end."""
        if factor == 1:
            return None
        if self._reaches is None:
            self._reaches = reaches(self._model)
        for reach in self._reaches.get(joint, ()):
            if factor or not reach.within:
                return (
                    f"the motor of joint {self._name(joint)!r} cannot have strength {factor}: MuJoCo's actuator "
                    f"{reach.actuator!r} moves that joint among others, through {reach.through}. Let joints fail that "
                    "it does not move"
                    + (", or let the motor be dead, which cuts it off from that actuator" if reach.within else "")
                )
        return None

    def _name(self, joint: int) -> str:
        return self._model.joint(joint).name or f"joint_{joint}"

    def lock(self, angles: dict[int, float]) -> None:
        """
        Between two limits at one angle, which hold by every integrator and solver of MuJoCo.

        :param angles: of the motors that stay there, by their index; the others are free
        :raises ValueError: if the model has its limits disabled
        """
        disabled = mujoco.mjtDisableBit.mjDSBL_LIMIT | mujoco.mjtDisableBit.mjDSBL_CONSTRAINT
        if self._model.opt.disableflags & disabled:
            raise ValueError("a motor is locked by its joint's limits, which this MuJoCo model's option flags disable")
        self.locked_at = dict(angles)
        self.release()
        self.hold()

    def release(self) -> None:
        """Let go of the locked motors until :meth:`hold`."""
        self._locks.undo()

    def hold(self) -> None:
        """Hold the locked motors where they were locked."""
        model, edit = self._model, self._locks
        rate = 1 / model.opt.timestep
        for motor, angle in self.locked_at.items():
            joint = self.joints[motor]
            edit.set("jnt_limited", joint, 1)
            edit.set("jnt_range", joint, angle)
            edit.set("jnt_margin", joint, _LOCK_MARGIN)
            # Back within one step, and as hard as MuJoCo has it.
            edit.set("jnt_solref", joint, (-(rate**2), -rate))
            edit.set("jnt_solimp", joint, (mujoco.mjMAXIMP, mujoco.mjMAXIMP, 0.001, 0.5, 2))
            dof = model.jnt_dofadr[joint]
            edit.set("dof_armature", dof, model.dof_armature[dof] + _LOCK_INERTIA * model.dof_M0[dof])
