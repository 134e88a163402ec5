"""Observations and actions of Isaac Lab's managers as terms: which physical quantities they are, and of which parts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from sb3_memaug.symmetry import Term
from sb3_memaug.symmetry.terms import default_size

#: Kinds of :class:`~sb3_memaug.symmetry.Term` in a row, by module and name, so that nothing of Isaac Lab is imported.
_KINDS: dict[str, tuple[str, ...]] = {}
#: Of grids, where there is no sensor to read it from.
_SHAPES: dict[str, tuple[int, int]] = {}


def register_kinds(maker: Callable[..., Any] | str, *kinds: str, shape: tuple[int, int] | None = None) -> None:
    """
    Declare how a reflection acts on the terms that a function or a class makes; the last declaration counts.

    >>> def target(env):
    ...     return env.target_in_the_base_frame
    >>> register_kinds(target, "xy")

    Kinds about joints are about those of the term's ``asset_cfg``, kinds about feet and bodies about the bodies of its
    ``asset_cfg`` or ``sensor_cfg``. For a command the class of its term is given. For an action, the class of its term
    and the kind of what it sets: ``"joint_positions"``, or ``"joints"`` for changes, velocities and torques.

    A scan is a ``"grid"``: its points along x and y, and their order, follow from the rays of the term's
    ``sensor_cfg``; where it has no such sensor, by ``shape`` and the kind ``"grid"`` or ``"transposed_grid"``.

    :param maker: an observation's function or class, the class of a command or an action; or ``"module:name"``
    :param kinds: as in the table of :class:`~sb3_memaug.symmetry.Term`: one kind for all entries, or several in a row
    :param shape: of a grid, the numbers of its points along x and along y
    """
    key = maker if isinstance(maker, str) else address(maker)
    _KINDS[key] = kinds
    _SHAPES.pop(key, None)
    if shape is not None:
        _SHAPES[key] = (int(shape[0]), int(shape[1]))


def kinds_of(maker: Any) -> tuple[str, ...] | None:
    """
    :param maker: a function, a class, or an object of a class
    :return: what was registered of it or of a class that it descends from, None if nothing was
    """
    key = _registered(maker)
    return None if key is None else _KINDS[key]


def shape_of(maker: Any) -> tuple[int, int] | None:
    """
    :param maker: a function, a class, or an object of a class
    :return: the shape that was registered with its kinds, None if none was
    """
    return _SHAPES.get(_registered(maker) or "")


def _registered(maker: Any) -> str | None:
    """Address of a function, or of the first class that something was registered of."""
    makers: tuple[Any, ...] = (maker,)
    if not inspect.isroutine(maker):
        makers = inspect.getmro(maker if inspect.isclass(maker) else type(maker))
    return next((address(kind) for kind in makers if address(kind) in _KINDS), None)


def address(maker: Any) -> str:
    """
    :param maker: a function or a class, or an object of a class
    :return: where it comes from, as ``"module:name"``
    """
    if not inspect.isroutine(maker) and not inspect.isclass(maker):
        maker = type(maker)
    return f"{maker.__module__}:{maker.__qualname__}"


for _name, _kind in (
    ("base_pos_z", "scalar"),
    ("base_lin_vel", "vector"),
    ("base_ang_vel", "axial_vector"),
    ("projected_gravity", "vector"),
    # The world's axes are mirrored with the robot.
    ("root_pos_w", "vector"),
    ("root_quat_w", "quaternion_xyzw"),
    ("root_lin_vel_w", "vector"),
    ("root_ang_vel_w", "axial_vector"),
    ("joint_pos", "joint_positions"),
    ("joint_pos_rel", "joints"),
    ("joint_pos_limit_normalized", "joints"),
    ("joint_vel", "joints"),
    ("joint_vel_rel", "joints"),
    ("joint_effort", "joints"),
    ("last_action", "action"),
    ("current_time_s", "scalar"),
    ("remaining_time_s", "scalar"),
    ("height_scan", "grid"),
):
    register_kinds(f"isaaclab.envs.mdp.observations:{_name}", _kind)
for _name, _kind in (
    ("JointPositionAction", "joint_positions"),
    ("RelativeJointPositionAction", "joints"),
    ("JointVelocityAction", "joints"),
    ("JointEffortAction", "joints"),
):
    register_kinds(f"isaaclab.envs.mdp.actions.joint_actions:{_name}", _kind)
register_kinds("isaaclab.envs.mdp.commands.velocity_command:UniformVelocityCommand", "xy", "pseudoscalar")
register_kinds("isaaclab.envs.mdp.commands.pose_2d_command:UniformPose2dCommand", "vector", "pseudoscalar")


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


#: m, by which points of a row may differ.
SAME = 1e-4


class Rays(NamedTuple):
    """
    In the frame that they are cast in, in the order of the scan.

    :param starts: in m, (rays, 3)
    :param directions: (rays, 3)
    :param body: that carries the sensor, None if that is no body of the robot
    """

    starts: np.ndarray
    directions: np.ndarray
    body: str | None


def rays_of(env: Any, params: Mapping[str, Any]) -> Rays | None:
    """
    :param env: ``isaaclab.envs.ManagerBasedRLEnv``
    :param params: of an observation's term
    :return: the rays of its ``sensor_cfg``; None if it has none, or that sensor casts no rays
    """
    chosen = params.get("sensor_cfg")
    sensor: Any = None if chosen is None else env.scene.sensors[chosen.name]
    if sensor is None or not hasattr(sensor, "ray_starts"):
        return None
    # Offsets are part of them. All environments have the same.
    starts, directions = (rays.torch[0].double().cpu().numpy() for rays in (sensor.ray_starts, sensor.ray_directions))
    bodies = env.scene["robot"].body_names
    carriers = [part for part in sensor.cfg.prim_path.split("/") if part in bodies]
    return Rays(starts, directions, carriers[-1] if carriers else None)


def grid_of(rays: Rays) -> tuple[str, tuple[int, int]] | None:
    """
    :param rays: of a sensor
    :return: the kind of its term and the numbers of points along x and y; None if they are no grid
    """
    x, y = rays.starts[:, 0], rays.starts[:, 1]
    shape = (_distinct(x), _distinct(y))
    if shape[0] * shape[1] != len(x):
        return None
    for kind, (x_grid, y_grid) in (
        ("grid", (x.reshape(shape), y.reshape(shape))),
        ("transposed_grid", (x.reshape(shape[::-1]).T, y.reshape(shape[::-1]).T)),
    ):
        if np.ptp(x_grid, axis=1).max() < SAME and np.ptp(y_grid, axis=0).max() < SAME:
            return kind, shape
    return None


def _distinct(numbers: np.ndarray) -> int:
    return int((np.diff(np.sort(numbers)) > SAME).sum()) + 1
