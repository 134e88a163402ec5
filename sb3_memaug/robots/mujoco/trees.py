"""Which kinematic trees of a MuJoCo model are the robot, which body is its base, and what lies beside it."""

from __future__ import annotations

from dataclasses import dataclass
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


_CONNECT, _WELD = int(mujoco.mjtEq.mjEQ_CONNECT), int(mujoco.mjtEq.mjEQ_WELD)
_JOINT, _TENDON = int(mujoco.mjtEq.mjEQ_JOINT), int(mujoco.mjtEq.mjEQ_TENDON)


@dataclass(frozen=True)
class RobotTrees:
    """
    :param base: the body that is the robot's base; 0, the world, for one that stands fast
    :param roots: first bodies of the trees that are the robot: of a floating base its own; else those on the world that
        have motors, and bodies on the world that do not move
    :param attached: first bodies of floating trees that equalities or tendons hold to the robot, in an order in which
        each is held to those before it; for each the equality, or -1
    :param aside: first bodies of all other trees that move
    """

    base: int
    roots: frozenset[int]
    attached: dict[int, int]
    aside: tuple[int, ...]


def robot_trees(model: Any) -> RobotTrees:
    """
    The trees that have motors, and those that are coupled to them. What else lies about, as a free cube, a rope or a
    door, is no part of the robot: where it is, is state.

    :param model: ``mujoco.MjModel``
    :return: its trees
    """
    roots = model.body_rootid
    moving = set(roots[model.jnt_bodyid].tolist())
    mocap = set(np.flatnonzero(model.body_mocapid >= 0).tolist())
    still = set(np.unique(roots).tolist()) - moving - mocap
    free = set(model.jnt_bodyid[model.jnt_type == mujoco.mjtJoint.mjJNT_FREE].tolist())
    base = int(model.jnt_bodyid[base_joint(model)]) if moving else 0
    if base not in free:
        base = 0
    if base:
        seeds, candidates = {base}, free
    else:
        # A robot whose motors are declared elsewhere has joints that motors could drive.
        scalar = np.isin(model.jnt_type, (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE))
        seeds = (set(driven_trees(model)) or set(roots[model.jnt_bodyid[scalar]].tolist())) - free
        seeds, candidates = (seeds or moving - free), moving
    found, attached = set(seeds), {}
    links = _links(model)
    queue = sorted(found)
    for tree in queue:
        for other, equality in links.get(tree, ()):
            if other not in found and other in candidates:
                found.add(other)
                queue.append(other)
                if other in free:
                    attached[other] = equality
    robot = found - set(attached)
    aside = sorted((moving - found) | (mocap & set(roots.tolist())))
    return RobotTrees(base, frozenset(robot if base else robot | still), attached, tuple(aside))


def bodies_held(model: Any, equality: int) -> tuple[int, int] | None:
    """
    :param model: ``mujoco.MjModel``
    :param equality: index of an equality constraint
    :return: the two bodies that it holds together; None where it is about something else
    """
    if int(model.eq_type[equality]) not in (_CONNECT, _WELD):
        return None
    first, second = int(model.eq_obj1id[equality]), int(model.eq_obj2id[equality])
    if holds_sites(model, equality):
        return int(model.site_bodyid[first]), int(model.site_bodyid[second])
    return first, second


def holds_sites(model: Any, equality: int) -> bool:
    """
    :param model: ``mujoco.MjModel``
    :param equality: index of an equality constraint
    :return: whether it holds sites together; older versions of MuJoCo only hold bodies together
    """
    kinds = getattr(model, "eq_objtype", None)
    return kinds is not None and int(kinds[equality]) == int(mujoco.mjtObj.mjOBJ_SITE)


def tendon_joints(model: Any, tendon: int) -> list[int] | None:
    """
    :param model: ``mujoco.MjModel``
    :param tendon: index of a tendon
    :return: the joints whose positions it adds up; None for one that runs through space
    """
    wraps = slice(int(model.tendon_adr[tendon]), int(model.tendon_adr[tendon] + model.tendon_num[tendon]))
    if (model.wrap_type[wraps] != mujoco.mjtWrap.mjWRAP_JOINT).any():
        return None
    return [int(joint) for joint in model.wrap_objid[wraps]]


def tendon_bodies(model: Any, tendon: int) -> list[int]:
    """
    :param model: ``mujoco.MjModel``
    :param tendon: index of a tendon
    :return: the bodies at which it pulls
    """
    bodies = []
    for w in range(int(model.tendon_adr[tendon]), int(model.tendon_adr[tendon] + model.tendon_num[tendon])):
        kind, i = int(model.wrap_type[w]), int(model.wrap_objid[w])
        if kind == mujoco.mjtWrap.mjWRAP_JOINT:
            bodies.append(int(model.jnt_bodyid[i]))
        elif kind == mujoco.mjtWrap.mjWRAP_SITE:
            bodies.append(int(model.site_bodyid[i]))
        elif kind in (mujoco.mjtWrap.mjWRAP_SPHERE, mujoco.mjtWrap.mjWRAP_CYLINDER):
            bodies.append(int(model.geom_bodyid[i]))
    return bodies


def _links(model: Any) -> dict[int, list[tuple[int, int]]]:
    """Trees that are coupled, each with the equality that does it; -1 for a tendon."""
    together: list[tuple[set[int], int]] = []
    for e in range(model.neq):
        if not model.eq_active0[e]:
            continue
        held, kind = bodies_held(model, e), int(model.eq_type[e])
        first, second = int(model.eq_obj1id[e]), int(model.eq_obj2id[e])
        if held is not None:
            together.append((set(held), e))
        elif kind == _JOINT and second >= 0:
            together.append(({int(model.jnt_bodyid[first]), int(model.jnt_bodyid[second])}, e))
        elif kind == _TENDON and second >= 0:
            together.append(({*tendon_bodies(model, first), *tendon_bodies(model, second)}, e))
    together += [(set(tendon_bodies(model, t)), -1) for t in range(model.ntendon)]
    links: dict[int, list[tuple[int, int]]] = {}
    for bodies, equality in together:
        # What is held to the world is not held to all else that is.
        trees = {int(model.body_rootid[body]) for body in bodies} - {0}
        for tree in trees:
            links.setdefault(tree, []).extend((other, equality) for other in sorted(trees - {tree}))
    return links
