"""Reaching a position in time: the command, its rewards, and the observation of the remaining time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from isaaclab.envs import ManagerBasedRLEnv
from isaaclab.envs.mdp import UniformPose2dCommand, UniformPose2dCommandCfg
from isaaclab.managers import SceneEntityCfg
from isaaclab.utils import configclass

from ..terms import register_kinds


class PolarPositionCommand(UniformPose2dCommand):
    """A target drawn in polar coordinates around where the robot starts.

    The command is its x and y in the base's heading frame [m]. Shape is (num_envs, 2).
    """

    cfg: PolarPositionCommandCfg

    def __init__(self, cfg: PolarPositionCommandCfg, env: Any):
        super().__init__(cfg, env)
        # A place has no heading.
        del self.metrics["error_heading"]
        self.cfg.element_names = ["x", "y"]

    @property
    def command(self) -> torch.Tensor:
        return self.pos_command_b[:, :2]

    @property
    def distance(self) -> torch.Tensor:
        """Distance on the plane from the base to the target [m]. Shape is (num_envs,)."""
        return torch.linalg.norm(self.to_target, dim=1)

    @property
    def to_target(self) -> torch.Tensor:
        """From the base to the target in the world [m]. Shape is (num_envs, 2)."""
        return self.pos_command_w[:, :2] - self.robot.data.root_pos_w.torch[:, :2]

    def _resample_command(self, env_ids: Sequence[int] | slice) -> None:
        start = self.robot.data.root_pos_w.torch[env_ids]
        uniform = torch.rand(2, len(start), device=self.device)
        radius = self.cfg.radius[0] + (self.cfg.radius[1] - self.cfg.radius[0]) * uniform[0]
        angle = self.cfg.angle[0] + (self.cfg.angle[1] - self.cfg.angle[0]) * uniform[1]
        offset = torch.stack((radius * torch.cos(angle), radius * torch.sin(angle)), dim=1)
        self.pos_command_w[env_ids, :2] = start[:, :2] + offset
        self.pos_command_w[env_ids, 2] = start[:, 2]

    def _update_metrics(self) -> None:
        self.metrics["error_pos"] = self.distance


@configclass
class PolarPositionCommandCfg(UniformPose2dCommandCfg):
    """Configuration for the polar position command."""

    class_type: type = PolarPositionCommand

    asset_name: str = "robot"

    # What the base class asks for, and this one has no use for.
    simple_heading: bool = False
    ranges: UniformPose2dCommandCfg.Ranges = UniformPose2dCommandCfg.Ranges(
        pos_x=(0.0, 0.0), pos_y=(0.0, 0.0), heading=(0.0, 0.0)
    )

    radius: tuple[float, float] = (1.0, 5.0)
    """Range of the distance from the start [m]."""

    angle: tuple[float, float] = (-math.pi, math.pi)
    """Range of the direction in the world [rad]."""

    resampling_time_range: tuple[float, float] = (1.0e9, 1.0e9)
    """By default a target holds for an episode [s]."""


register_kinds(PolarPositionCommand, "xy")


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


def remaining_time(env: ManagerBasedRLEnv) -> torch.Tensor:
    """The time left, relative to the episode's length. Shape is (num_envs, 1)."""
    return 1.0 - env.episode_length_buf[:, None] / env.max_episode_length


register_kinds(remaining_time, "scalar")
