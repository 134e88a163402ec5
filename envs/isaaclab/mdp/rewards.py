"""Rewards that Isaac Lab lacks: gentle motion, and the limits of motors."""

from __future__ import annotations

import torch
from isaaclab.envs import ManagerBasedRLEnv
from isaaclab.managers import ManagerTermBase, RewardTermCfg, SceneEntityCfg

from .motor_parameters import torque_limits


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


ROBOT = SceneEntityCfg("robot")


def joint_vel_limits(
    env: ManagerBasedRLEnv, soft_ratio: float = 0.9, asset_cfg: SceneEntityCfg = ROBOT
) -> torch.Tensor:
    """Penalize joints near their velocity limits, each by up to 1 rad/s.

    Isaac Lab's own term compares with limits that stay 0 where Newton computes the motors, so that all motion counts.

    Args:
        env: The environment.
        soft_ratio: The part of the limit from which on speed counts.
        asset_cfg: The robot, and which joints. A joint whose limit is 0 has none.
    """
    data, joints = env.scene[asset_cfg.name].data, asset_cfg.joint_ids
    limits = data.joint_vel_limits.torch[:, joints]
    excess = data.joint_vel.torch[:, joints].abs() - soft_ratio * limits
    return torch.where(limits > 0, excess.clamp(0.0, 1.0), 0.0).sum(dim=1)


class AppliedTorqueLimits(ManagerTermBase):
    """Penalize torques that motors are asked for and do not give.

    A motor that can give no torque at all is dead, not overloaded: a network goes on asking it. It does not count.
    """

    def __init__(self, cfg: RewardTermCfg, env: ManagerBasedRLEnv):
        """Initialize the term.

        Args:
            cfg: The configuration of the term. Its params are those of the call.
            env: The environment.
        """
        super().__init__(cfg, env)
        self._limits = torque_limits(env.scene[cfg.params.get("asset_cfg", ROBOT).name])

    def __call__(self, env: ManagerBasedRLEnv, asset_cfg: SceneEntityCfg = ROBOT) -> torch.Tensor:
        """Sum up what is missing.

        Args:
            env: The environment.
            asset_cfg: The robot, and which joints.
        """
        actuators = env.scene[asset_cfg.name].actuators
        missing = (actuators.applied_effort.torch - actuators.computed_effort.torch).abs()
        for joints, limits in self._limits:
            missing[:, joints] *= limits() > 0
        return missing[:, asset_cfg.joint_ids].sum(dim=1)
