"""What the observation and action managers of an Isaac Lab environment list, as physical terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sb3_memaug.symmetry import Term
from sb3_memaug.symmetry.terms import default_size

from .ray_grid import grid_of, rays_of
from .term_kinds import address, kinds_of, shape_of

_ABOUT_JOINTS = ("joints", "joint_positions")
_GRIDS = ("grid", "transposed_grid")
_ABOUT_BODIES = ("feet", "feet_vectors", "bodies", "spatial_vectors")


class ObservedTerm(NamedTuple):
    """
    :param name: as ``group/term``
    :param key: of the observation that it is part of
    :param cfg: ``isaaclab.managers.ObservationTermCfg``
    :param terms: what it is made of, at one time
    :param times: how many of its past values are observed
    """

    name: str
    key: str
    cfg: Any
    terms: tuple[Term, ...]
    times: int


def observation_terms(env: Any, groups: Sequence[str]) -> dict[str, tuple[Term, ...]]:
    """
    :param env: ``isaaclab.envs.ManagerBasedRLEnv``, wrapped or not
    :param groups: of observations
    :return: the terms of each key of the observation, as
        :class:`~sb3_memaug.envs.isaaclab.vec_env.IsaacLabVecEnv` calls them
    :raises ValueError: if it is not known what a term is
    """
    found: dict[str, tuple[Term, ...]] = {}
    for group in groups:
        observed = list(observed_terms(env, group))
        if env.unwrapped.observation_manager._group_obs_time_major[group]:
            # The group's history is one of all its terms together, oldest first.
            found[group] = tuple(term for one in observed for term in one.terms) * observed[0].times
            continue
        for one in observed:
            found[one.key] = found.get(one.key, ()) + one.terms * one.times
    return found


def observed_terms(env: Any, group: str) -> Iterator[ObservedTerm]:
    """
    :param env: ``isaaclab.envs.ManagerBasedRLEnv``, wrapped or not
    :param group: of observations
    :return: its terms, in order
    :raises ValueError: if it is not known what one is
    """
    env = env.unwrapped
    manager = env.observation_manager
    cfgs = manager._group_obs_term_cfgs[group]
    for term, shape, cfg in zip(manager.active_terms[group], manager.group_obs_term_dim[group], cfgs, strict=True):
        name, times = f"{group}/{term}", max(1, cfg.history_length)
        if len(shape) != 1:
            raise ValueError(
                f"expected vectors, got the observation {name} of the shape {shape}: leave out images, and give terms "
                "with a history `flatten_history_dim=True`"
            )
        kinds = _kinds_of_observation(env, cfg, name)
        key = group if manager.group_obs_concatenate[group] else name
        yield ObservedTerm(name, key, cfg, _terms(env, name, kinds, cfg, shape[0] // times), times)


def action_names(env: Any, only: str | None = None) -> tuple[str, ...]:
    """
    :param env: ``isaaclab.envs.ManagerBasedRLEnv``, wrapped or not
    :param only: name of one term
    :return: the joints that actions set, in order
    :raises ValueError: if a term sets something else
    """
    manager = env.unwrapped.action_manager
    names: list[str] = []
    for name in manager.active_terms if only is None else [only]:
        term = manager.get_term(name)
        if kinds_of(term) is None or len(term._joint_names) != term.action_dim:
            raise ValueError(
                f"the action {name!r} is of the class {address(term)}, of which nobody has said what it sets: if that "
                "is a joint for each entry, say so by register_kinds, else pass the algorithm your own `symmetry`"
            )
        names += term._joint_names
    return tuple(names)


def action_terms(env: Any) -> tuple[Term, ...]:
    """
    :param env: ``isaaclab.envs.ManagerBasedRLEnv``, wrapped or not
    :return: the terms of its action
    :raises ValueError: if it is not known what one sets
    """
    names = action_names(env)
    return (Term("actions", "action", len(names), names),)


def _kinds_of_observation(env: Any, cfg: Any, name: str) -> tuple[str, ...]:
    maker, what = cfg.func, "made by"
    if address(maker) == "isaaclab.envs.mdp.observations:generated_commands":
        maker, what = env.command_manager.get_term(cfg.params["command_name"]), "the command"
    kinds = kinds_of(maker)
    if kinds is None:
        raise ValueError(
            f"the observation {name} is {what} {address(maker)}, of which nobody has said how it looks in the mirror: "
            "say so by register_kinds, leave it out, or pass the algorithm your own `symmetry`"
        )
    return kinds


def _terms(env: Any, name: str, kinds: Sequence[str], cfg: Any, size: int) -> tuple[Term, ...]:
    terms = []
    for told in kinds:
        names = _names(env, told, cfg.params, name)
        kind, shape = _grid(env, told, cfg, name) if told in _GRIDS else (told, ())
        entries = size if len(kinds) == 1 and not names and not shape else default_size(kind, names, shape)
        terms.append(Term(name, kind, entries, names, shape))
    made = sum(term.size for term in terms)
    if made != size:
        raise ValueError(f"the observation {name} has {size} entries, but the kinds {list(kinds)} make {made}")
    return tuple(terms)


def _grid(env: Any, told: str, cfg: Any, name: str) -> tuple[str, tuple[int, int]]:
    """Kind and shape of a scan: as registered, else as the rays of its sensor are arranged."""
    shape = shape_of(cfg.func)
    if shape is not None:
        return told, shape
    rays = rays_of(env, cfg.params)
    if rays is None:
        raise ValueError(
            f"the observation {name} is a {told}, but the parameters of {address(cfg.func)} name no `sensor_cfg` that "
            "casts rays: tell register_kinds its `shape`, the numbers of its points along x and along y"
        )
    found = grid_of(rays)
    if found is None:
        raise ValueError(
            f"the observation {name} is told to be a {told}, but the {len(rays.starts)} rays of its sensor "
            f"{cfg.params['sensor_cfg'].name!r} start at no grid of points along x and y: give it a GridPatternCfg, "
            "leave it out, or pass the algorithm your own `symmetry`"
        )
    return found


def _names(env: Any, kind: str, params: dict[str, Any], name: str) -> tuple[str, ...]:
    if kind == "action":
        return action_names(env, params.get("action_name"))
    entity = params.get("asset_cfg") or params.get("sensor_cfg")
    asset = "robot" if entity is None else entity.name
    if kind in _ABOUT_JOINTS:
        listed, chosen = env.scene[asset].joint_names, getattr(entity, "joint_ids", slice(None))
    elif kind in _ABOUT_BODIES:
        listed, chosen = env.scene[asset].body_names, getattr(entity, "body_ids", slice(None))
    else:
        return ()
    indices = range(len(listed))[chosen] if isinstance(chosen, slice) else [int(i) for i in chosen]
    return tuple(listed[i] for i in indices)
