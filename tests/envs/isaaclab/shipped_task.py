"""Isaac Lab's own task, to track a velocity on a plane, with ANYmal C from a wheel: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ...robots.robot_files import example_robot

#: Control steps of 0.02 s in an episode.
EPISODE_STEPS = 5


def shipped_cfg(n_envs: int = 4) -> Any:
    """
    :param n_envs: number of environments
    :return: the configuration, on a CPU
    """
    pytest.importorskip("isaaclab")
    pytest.importorskip("isaacsim.asset.importer.urdf")
    from isaaclab_tasks.core.velocity.config.anymal_d.flat_env_cfg import AnymalDFlatEnvCfg
    from isaaclab_tasks.utils.hydra import resolve_presets

    from sb3_memaug.envs.isaaclab.config.robots import anymal_d
    from sb3_memaug.envs.isaaclab.scene import LeggedSceneCfg

    cfg = resolve_presets(AnymalDFlatEnvCfg(), ("newton_mjwarp",))
    cfg.sim.device, cfg.scene.num_envs, cfg.seed = "cpu", n_envs, 0
    cfg.scene.robot = anymal_d(example_robot("anymal_c_simple_description/urdf/anymal"))
    cfg.scene.contact_forces.prim_path = "{ENV_REGEX_NS}/Robot/.*"
    cfg.scene.terrain, cfg.scene.sky_light = None, None
    cfg.scene.ground = LeggedSceneCfg(num_envs=n_envs, env_spacing=2.5).ground
    cfg.commands.base_velocity.debug_vis = False
    cfg.observations.policy.enable_corruption = False
    cfg.episode_length_s = 0.02 * EPISODE_STEPS
    return cfg


def shipped_task(n_envs: int = 4, change: Callable[[Any], None] = lambda cfg: None) -> Any:
    """
    :param n_envs: number of environments
    :param change: of the configuration
    :return: the environment; the first time ever, Warp compiles for a minute
    """
    cfg = shipped_cfg(n_envs)
    from isaaclab.envs import ManagerBasedRLEnv

    change(cfg)
    return ManagerBasedRLEnv(cfg=cfg)
