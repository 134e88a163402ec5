"""Makers of environments that are many in one simulation."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec

from sb3_memaug.vec_env.tensor_vec_env import TensorVecEnv

#: Called with the id of an environment, ``num_envs`` and the arguments of ``gymnasium.make``.
VecEnvMaker = Callable[..., TensorVecEnv]

_MAKERS: list[tuple[Callable[[EnvSpec], bool], VecEnvMaker]] = []


def register_vec_env_maker(knows: Callable[[EnvSpec], bool], maker: VecEnvMaker) -> None:
    """
    :param knows: whether an environment is one that is made so, from its registration alone
    :param maker: called with the id of the environment, ``num_envs`` and the arguments of ``gymnasium.make``
    """
    _MAKERS.append((knows, maker))


def vec_env_maker(env_id: str) -> VecEnvMaker | None:
    """
    :param env_id: of a registered environment; ``module:id`` imports the module that registers it
    :return: what makes many of it in one simulation, of which a process has one at a time; None if ``gymnasium.make``
        makes one by one
    """
    spec = spec_of(env_id)
    return next((maker for knows, maker in _MAKERS if knows(spec)), None)


def spec_of(env_id: str) -> EnvSpec:
    """
    :param env_id: as for ``gymnasium.make``
    :return: what it is registered with
    """
    module, _, name = env_id.rpartition(":")
    if module:
        import_module(module)
    return gym.spec(name)
