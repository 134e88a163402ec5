"""The start of an episode: robot, command and disturbance, which can be copied to other environments and mirrored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import torch
from isaaclab.envs.mdp import UniformVelocityCommand

from sb3_memaug.symmetry import Term
from sb3_memaug.symmetry.terms import vector_transform

from .mdp.disturbance import disturbance_events
from .mdp.payload import hold_payloads
from .mdp.position import PolarPositionCommand
from .resets import decided

#: What a command keeps between steps, by the names of its tensors: the terms of each.
COMMANDS: dict[type, dict[str, tuple[Term, ...]]] = {
    UniformVelocityCommand: {
        "vel_command_b": (Term("velocity", "xy", 2), Term("yaw_rate", "pseudoscalar", 1)),
        "heading_target": (Term("heading", "pseudoscalar", 1),),
        "is_heading_env": (Term("has_heading", "scalar", 1),),
        "is_standing_env": (Term("stands", "scalar", 1),),
    },
    PolarPositionCommand: {"pos_command_w": (Term("target", "vector", 3),)},
}
#: Those of them that are places in the world.
PLACES = ("pos_command_w",)


class StartPart(NamedTuple):
    """Numbers of each environment.

    Attributes:
        terms: What they are.
        rows: The numbers, places about the environment's origin. Shape is (num_envs, size).
        write: Sets those of some environments, given rows and the indices of the environments.
    """

    terms: tuple[Term, ...]
    rows: torch.Tensor
    write: Callable[[torch.Tensor, torch.Tensor], None]


def start_parts(env: Any) -> list[StartPart]:
    """List what chance decides about an episode, as it is at present.

    Args:
        env: The environment, with ``reset_options``: a failure or a payload that these decide is none of chance's.

    Returns:
        The parts. The root's velocity is that of its centre of mass, which Isaac Lab's tasks observe.

    Raises:
        ValueError: If it is not known what a command keeps.
    """
    return [*_robot(env), *_commands(env), *_events(env)]


def _robot(env: Any) -> Iterator[StartPart]:
    robot, origins = env.scene["robot"], env.scene.env_origins
    data, joints = robot.data, tuple(robot.joint_names)

    def write_pose(rows: torch.Tensor, ids: torch.Tensor) -> None:
        pose = torch.cat((rows[:, :3] + origins[ids], rows[:, 3:]), dim=1)
        robot.write_root_link_pose_to_sim_index(root_pose=pose, env_ids=ids)

    pose = data.root_link_pose_w.torch
    yield StartPart(
        (Term("position", "vector", 3), Term("orientation", "quaternion_xyzw", 4)),
        torch.cat((pose[:, :3] - origins, pose[:, 3:]), dim=1),
        write_pose,
    )
    yield StartPart(
        (Term("linear_velocity", "vector", 3), Term("angular_velocity", "axial_vector", 3)),
        data.root_com_vel_w.torch.clone(),
        lambda rows, ids: robot.write_root_com_velocity_to_sim_index(root_velocity=rows, env_ids=ids),
    )
    yield StartPart(
        (Term("joint_positions", "joint_positions", len(joints), joints),),
        data.joint_pos.torch.clone(),
        lambda rows, ids: robot.write_joint_position_to_sim_index(position=rows, env_ids=ids),
    )
    yield StartPart(
        (Term("joint_velocities", "joints", len(joints), joints),),
        data.joint_vel.torch.clone(),
        lambda rows, ids: robot.write_joint_velocity_to_sim_index(velocity=rows, env_ids=ids),
    )


def _commands(env: Any) -> Iterator[StartPart]:
    for name in env.command_manager.active_terms:
        command = env.command_manager.get_term(name)
        if type(command) not in COMMANDS:
            raise ValueError(
                f"a start can be copied and mirrored with the commands {[known.__name__ for known in COMMANDS]}, got "
                f"{name!r} of the class {type(command).__name__}: tell {__name__}.COMMANDS what it keeps"
            )
        for entry, terms in COMMANDS[type(command)].items():
            kept = getattr(command, entry)
            origins = env.scene.env_origins if entry in PLACES else torch.zeros_like(kept)
            rows = (kept - origins if entry in PLACES else kept.float()).reshape(env.num_envs, -1)
            yield StartPart(terms, rows, partial(_set, kept, origins))


def _set(kept: torch.Tensor, origins: torch.Tensor, rows: torch.Tensor, ids: torch.Tensor) -> None:
    kept[ids] = (rows.reshape(-1, *kept.shape[1:]) + origins[ids]).to(kept.dtype)


def _events(env: Any) -> Iterator[StartPart]:
    for event in disturbance_events(env):
        if event.disturbance.option not in env.reset_options:
            yield StartPart(event.disturbance.terms, event.rows.clone(), event.set_rows)


def place_start(env: Any, env_ids: torch.Tensor | slice) -> None:
    """Carry out the options ``start`` and ``mirror`` of a reset, after chance has decided all there is to decide.

    Environments with the same number start alike: what the first of them got, the others get too. After that, each is
    reflected. What other options decide stays as they do.

    Args:
        env: The environment, with ``reflections``, their ``products`` and ``reset_options``.
        env_ids: The environments whose episode begins.

    Raises:
        ValueError: If an option makes no sense, or a command cannot be reflected.
    """
    numbers = decided(env, "start", _number)
    mirrors = decided(env, "mirror", lambda element: _element(env, element))
    if numbers is None and not set(mirrors or ()) - {"identity"}:
        return
    everyone = torch.arange(env.num_envs, dtype=torch.int32, device=env.device)
    ids = everyone[env_ids]
    starting = ids.tolist()
    seen: dict[int, int] = {}
    first = [seen.setdefault(i if numbers is None else numbers[i], k) for k, i in enumerate(starting)]
    groups = defaultdict(list)
    for k, i in enumerate(starting):
        groups[mirrors[i] if mirrors else "identity"].append(k)
    for part in start_parts(env):
        rows = part.rows[ids][first]
        for element, members in groups.items():
            if element != "identity":
                rows[members] = vector_transform(part.terms, env.products[element]).apply(rows[members])
        part.write(rows, ids)
    # They press where the robot stood before.
    hold_payloads(env, None)


def _number(given: Any) -> int:
    if not isinstance(given, int):
        raise ValueError(f"options['start'] must be a list of whole numbers, got {given!r}")
    return given


def _element(env: Any, element: Any) -> str:
    if element != "identity" and (not isinstance(element, str) or element not in env.products):
        raise ValueError(
            f"options['mirror'] must be 'identity' or a product of {list(env.reflections)}, got {element!r}"
        )
    return element
