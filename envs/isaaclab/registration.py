"""The registered environments: their names, and making them; without Isaac Lab until one is made."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import torch as th
from gymnasium.envs.registration import EnvSpec

from sb3_memaug.vec_env.registry import register_vec_env_maker, spec_of

from .simulation import IsaacLabSimulation
from .single_env import IsaacLabEnv
from .vec_env import IsaacLabVecEnv

if TYPE_CHECKING:
    from .env import ResetOptionsEnv


ROBOTS = {"AnymalD": "anymal_d", "G1": "g1"}
GOALS = ("Velocity", "Position")
VARIATIONS = ("", "JointFailure", "Payload")


def register_isaaclab_envs() -> None:
    """
    Register ``MemAug/{robot}-{goal}-{variation}-v0`` with Gymnasium, for Isaac Lab's commands too.

    =========  ============================================================
    robot      ``AnymalD``, ``G1``
    goal       ``Velocity``, ``Position``
    variation  none, ``JointFailure`` (a dead motor), ``Payload`` (a weight)
    =========  ============================================================

    The arguments are those of :func:`sb3_memaug.envs.isaaclab.registration.make`.
    """
    for robot, module in ROBOTS.items():
        for goal in GOALS:
            for variation in VARIATIONS:
                env_id = "-".join(filter(None, ("MemAug/" + robot, goal, variation, "v0")))
                if env_id not in gym.registry:
                    gym.register(
                        env_id,
                        entry_point="sb3_memaug.envs.isaaclab.registration:make",
                        kwargs={
                            "env_cfg_entry_point": (
                                f"sb3_memaug.envs.isaaclab.config.{module}:{robot}{goal}{variation}EnvCfg"
                            ),
                            "rsl_rl_cfg_entry_point": f"sb3_memaug.envs.isaaclab.config.agents:{robot}{goal}AgentCfg",
                            "default_agent": "rsl_rl",
                        },
                        # It deals with all environments at once, whose number and end Isaac Lab keeps.
                        disable_env_checker=True,
                        order_enforce=False,
                    )


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
) -> ResetOptionsEnv:
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

        from .env import ResetOptionsEnv
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
    return ResetOptionsEnv(cfg=cfg, render_mode=render_mode)


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
    :param env_kwargs: for ``gymnasium.make``, see :func:`~sb3_memaug.envs.isaaclab.registration.make`; other tasks than
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
    return spec_of(env_id).entry_point == "sb3_memaug.envs.isaaclab.registration:make"


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
