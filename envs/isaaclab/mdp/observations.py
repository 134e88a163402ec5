"""Observations that Isaac Lab has not."""

from __future__ import annotations

import torch
from isaaclab.envs import ManagerBasedRLEnv

from ..term_kinds import register_kinds


def remaining_time(env: ManagerBasedRLEnv) -> torch.Tensor:
    """The time left, relative to the episode's length. Shape is (num_envs, 1)."""
    return 1.0 - env.episode_length_buf[:, None] / env.max_episode_length


register_kinds(remaining_time, "scalar")
