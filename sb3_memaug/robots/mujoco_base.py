"""Which of the bodies of a MuJoCo model is the base of its robot."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

_TO_JOINT = (int(mujoco.mjtTrn.mjTRN_JOINT), int(mujoco.mjtTrn.mjTRN_JOINTINPARENT))
#: Transmissions to sites; those of a crank and of a site that is held up against another one name two.
_TO_SITE = (int(mujoco.mjtTrn.mjTRN_SITE), int(mujoco.mjtTrn.mjTRN_SLIDERCRANK))


def base_joint(model: Any) -> int:
    """
    :param model: ``mujoco.MjModel`` with joints
    :return: the first joint of the kinematic tree in which actuators drive most joints: what lies about has none. Of
        several, of one that has hinges or slides, of one that floats, and then of that with most joints
    """
    trees = model.body_rootid[model.jnt_bodyid]
    n_driven = np.zeros(model.nbody)
    for tree, count in driven_trees(model).items():
        n_driven[tree] = count
    scalar = np.isin(model.jnt_type, (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE))
    bends = np.bincount(trees[scalar], minlength=model.nbody) > 0
    n_joints = np.bincount(trees, minlength=model.nbody)
    floats = model.jnt_type == mujoco.mjtJoint.mjJNT_FREE
    return max(
        range(model.njnt), key=lambda j: (n_driven[trees[j]], bends[trees[j]], floats[j], n_joints[trees[j]], -j)
    )


def driven_trees(model: Any) -> dict[int, int]:
    """
    :param model: ``mujoco.MjModel``
    :return: first body of each kinematic tree that has motors, and how many joints, sites and bodies they drive
    """
    moving = set(model.body_rootid[model.jnt_bodyid].tolist())
    driven: dict[int, set[tuple[int, int]]] = {}
    for i in range(getattr(model, "nactuator", model.nu)):
        for what in _driven(model, i):
            tree = int(model.body_rootid[what[0]])
            if tree in moving:
                driven.setdefault(tree, set()).add(what)
    return {tree: len(parts) for tree, parts in driven.items()}


def driven_bodies(model: Any, actuator: int) -> list[int]:
    """
    :param model: ``mujoco.MjModel``
    :param actuator: index of an actuator
    :return: the bodies that it moves
    """
    return [body for body, _ in _driven(model, actuator)]


def _driven(model: Any, i: int) -> list[tuple[int, int]]:
    """Body and joint of what an actuator acts on; -1 for what is no joint."""
    kind, target = int(model.actuator_trntype[i]), int(model.actuator_trnid[i, 0])
    if kind in _TO_JOINT:
        return [(int(model.jnt_bodyid[target]), target)]
    if kind in _TO_SITE:
        return [(int(model.site_bodyid[target]), -1)]
    if kind == mujoco.mjtTrn.mjTRN_BODY:
        return [(target, -1)]
    if kind != mujoco.mjtTrn.mjTRN_TENDON:
        return []
    wraps = slice(int(model.tendon_adr[target]), int(model.tendon_adr[target] + model.tendon_num[target]))
    found = []
    for wrap, part in zip(model.wrap_type[wraps].tolist(), model.wrap_objid[wraps].tolist(), strict=True):
        if wrap == mujoco.mjtWrap.mjWRAP_JOINT:
            found.append((int(model.jnt_bodyid[part]), part))
        elif wrap == mujoco.mjtWrap.mjWRAP_SITE:
            found.append((int(model.site_bodyid[part]), -1))
    return found
