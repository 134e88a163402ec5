"""Which joints are moved by the actuators of a MuJoCo model that are on none of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import mujoco
import numpy as np

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
