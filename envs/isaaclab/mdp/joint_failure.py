"""Event: a joint's motor is dead for the length of an episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from isaaclab.envs import ManagerBasedEnv
from isaaclab.managers import EventTermCfg, ManagerTermBase

from ...splits import of_split
from ..resets import decided
from .motor_parameters import MotorParameter, motor_parameters, refuse_efforts_past_motors


class JointFailure(ManagerTermBase):
    """In an episode, with some probability, the motor of one joint gives no torque. To be used in the mode "reset".

    What gives the motor its torque, gains and limits, is set to zero for the failed joint of each environment, and to
    what it was for the others. Events that change gains or limits at a reset therefore have to come later.

    ``env.reset(options={"failed_joint": name})`` decides it instead, for any joint; with None none fails, and a list
    has one entry for each environment. ``extras["failed_joint"]`` tells the index of the joint, -1 for none.
    """

    def __init__(self, cfg: EventTermCfg, env: ManagerBasedEnv):
        """Initialize the event.

        Args:
            cfg: The configuration of the event. Its params are those of the call.
            env: The environment.

        Raises:
            ValueError: If the split is unknown, or a joint is none of the robot's.
        """
        super().__init__(cfg, env)
        self.robot = env.scene[cfg.params.get("asset_name", "robot")]
        joints = of_split(cfg.params["splits"], cfg.params["split"])
        indices = [self.robot.joint_names.index(self._name(name)) for name in joints]
        self.candidates = torch.tensor(indices, device=env.device)
        #: Index of the failed joint of each environment, -1 for none.
        self.failed = torch.full((env.num_envs,), -1, device=env.device)
        self._parameters: list[MotorParameter] = []

    def __call__(
        self,
        env: ManagerBasedEnv,
        env_ids: torch.Tensor | slice | None,
        splits: Mapping[str, Sequence[str]],
        split: str,
        probability: float = 0.8,
        asset_name: str = "robot",
    ) -> None:
        """Draw which joint fails.

        Args:
            env: The environment.
            env_ids: The environments whose episode begins.
            splits: Names of the joints that may fail, by split.
            split: Which of them.
            probability: That a joint fails in an episode.
            asset_name: The robot.
        """
        if not self._parameters:
            refuse_efforts_past_motors(env, self.robot)
            # Not before: events at startup may have changed gains.
            self._parameters = motor_parameters(self.robot)
        everyone = torch.arange(env.num_envs, device=env.device)
        ids = everyone if env_ids is None else everyone[env_ids]
        drawn = self.candidates[torch.randint(len(self.candidates), (len(ids),), device=env.device)]
        drawn = torch.where(torch.rand(len(ids), device=env.device) < probability, drawn, -1)
        given = decided(env, "failed_joint", self._index)
        if given is not None:
            drawn = torch.tensor(given, device=env.device)[ids]
        self.fail(drawn, ids)

    def fail(self, joints: torch.Tensor, env_ids: torch.Tensor) -> None:
        """Let a joint fail in each of some environments, and no other.

        Args:
            joints: Indices of the joints, -1 for none. Shape is (len(env_ids),).
            env_ids: The environments.
        """
        # What was told of the last episode stays as it was told.
        self.failed = self.failed.clone()
        self.failed[env_ids] = joints
        sound = joints[:, None] != torch.arange(self.robot.num_joints, device=self.device)
        for parameter in self._parameters:
            parameter.scale(sound, env_ids)
        self._env.extras["failed_joint"] = self.failed

    def _index(self, given: Any) -> int:
        return -1 if given is None else self.robot.joint_names.index(self._name(given))

    def _name(self, given: Any) -> str:
        if given not in self.robot.joint_names:
            raise ValueError(f"the joint that fails must be one of {self.robot.joint_names} or None, got {given!r}")
        return str(given)
