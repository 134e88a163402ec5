"""How an environment of Isaac Lab looks in the mirror, by the terms of its managers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sb3_memaug.symmetry import Reflection, SymmetryGroup, Term, derive_symmetry, group_of_terms

from .asymmetric import refuse_asymmetric_actions, refuse_asymmetric_observations
from .manager_terms import action_terms, observation_terms


def isaaclab_symmetry_group(
    env: Any, groups: Sequence[str] = ("policy",), mirrors: Sequence[str] | None = None, **derivation: Any
) -> SymmetryGroup:
    """
    The mirrors of a manager-based environment: what each term of its observations and actions is, is known by the
    function that makes it (:func:`~sb3_memaug.envs.isaaclab.term_kinds.register_kinds`), and the reflections are
    derived from the robot that is simulated.

    :param env: ``isaaclab.envs.ManagerBasedRLEnv``, wrapped or not
    :param groups: of observations, as for :class:`~sb3_memaug.envs.isaaclab.vec_env.IsaacLabVecEnv`
    :param mirrors: names of the reflections that generate the group, by default all that the robot has
    :param derivation: more arguments of :func:`~sb3_memaug.symmetry.derive_symmetry`
    :return: the group
    :raises ValueError: if the robot has no such mirrors, a term is unknown, or a scale, an offset or a range is not its
        own mirror image
    """
    reflections = isaaclab_reflections(env, mirrors, **derivation)
    refuse_asymmetric_observations(env, groups, reflections)
    refuse_asymmetric_actions(env, reflections)
    terms: Mapping[str, Sequence[Term]] = observation_terms(env, groups)
    observation = terms if len(terms) > 1 else next(iter(terms.values()))
    return group_of_terms(reflections, observation, action_terms(env))


def isaaclab_reflections(env: Any, mirrors: Sequence[str] | None = None, **derivation: Any) -> dict[str, Reflection]:
    """
    The reflections of the articulation ``robot``, looked at in its default pose, from which observations and actions
    are measured.

    :param env: ``isaaclab.envs.ManagerBasedRLEnv``, wrapped or not
    :param mirrors: names of those that are wanted, by default all that the robot has
    :param derivation: more arguments of :func:`~sb3_memaug.symmetry.derive_symmetry`
    :return: the reflections by the names of their mirrors
    :raises ValueError: if the robot has none, or not those that are wanted
    """
    derived = derive_symmetry(env, **{"pose": "default", **derivation})
    held = derived.reflections
    chosen = list(held if mirrors is None else mirrors)
    if not chosen or set(chosen) - set(held):
        wanted = "a mirror" if mirrors is None else f"the mirrors {list(mirrors)}"
        raise ValueError(
            f"the robot does not have {wanted} in its default pose. Give `tolerances` that forgive what breaks it, or "
            f"pass the algorithm your own `symmetry`, or `symmetry=False`:\n{derived}"
        )
    return {name: held[name] for name in chosen}
