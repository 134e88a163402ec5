"""Which physical quantities the terms of Isaac Lab's managers are, by the functions and classes that make them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

#: Kinds of :class:`~sb3_memaug.symmetry.Term` in a row, by module and name, so that nothing of Isaac Lab is imported.
_KINDS: dict[str, tuple[str, ...]] = {}
#: Of grids, where no sensor tells it.
_SHAPES: dict[str, tuple[int, int]] = {}


def register_kinds(maker: Callable[..., Any] | str, *kinds: str, shape: tuple[int, int] | None = None) -> None:
    """
    Tell how a reflection acts on the terms that a function or a class makes; what is told last counts.

    >>> def target(env):
    ...     return env.target_in_the_base_frame
    >>> register_kinds(target, "xy")

    Kinds about joints are about those of the term's ``asset_cfg``, kinds about feet and bodies about the bodies of its
    ``asset_cfg`` or ``sensor_cfg``. For a command the class of its term is told. For an action, the class of its term
    and the kind of what it sets: ``"joint_positions"``, or ``"joints"`` for changes, velocities and torques.

    A scan is a ``"grid"``: how many points it has along x and y, and in which order, is told by the rays of the term's
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
