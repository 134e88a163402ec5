"""The geometry of a robot in Isaac Lab, where Newton simulates it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from sb3_memaug.robots.newton.geometry import leaf, newton_geometry
from sb3_memaug.symmetry.derivation.geometry import Actuator, RobotGeometry


def read_isaaclab(robot: Any) -> RobotGeometry | None:
    """
    :param robot: anything
    :return: its geometry if it is an articulation of Isaac Lab or an environment that has one, else None
    """
    env = getattr(robot, "unwrapped", robot)
    if _is_one_of(env, "ManagerBasedEnv", "DirectRLEnv", "DirectMARLEnv"):
        return isaaclab_geometry(_robot_of(env.scene.articulations))
    return isaaclab_geometry(robot) if _is_one_of(robot, "BaseArticulation") else None


def isaaclab_geometry(articulation: Any) -> RobotGeometry:
    """
    A robot as its file and its configuration describe it in the first environment: before events at startup or at a
    reset give every environment other masses, centres of mass and gains.

    Joints and bodies have the names that Isaac Lab gives them, actuators those of their joints, in the order of
    ``articulation.joint_names``. The pose ``"default"`` is that of ``articulation.cfg.init_state``.

    :param articulation: ``isaaclab.assets.Articulation``
    :return: the robot, as by :func:`~sb3_memaug.robots.newton.geometry.newton_geometry`
    :raises ValueError: if Newton does not simulate it, or not yet
    """
    view: Any = getattr(articulation, "root_view", None)
    if not type(view).__module__.startswith("newton."):
        raise ValueError(
            "expected an Isaac Lab articulation that Newton simulates, in a simulation that has started, got "
            f"{type(articulation).__module__}.{type(articulation).__name__}: choose the physics preset newton_mjwarp, "
            "or give the URDF or MJCF file that the robot was made from"
        )
    simulation = import_module("isaaclab.sim").SimulationContext.instance()
    # Isaac Lab keeps what it made the model from, and events change the model alone.
    builder = simulation.get_or_create_backend(
        import_module("isaaclab_newton.physics").NewtonBuilderCfg(physics_cfg=simulation.cfg.physics)
    )
    geometry = newton_geometry(builder, int(view.articulation_ids.numpy()[0, 0]))
    names = articulation.joint_names
    settings = _settings(articulation.cfg.actuators.values(), names)
    known = {actuator.name: actuator for actuator in geometry.actuators}
    actuators = [known.get(name, Actuator(name, name)) for name in names if name in settings]
    return replace(
        geometry,
        name=leaf(articulation.cfg.prim_path),
        actuators=tuple(replace(a, properties={**a.properties, **settings[a.name]}) for a in actuators),
        poses={"default": _matching(articulation.cfg.init_state.joint_pos, names)},
    )


def _settings(groups: Iterable[Any], names: Iterable[str]) -> dict[str, dict[str, float]]:
    """All numbers in the configurations of actuators, by joint and by what they are."""
    found: dict[str, dict[str, float]] = {}
    for group in groups:
        for joint in _matching(dict.fromkeys(group.joint_names_expr), names):
            found[joint] = {}
            for what, setting in vars(group).items():
                value = _matching(setting, [joint]).get(joint) if isinstance(setting, dict) else setting
                if isinstance(value, int | float) and math.isfinite(value):
                    found[joint][what] = float(value)
    return found


def _matching(patterns: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """What regular expressions tell about names."""
    return {name: value for name in names for pattern, value in patterns.items() if re.fullmatch(pattern, name)}


def _robot_of(articulations: Mapping[str, Any]) -> Any:
    if "robot" in articulations:
        return articulations["robot"]
    if len(articulations) != 1:
        raise ValueError(
            f"expected a scene with a `robot` or with one articulation, got {list(articulations)}: give "
            "`env.unwrapped.scene[name]` instead"
        )
    return next(iter(articulations.values()))


def _is_one_of(thing: Any, *names: str) -> bool:
    """By names, so that Isaac Lab is not imported to find out that something else is not of its classes."""
    return any(kind.__module__.split(".")[0] == "isaaclab" and kind.__name__ in names for kind in type(thing).__mro__)
