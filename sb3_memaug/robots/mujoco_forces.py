"""How the force of an actuator of a MuJoCo model is scaled."""

from __future__ import annotations

from typing import Any

import mujoco

from sb3_memaug.robots.mujoco_edit import ModelEdit

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
