"""The motors of a MuJoCo model: how they lose strength and are locked, and which actuators reach their joints."""

from __future__ import annotations

from typing import Any, NamedTuple

import mujoco
import numpy as np

from sb3_memaug.robots.mujoco.edits import ModelEdit

_TRN = mujoco.mjtTrn
ON_JOINTS = (int(_TRN.mjTRN_JOINT), int(_TRN.mjTRN_JOINTINPARENT))
#: Those that pull at joints from within the robot; the others push at a place, and joints only carry that on.
_WITHIN = {int(_TRN.mjTRN_TENDON): "a tendon", int(_TRN.mjTRN_SLIDERCRANK): "a slider-crank"}
#: Moments that are rounding.
_NOTHING = 1e-9


class Reach(NamedTuple):
    """
    An actuator that moves a joint among others.

    :param actuator: its name, or its index
    :param through: what it acts through
    :param within: whether that is a part of the drive, as a tendon, and not the outside
    """

    actuator: str
    through: str
    within: bool


def reaches(model: Any) -> dict[int, list[Reach]]:
    """
    :param model: ``mujoco.MjModel``
    :return: what moves each joint from elsewhere, by the joint's index
    """
    others = [i for i, kind in enumerate(model.actuator_trntype.tolist()) if kind not in ON_JOINTS]
    found: dict[int, list[Reach]] = {}
    if not others:
        return found
    moments = _moments(model)
    outputs = getattr(model, "actuator_outadr", np.arange(len(model.actuator_trntype)))
    counts = getattr(model, "actuator_outnum", np.ones_like(outputs))
    for i in others:
        kind = int(model.actuator_trntype[i])
        through = _WITHIN.get(kind, "adhesion" if kind == _TRN.mjTRN_BODY else "a site")
        if kind == _TRN.mjTRN_BODY:
            dofs = _dofs_above(model, int(model.actuator_trnid[i, 0]))
        else:
            rows = moments[outputs[i] : outputs[i] + counts[i]]
            dofs = np.flatnonzero(np.abs(rows).max(axis=0) > _NOTHING)
        reach = Reach(model.actuator(i).name or str(i), through, kind in _WITHIN)
        for joint in np.unique(model.dof_jntid[dofs]).tolist():
            found.setdefault(joint, []).append(reach)
    return found


def _moments(model: Any) -> np.ndarray:
    """Of all force outputs on all degrees of freedom, in a pose that is nothing special, (outputs, nv)."""
    data = mujoco.MjData(model)
    mujoco.mj_integratePos(model, data.qpos, np.random.default_rng(0).uniform(-0.5, 0.5, model.nv), 1.0)
    mujoco.mj_fwdPosition(model, data)
    rows = np.zeros((len(data.moment_rownnz), model.nv))
    for row, n, first in zip(rows, data.moment_rownnz.tolist(), data.moment_rowadr.tolist(), strict=True):
        row[data.moment_colind[first : first + n]] = data.actuator_moment[first : first + n]
    return rows


def _dofs_above(model: Any, body: int) -> np.ndarray:
    """Those that move a body."""
    bodies = []
    while body:
        bodies.append(body)
        body = int(model.body_parentid[body])
    return np.flatnonzero(np.isin(model.dof_bodyid, bodies))


_GAIN, _BIAS = mujoco.mjtGain, mujoco.mjtBias
#: New in MuJoCo 4.
_PID, _DC_MOTOR = (getattr(_GAIN, f"mjGAIN_{name}", None) for name in ("PID", "DCMOTOR"))
_FEED_FORWARD, _PLAIN_INPUTS = 4, (8, 16)

#: Which of an actuator's parameters its force is proportional to, by the kind of its gain and of its bias. Of a muscle
#: they are the force, and what that is computed from where it is negative; the others are lengths and velocities. Of a
#: PID controller the gain holds the integral part alone, and the bias the others.
_ALL, _MUSCLE, _FIRST = slice(None), slice(2, 4), slice(1)
_PROPORTIONAL = {
    "gain": {_GAIN.mjGAIN_FIXED: _ALL, _GAIN.mjGAIN_AFFINE: _ALL, _GAIN.mjGAIN_MUSCLE: _MUSCLE},
    "bias": {_BIAS.mjBIAS_NONE: _ALL, _BIAS.mjBIAS_AFFINE: _ALL, _BIAS.mjBIAS_MUSCLE: _MUSCLE},
}


def scale_force(model: Any, i: int, factor: float, edit: ModelEdit) -> None:
    """
    :param model: ``mujoco.MjModel``
    :param i: index of the actuator
    :param factor: on its force, for which :func:`unscalable` finds nothing
    :param edit: of the model, which takes it down
    """
    edit.set("actuator_forcerange", i, factor * model.actuator_forcerange[i])
    if factor == 0:
        # Whatever computes it, as the plugin of an actuator, and whatever activation is left.
        edit.set("actuator_forcelimited", i, 1)
        edit.set("actuator_forcerange", i, 0)
    kind = int(model.actuator_gaintype[i])
    if _DC_MOTOR is not None and kind == _DC_MOTOR:
        _scale_dc_motor(model, i, factor, edit)
        return
    if _PID is not None and kind == _PID and factor:
        _scale(edit, "gain", (i, _FIRST), factor)
    for what, known in _PROPORTIONAL.items():
        parameters = known.get(int(getattr(model, f"actuator_{what}type")[i]))
        if parameters is not None:
            _scale(edit, what, (i, parameters), factor)


def _scale_dc_motor(model: Any, i: int, factor: float, edit: ModelEdit) -> None:
    """Its current by the resistance; cogging, and friction with the state of its bristles, by themselves."""
    _scale(edit, "bias", (i, 0), factor)
    # A dead one gets no force by its range; what remains is the friction within it, which must keep its states.
    if factor:
        _scale(edit, "gain", (i, 0), 1 / factor)
        _scale(edit, "bias", (i, slice(3, 5)), factor)
        _scale(edit, "dyn", (i, slice(5, 7)), factor)


def _scale(edit: ModelEdit, what: str, index: Any, factor: float) -> None:
    edit.scale(f"actuator_{what}prm", index, factor)


def unscalable(model: Any, i: int) -> str | None:
    """
    :param model: ``mujoco.MjModel``
    :param i: index of the actuator
    :return: why its force cannot be scaled by anything but 0, if so
    """
    gain, bias = int(model.actuator_gaintype[i]), int(model.actuator_biastype[i])
    if model.actuator_plugin[i] >= 0:
        return "is driven by a plugin"
    signature = int(model.actuator_ctrlspec[i]) if hasattr(model, "actuator_ctrlspec") else 0
    if _DC_MOTOR is not None and gain == _DC_MOTOR:
        if signature not in _PLAIN_INPUTS or model.actuator_dynprm[i, 0] > 0:
            return "is a DC motor with a controller or an inductance"
        return None
    if _PID is not None and gain == _PID:
        return "is a PID controller with a feed-forward input" if signature & _FEED_FORWARD else None
    if gain not in _PROPORTIONAL["gain"] or bias not in _PROPORTIONAL["bias"]:
        return "has a gain or a bias of the user's own"
    return None


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
