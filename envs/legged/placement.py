"""A robot in MuJoCo in a given pose, and how deep its parts reach there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

_TYPES = mujoco.mjtGeom


def place(model: Any, angles: Mapping[str, float]) -> Any:
    """
    :param model: ``mujoco.MjModel`` with a floating base
    :param angles: of joints in rad or m, by name
    :return: ``mujoco.MjData`` with the base level at the world's origin, whose kinematics are up to date
    """
    data = mujoco.MjData(model)
    base = int(np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)[0])
    start = int(model.jnt_qposadr[base])
    data.qpos[start : start + 7] = 0, 0, 0, 1, 0, 0, 0
    for name, angle in angles.items():
        data.joint(name).qpos[0] = angle
    mujoco.mj_kinematics(model, data)
    return data


def bottoms(model: Any, data: Any) -> dict[int, float]:
    """
    :param model: ``mujoco.MjModel``
    :param data: ``mujoco.MjData``, whose kinematics are up to date
    :return: z in m of the deepest point of each geom that can touch the ground, by its index
    """
    solid = np.flatnonzero((model.geom_contype != 0) & (model.geom_bodyid != 0)).tolist()
    return {g: float(data.geom_xpos[g, 2]) - _depth(model, g, data.geom_xmat[g].reshape(3, 3)[2]) for g in solid}


def _depth(model: Any, geom: int, up: np.ndarray) -> float:
    """
    Of a geom below its centre.

    :param up: the world's z axis along the geom's own axes
    """
    kind, size = _TYPES(model.geom_type[geom]), model.geom_size[geom]
    if kind == _TYPES.mjGEOM_SPHERE:
        return float(size[0])
    if kind == _TYPES.mjGEOM_CAPSULE:
        return float(size[0] + size[1] * abs(up[2]))
    if kind == _TYPES.mjGEOM_ELLIPSOID:
        return float(np.linalg.norm(size * up))
    if kind == _TYPES.mjGEOM_CYLINDER:
        return float(size[0] * np.hypot(up[0], up[1]) + size[1] * abs(up[2]))
    if kind == _TYPES.mjGEOM_MESH:
        mesh = model.geom_dataid[geom]
        start = model.mesh_vertadr[mesh]
        return float(-(model.mesh_vert[start : start + model.mesh_vertnum[mesh]] @ up).min())
    return float(size @ abs(up))
