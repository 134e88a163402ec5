"""Rewards for gentle motion that Isaac Lab has not."""

from __future__ import annotations

import torch
from isaaclab.envs import ManagerBasedRLEnv
from isaaclab.managers import SceneEntityCfg


def base_acceleration(env: ManagerBasedRLEnv, asset_cfg: SceneEntityCfg, angular_weight: float = 0.02) -> torch.Tensor:
    """Penalize the acceleration of a body, by the squares of its linear and its angular part.

    Args:
        env: The environment.
        asset_cfg: The robot, and the body.
        angular_weight: Of the angular part, beside the linear one.
    """
    data, body = env.scene[asset_cfg.name].data, asset_cfg.body_ids
    linear = data.body_lin_acc_w.torch[:, body].square().sum(dim=(1, 2))
    return linear + angular_weight * data.body_ang_acc_w.torch[:, body].square().sum(dim=(1, 2))


def collision(
    env: ManagerBasedRLEnv, sensor_cfg: SceneEntityCfg, threshold: float = 1.0, scale: float = 200.0
) -> torch.Tensor:
    """Penalize contacts of bodies, by their number and, where they are hard, by their force.

    Args:
        env: The environment.
        sensor_cfg: The contact sensor, and the bodies.
        threshold: Force above which there is a contact [N].
        scale: Force up to which all contacts count alike, as one [N]; harder ones count in proportion.
    """
    history = env.scene.sensors[sensor_cfg.name].data.net_normal_forces_w_history.torch
    force = history[:, :, sensor_cfg.body_ids].norm(dim=-1).amax(dim=1)
    return torch.where(force > threshold, force.clamp(min=scale) / scale, 0.0).sum(dim=1)
