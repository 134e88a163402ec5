"""The symmetry group of an environment, and the scales, offsets and ranges that would break it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sb3_memaug.symmetry import Reflection, SignedPermutation, SymmetryGroup, Term, derive_symmetry, group_of_terms
from sb3_memaug.symmetry.terms import vector_transform

from .terms import Rays, action_terms, kinds_of, observation_terms, observed_terms, rays_of


def refuse_asymmetric_observations(env: Any, groups: Sequence[str], reflections: Mapping[str, Reflection]) -> None:
    """
    :param env: ``isaaclab.envs.ManagerBasedRLEnv``, wrapped or not
    :param groups: of observations
    :param reflections: of the robot, by the names of their mirrors
    :raises ValueError: if a scale, a clipping range or the rays of a scan are not their own mirror image
    """
    for one in (term for group in groups for term in observed_terms(env, group)):
        rays = rays_of(env.unwrapped, one.cfg.params)
        for mirror, reflection in reflections.items():
            map_ = vector_transform(one.terms, reflection)
            what = f"the observation {one.name} under the mirror {mirror!r}"
            assert isinstance(map_, SignedPermutation)
            if one.cfg.clip is not None:
                low, high = one.cfg.clip
                _check_range(map_, np.full(map_.size, low), np.full(map_.size, high), what)
            if one.cfg.scale is not None:
                _check_scale(map_, _row(one.cfg.scale, map_.size), what)
            if rays is not None and [term.kind for term in one.terms] in (["grid"], ["transposed_grid"]):
                _check_rays(map_, rays, reflection, what)


def refuse_asymmetric_actions(env: Any, reflections: Mapping[str, Reflection]) -> None:
    """
    :param env: ``isaaclab.envs.ManagerBasedRLEnv``, wrapped or not
    :param reflections: of the robot, by the names of their mirrors
    :raises ValueError: if the scale, the offset or the clipping range of an action is not its own mirror image
    """
    manager = env.unwrapped.action_manager
    for name in manager.active_terms:
        term = manager.get_term(name)
        (kind,) = kinds_of(term) or ()
        joints = tuple(term._joint_names)
        for mirror, reflection in reflections.items():
            what = f"the action {name!r} under the mirror {mirror!r}"
            target = Term(name, kind, len(joints), joints).transform(reflection)
            assert isinstance(target, SignedPermutation)
            _check_scale(reflection.joint_map(joints), _row(term._scale, target.size), what)
            offset = _row(term._offset, target.size)
            if not np.allclose(target.apply(offset), offset, atol=1e-5):
                raise ValueError(f"{what}: the targets {offset} of the action 0 are not their own mirror image")
            if term.cfg.clip is not None:
                low, high = (term._clip[0, :, i].cpu().double().numpy() for i in (0, 1))
                _check_range(target, low, high, what)


def _row(value: Any, size: int) -> np.ndarray:
    """A number, one for each entry, or those of each environment, which are the same."""
    array = np.asarray(value.cpu() if hasattr(value, "cpu") else value, dtype=np.float64)
    return np.broadcast_to(array[0] if array.ndim > 1 else array, (size,))


def _check_scale(map_: SignedPermutation, scale: np.ndarray, what: str) -> None:
    offset = np.zeros(map_.size) if map_.offset is None else np.array(map_.offset)
    if not np.allclose(scale[list(map_.permutation)], scale) or not np.allclose(scale * offset, offset):
        raise ValueError(
            f"{what}: the scale {scale} is not its own mirror image. Give partners the same scale, and absolute "
            "positions none"
        )


def _check_rays(map_: SignedPermutation, rays: Rays, reflection: Reflection, what: str) -> None:
    if rays.body is not None and reflection.bodies.get(rays.body, rays.body) != rays.body:
        raise ValueError(
            f"{what}: its sensor hangs on {rays.body}, which is not its own mirror image: put it on the base"
        )
    if map_.size != len(rays.starts):
        raise ValueError(f"{what}: it has {map_.size} points, but its sensor casts {len(rays.starts)} rays")
    partners = list(map_.permutation)
    # Whatever their height: all start at the same.
    if not np.allclose(rays.starts[partners, :2], rays.starts[:, :2] * reflection.axes[:2], atol=1e-4):
        raise ValueError(
            f"{what}: the points where its sensor's rays start are not their own mirror image, or listed in another "
            "order. Let the grid's `size` be a multiple of its `resolution`, and its `offset` leave it centred"
        )
    if not np.allclose(rays.directions[partners], rays.directions * reflection.axes, atol=1e-4):
        raise ValueError(f"{what}: the directions of its sensor's rays are not their own mirror image")


def _check_range(map_: SignedPermutation, low: np.ndarray, high: np.ndarray, what: str) -> None:
    ends = map_.apply(low), map_.apply(high)
    if not np.allclose(np.minimum(*ends), low) or not np.allclose(np.maximum(*ends), high):
        raise ValueError(f"{what}: the clipping range from {low} to {high} is not its own mirror image")


def isaaclab_symmetry_group(
    env: Any, groups: Sequence[str] = ("policy",), mirrors: Sequence[str] | None = None, **derivation: Any
) -> SymmetryGroup:
    """
    The mirrors of a manager-based environment: what each term of its observations and actions is, is known by the
    function that makes it (:func:`~sb3_memaug.envs.isaaclab.terms.register_kinds`), and the reflections are
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
