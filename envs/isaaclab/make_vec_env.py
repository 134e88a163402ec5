"""Environments of Isaac Lab by their ids, as the algorithms train on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import torch as th
from gymnasium.envs.registration import EnvSpec

from sb3_memaug.common.vec_env_makers import register_vec_env_maker

from .vec_env import IsaacLabVecEnv


def make_vec_env(
    env_id: str,
    num_envs: int,
    groups: Sequence[str] = ("policy",),
    mirrors: Sequence[str] | None = None,
    device: th.device | str | None = None,
    **env_kwargs: Any,
) -> IsaacLabVecEnv:
    """
    :param env_id: of an environment that is registered with a configuration of Isaac Lab, of this library or not
    :param num_envs: number of environments
    :param groups: see :class:`~sb3_memaug.envs.isaaclab.vec_env.IsaacLabVecEnv`
    :param mirrors: likewise
    :param device: of the simulation; by default the first GPU if there is one
    :param env_kwargs: for ``gymnasium.make``, see :func:`~sb3_memaug.envs.isaaclab.environment.make`; other tasks than
        those of this library take ``seed`` and ``render_mode``
    :return: the environments, in one simulation, of which a process has one at a time
    """
    from .simulation import IsaacLabSimulation

    device = th.device(device or ("cuda" if th.cuda.is_available() else "cpu"))
    env_kwargs["device"] = "cuda:0" if device == th.device("cuda") else str(device)
    if gym.spec(env_id).entry_point == "sb3_memaug.envs.isaaclab.environment:make":
        return IsaacLabSimulation(gym.make(env_id, num_envs=num_envs, **env_kwargs), groups, mirrors)
    return IsaacLabVecEnv(_make_other(env_id, num_envs, **env_kwargs), groups, mirrors)


def _make_other(
    env_id: str, num_envs: int, device: str, seed: int | None = None, render_mode: str | None = None
) -> gym.Env:
    from isaaclab_tasks.utils import parse_env_cfg

    cfg: Any = parse_env_cfg(env_id, device, num_envs, overrides=["physics=newton_mjwarp"])
    cfg.seed = seed
    return gym.make(env_id, cfg=cfg, render_mode=render_mode)


def _has_configuration(spec: EnvSpec) -> bool:
    return "env_cfg_entry_point" in spec.kwargs


register_vec_env_maker(_has_configuration, make_vec_env)
