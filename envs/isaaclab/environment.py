"""Makes the registered environments, from a configuration and the choices that are made about it."""

from __future__ import annotations

import importlib
from os import PathLike
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .decided_env import DecidedEnv


def make(
    env_cfg_entry_point: str,
    cfg: Any = None,
    split: str | None = None,
    robot: str | PathLike[str] | None = None,
    terrain_noise: tuple[float, float] | None = None,
    randomize: bool = True,
    episode_length_s: float | None = None,
    num_envs: int | None = None,
    device: str | None = None,
    seed: int | None = None,
    render_mode: str | None = None,
    **agents: Any,
) -> DecidedEnv:
    """
    :param env_cfg_entry_point: module and name of the configuration's class
    :param cfg: the configuration, as Isaac Lab's own commands give it; by default that of the class. What follows is
        set in it
    :param split: which joints fail and where payloads lie: ``"id"``, ``"ood"`` or ``"all"``; by default ``"id"``
    :param robot: path of a USD or URDF file; by default the robot is Isaac Lab's, which is downloaded
    :param terrain_noise: range of the ground's height in m; by default it is flat
    :param randomize: whether observations are noisy, robots differ in mass and centre of mass, and are pushed; without
        that, chance decides at resets only: start, command, failures and payloads
    :param episode_length_s: in s; by default 20 to track a velocity and 8 to reach a position
    :param num_envs: number of environments; by default 4096
    :param device: of the simulation, such as ``"cuda:0"`` or ``"cpu"``; by default the first GPU if there is one
    :param seed: of everything that is drawn
    :param render_mode: None or ``"rgb_array"``
    :param agents: configurations of agents, which Isaac Lab's commands look up and the environment has no use for
    :return: the environments, in one
    :raises ImportError: if Isaac Lab is not installed
    :raises FileNotFoundError: if there is no such file of a robot
    :raises ValueError: if an argument makes no sense
    """
    try:
        import torch
        from isaaclab_tasks.utils.hydra import resolve_presets

        from .decided_env import DecidedEnv
    except ImportError as error:
        raise ImportError(
            "the environments MemAug/AnymalD-… and MemAug/G1-… need Isaac Lab 3, in an environment of its own: "
            "`make isaaclab` from a clone, or with Python 3.12 `pip install isaaclab==3.0.0`, then "
            f"`pip install sb3-memaug` ({error})"
        ) from error

    unknown = [name for name in agents if not name.endswith(("_cfg_entry_point", "default_agent"))]
    if unknown:
        raise TypeError(f"environments of Isaac Lab have no arguments {unknown}")
    if cfg is None:
        module, _, name = env_cfg_entry_point.partition(":")
        cfg = getattr(importlib.import_module(module), name)()
        cfg.sim.device = "cuda:0" if torch.cuda.is_available() else "cpu"
    if split is not None:
        cfg.use_split(split)
    if robot is not None:
        cfg.robot_file = str(robot)
    if terrain_noise is not None:
        cfg.terrain_noise = terrain_noise
    if not randomize:
        cfg.randomize = False
    if episode_length_s is not None:
        cfg.episode_length_s = episode_length_s
    if num_envs is not None:
        cfg.scene.num_envs = num_envs
    if device is not None:
        cfg.sim.device = device
    if seed is not None:
        cfg.seed = seed
    cfg = resolve_presets(cfg)
    cfg.settle()
    return DecidedEnv(cfg=cfg, render_mode=render_mode)
