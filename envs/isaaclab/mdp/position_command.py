"""Command: be at a place around the start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from isaaclab.envs.mdp import UniformPose2dCommand, UniformPose2dCommandCfg
from isaaclab.utils import configclass

from ..term_kinds import register_kinds


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
