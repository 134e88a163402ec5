"""Which of the bodies of a MuJoCo model is the base of its robot."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np


def base_joint(model: Any) -> int:
    """
    :param model: ``mujoco.MjModel`` with joints
    :return: the first joint of the kinematic tree in which actuators drive most joints: what lies about has none. Of
        several, of one that floats, and then of that with most joints
    """
    trees = model.body_rootid[model.jnt_bodyid]
    drives = np.isin(model.actuator_trntype, (mujoco.mjtTrn.mjTRN_JOINT, mujoco.mjtTrn.mjTRN_JOINTINPARENT))
    driven = np.unique(model.actuator_trnid[drives, 0])
    n_driven = np.bincount(trees[driven], minlength=model.nbody)
    n_joints = np.bincount(trees, minlength=model.nbody)
    floats = model.jnt_type == mujoco.mjtJoint.mjJNT_FREE
    return max(range(model.njnt), key=lambda j: (n_driven[trees[j]], floats[j], n_joints[trees[j]], -j))
