"""Rewards for reaching a place in time. The command is a :class:`PolarPositionCommand`."""

from __future__ import annotations

import torch
from isaaclab.envs import ManagerBasedRLEnv
from isaaclab.managers import SceneEntityCfg

from .position_command import PolarPositionCommand

ROBOT = SceneEntityCfg("robot")


def position_tracking(env: ManagerBasedRLEnv, command_name: str, window: float, slope: float = 0.5) -> torch.Tensor:
    """Reward closeness to the target, at the end of the episode.

    Args:
        env: The environment.
        command_name: The command.
        window: How long before the end it counts [s]; the reward is divided by it.
        slope: What each metre of distance costs [1/m].
    """
    return (1.0 - slope * _command(env, command_name).distance) * _late(env, window) / window


def exploration(env: ManagerBasedRLEnv, command_name: str, asset_cfg: SceneEntityCfg = ROBOT) -> torch.Tensor:
    """Reward moving towards the target, by the cosine between the velocity and the direction to it."""
    velocity = env.scene[asset_cfg.name].data.root_lin_vel_w.torch[:, :2]
    return torch.cosine_similarity(velocity, _command(env, command_name).to_target, dim=1)


def stalling(
    env: ManagerBasedRLEnv,
    command_name: str,
    distance: float = 0.25,
    speed: float = 0.2,
    asset_cfg: SceneEntityCfg = ROBOT,
) -> torch.Tensor:
    """Penalize being slow where the target is not reached.

    Args:
        env: The environment.
        command_name: The command.
        distance: Beyond which the target is not reached [m].
        speed: Below which the robot is slow [m/s].
        asset_cfg: The robot.
    """
    slow = torch.linalg.norm(env.scene[asset_cfg.name].data.root_lin_vel_w.torch[:, :2], dim=1) < speed
    return (slow & (_command(env, command_name).distance > distance)).float()


def stand_still(
    env: ManagerBasedRLEnv,
    command_name: str,
    window: float,
    distance: float = 0.1,
    asset_cfg: SceneEntityCfg = ROBOT,
) -> torch.Tensor:
    """Penalize joints away from the default pose where the target is reached at the end of the episode.

    Args:
        env: The environment.
        command_name: The command.
        window: How long before the end it counts [s].
        distance: Within which the target is reached [m].
        asset_cfg: The robot, and which joints.
    """
    data, joints = env.scene[asset_cfg.name].data, asset_cfg.joint_ids
    away = data.joint_pos.torch[:, joints] - data.default_joint_pos.torch[:, joints]
    reached = _command(env, command_name).distance <= distance
    return away.square().sum(dim=1) * (reached & _late(env, window))


def _command(env: ManagerBasedRLEnv, name: str) -> PolarPositionCommand:
    return env.command_manager.get_term(name)


def _late(env: ManagerBasedRLEnv, window: float) -> torch.Tensor:
    left = (env.max_episode_length - env.episode_length_buf) * env.step_dt
    # Steps are of floating-point length.
    return left <= window + 1e-6
