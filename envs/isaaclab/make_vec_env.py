"""Environments of Isaac Lab by their ids: many, as the algorithms train on them, and one, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import torch as th
from gymnasium.envs.registration import EnvSpec

from sb3_memaug.vec_env.registry import register_vec_env_maker, spec_of

from .simulation import IsaacLabSimulation
from .single_env import IsaacLabEnv
from .vec_env import IsaacLabVecEnv


def make_vec_env(
    env_id: str,
    num_envs: int,
    groups: Sequence[str] = ("policy",),
    mirrors: Sequence[str] | None = None,
    staggered: bool = True,
    device: th.device | str | None = None,
    **env_kwargs: Any,
) -> IsaacLabVecEnv:
    """
    :param env_id: of an environment that is registered with a configuration of Isaac Lab, of this library or not
    :param num_envs: number of environments
    :param groups: see :class:`~sb3_memaug.envs.isaaclab.vec_env.IsaacLabVecEnv`
    :param mirrors: likewise
    :param staggered: likewise
    :param device: of the simulation; by default the present GPU if there is one
    :param env_kwargs: for ``gymnasium.make``, see :func:`~sb3_memaug.envs.isaaclab.environment.make`; other tasks than
        those of this library take ``seed`` and ``render_mode``
    :return: the environments, in one simulation, of which a process has one at a time
    """
    kind = IsaacLabSimulation if _is_ours(env_id) else IsaacLabVecEnv
    return kind(_make(env_id, num_envs, device, env_kwargs), groups, mirrors, staggered)


def make_env(
    env_id: str,
    groups: Sequence[str] = ("policy",),
    mirrors: Sequence[str] | None = None,
    device: th.device | str | None = "cpu",
    **env_kwargs: Any,
) -> IsaacLabEnv:
    """
    :param env_id: as for :func:`make_vec_env`
    :param groups: likewise
    :param mirrors: likewise
    :param device: likewise; one robot is simulated faster on a CPU
    :param env_kwargs: likewise
    :return: a single environment
    """
    return IsaacLabEnv(_make(env_id, 1, device, env_kwargs), groups, mirrors)


def _is_ours(env_id: str) -> bool:
    return spec_of(env_id).entry_point == "sb3_memaug.envs.isaaclab.environment:make"


def _make(env_id: str, num_envs: int, device: th.device | str | None, env_kwargs: dict[str, Any]) -> gym.Env:
    chosen = th.device(device or ("cuda" if th.cuda.is_available() else "cpu"))
    # Isaac Lab wants to know which; of several processes each has its own.
    name = f"cuda:{th.cuda.current_device()}" if chosen == th.device("cuda") else str(chosen)
    if _is_ours(env_id):
        return gym.make(env_id, num_envs=num_envs, device=name, **env_kwargs)
    return _make_other(env_id, num_envs, name, **env_kwargs)


def _make_other(
    env_id: str, num_envs: int, device: str, seed: int | None = None, render_mode: str | None = None
) -> gym.Env:
    from isaaclab_tasks.utils import parse_env_cfg
    from isaaclab_tasks.utils.hydra import resolve_presets

    # Where there is a choice of simulators, that which runs without Isaac Sim.
    cfg: Any = resolve_presets(parse_env_cfg(env_id, device, num_envs), ("newton_mjwarp",))
    cfg.seed = seed
    return gym.make(env_id, cfg=cfg, render_mode=render_mode)


def _has_configuration(spec: EnvSpec) -> bool:
    return "env_cfg_entry_point" in spec.kwargs


register_vec_env_maker(_has_configuration, make_vec_env)
