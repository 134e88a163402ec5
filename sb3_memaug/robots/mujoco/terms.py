"""What the observations and actions of Gymnasium's MuJoCo environments are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym

from sb3_memaug.symmetry import PLANES, Term, read_geometry

#: Numbers that a free joint has in ``qpos`` and in ``qvel``.
_FREE_POSITION = (("base_position", "vector", 3), ("base_orientation", "quaternion_wxyz", 4))
_FREE_VELOCITY = (("base_linear_velocity", "vector", 3), ("base_angular_velocity", "axial_vector", 3))


def gymnasium_observation_terms(env: gym.Env) -> tuple[Term, ...] | None:
    """
    The layout that the environments of version 5 tell in their attribute ``observation_structure``: positions,
    velocities, and what Ant and Humanoid add of inertias, velocities and forces.

    :param env: any environment
    :return: the terms of its observation, or None where it is no Gymnasium MuJoCo environment that declares them
    """
    inner = env.unwrapped
    model: Any = getattr(inner, "model", None)
    if type(model).__name__ != "MjModel":
        return None
    if type(inner).__name__ == "InvertedDoublePendulumEnv":
        return _double_pendulum(model)
    structure: Mapping[str, int] | None = getattr(inner, "observation_structure", None)
    if structure is None:
        return None
    bodies = body_names(model)
    driven = [term for term in _velocities(model) if term.kind == "joints"]
    terms: list[Term] = []
    for what, size in structure.items():
        if what == "qpos":
            terms += _positions(model, structure.get("skipped_qpos", 0))
        elif what == "qvel":
            terms += _velocities(model)
        elif what == "qfrc_actuator" and size:
            terms += [Term("joint_torques", "joints", term.size, term.names) for term in driven]
        elif what in ("cvel", "cfrc_ext") and size:
            name = {"cvel": "body_velocities", "cfrc_ext": "contact_forces"}[what]
            terms.append(Term(name, "spatial_vectors", 6 * len(bodies), bodies))
        elif what == "cinert" and size:
            terms.append(Term("body_inertias", "inertias", 10 * len(bodies), bodies))
        elif what != "skipped_qpos" and size:
            return None
    return tuple(terms)


def mujoco_action_terms(env: gym.Env) -> tuple[Term, ...] | None:
    """
    :param env: any environment
    :return: the terms of its action where that is the control of a MuJoCo model, actuator by actuator, else None
    """
    model: Any = getattr(env.unwrapped, "model", None)
    if type(model).__name__ != "MjModel" or env.action_space.shape != (model.nu,):
        return None
    names = actuator_names(model)
    # Of what drives a tendon or a body no mirror image is known.
    return (Term("controls", "actuators", len(names), names),) if len(names) == model.nu else None


def task_reflections(env: gym.Env, reflections: Mapping[str, Any]) -> dict[str, Any]:
    """
    Those of a robot's reflections that its task has as well: who is rewarded for running ahead cannot run backwards.

    :param env: any environment
    :param reflections: of its robot, by the names of their mirrors
    :return: those that do not turn what Gymnasium's tasks reward round
    """
    if not hasattr(env.unwrapped, "_forward_reward_weight"):
        return dict(reflections)
    return {name: reflection for name, reflection in reflections.items() if PLANES[reflection.plane][0] > 0}


def actuator_names(model: Any) -> tuple[str, ...]:
    """
    :param model: ``mujoco.MjModel``
    :return: name of each actuator of its robot's joints
    """
    return tuple(actuator.name for actuator in read_geometry(model).actuators)


def body_names(model: Any) -> tuple[str, ...]:
    """
    :param model: ``mujoco.MjModel``
    :return: name of each body but the world
    """
    return _names(model, "body", model.nbody)[1:]


def _names(model: Any, what: str, count: int) -> tuple[str, ...]:
    return tuple(getattr(model, what)(i).name or f"{what}_{i}" for i in range(count))


def _positions(model: Any, skipped: int) -> list[Term]:
    """Of all joints but the first numbers, of a free joint's position what is left."""
    terms = _terms(model, _FREE_POSITION, "joint_positions")
    while skipped:
        first, *terms = terms
        if first.kind == "joint_positions":
            names = first.names[skipped:]
            terms = [Term(first.name, first.kind, len(names), names), *terms] if names else terms
            skipped = max(0, skipped - first.size)
        elif (first.kind, skipped) == ("vector", 2):
            terms, skipped = [Term("base_height", "scalar", 1), *terms], 0
        else:
            raise ValueError(f"expected an observation without the base's x and y, got one without {skipped} numbers")
    return terms


def _velocities(model: Any) -> list[Term]:
    return _terms(model, _FREE_VELOCITY, "joints")


def _terms(model: Any, free: Sequence[tuple[str, str, int]], kind: str) -> list[Term]:
    """Joint by joint, those in a row in one term."""
    terms: list[Term] = []
    row: list[str] = []

    def close_row() -> None:
        if row:
            name = "joint_positions" if kind == "joint_positions" else "joint_velocities"
            terms.append(Term(name, kind, len(row), tuple(row)))
            row.clear()

    for i, name in enumerate(_names(model, "joint", model.njnt)):
        joint_type = int(model.jnt_type[i])
        if joint_type == 0:
            close_row()
            terms += [Term(*numbers) for numbers in free]
        elif joint_type == 1:
            raise ValueError(f"expected hinges and slides, got the ball joint {name!r}: pass MirrorSpec your own terms")
        else:
            row.append(name)
    close_row()
    return terms


def _double_pendulum(model: Any) -> tuple[Term, ...]:
    slider, *hinges = _names(model, "joint", model.njnt)
    return (
        Term("cart_position", "joint_positions", 1, (slider,)),
        Term("sines", "joints", len(hinges), tuple(hinges)),
        Term("cosines", "scalar", len(hinges)),
        Term("joint_velocities", "joints", 1 + len(hinges), (slider, *hinges)),
        Term("constraint_force", "joints", 1, (slider,)),
    )
