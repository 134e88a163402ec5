"""Event: motors are dead for the length of an episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from isaaclab.envs import ManagerBasedEnv
from isaaclab.managers import EventTermCfg

from sb3_memaug.disturbances.joint_failure import JointFailures

from .disturbance import DisturbanceEvent
from .motor_parameters import MotorParameter, motor_parameters, refuse_efforts_past_motors


class JointFailure(DisturbanceEvent):
    """In an episode, with some probability, the motor of one joint gives no torque, or those of a group of joints.

    What gives the motor its torque, gains and limits, is set to zero for the failed joints of each environment, and to
    what it was for the others. Events that change gains or limits at a reset therefore have to come later.

    ``env.reset(options={"failed_joint": name})`` decides it instead, for any joint; a tuple of names fails together,
    with None none fails, and a list has one entry for each environment. ``extras["failed_joint"]`` holds the index of
    the first failed joint, -1 for none.
    """

    disturbance: JointFailures

    def __init__(self, cfg: EventTermCfg, env: ManagerBasedEnv):
        super().__init__(cfg, env)
        #: The groups of joints that may fail, 1 for each of their joints. Shape is (groups, num_joints).
        self.candidates = torch.tensor([self.row(group) for group in self.disturbance.groups], device=env.device)
        self._parameters: list[MotorParameter] = []

    def describe(self, tasks: Any) -> JointFailures:
        return JointFailures(self.robot.joint_names, tasks, self.cfg.params.get("probability", 0.8))

    def __call__(
        self,
        env: ManagerBasedEnv,
        env_ids: torch.Tensor | slice | None,
        splits: Mapping[str, Sequence[str | Sequence[str]]],
        split: str,
        probability: float = 0.8,
        asset_name: str = "robot",
    ) -> None:
        """Draw which joints fail.

        Args:
            env: The environment.
            env_ids: The environments whose episode begins.
            splits: Names of the joints that may fail, or groups of names that fail together, by split.
            split: Which of them.
            probability: That joints fail in an episode.
            asset_name: The robot.
        """
        if not self._parameters:
            refuse_efforts_past_motors(env, self.robot)
            # Not before: events at startup may have changed gains.
            self._parameters = motor_parameters(self.robot)
        ids = self.indices(env_ids)
        drawn = self.candidates[torch.randint(len(self.candidates), (len(ids),), device=env.device)]
        drawn = drawn * (torch.rand(len(ids), device=env.device) < probability)[:, None]
        given = self.decided_rows()
        self.set_rows(drawn if given is None else given[ids], ids)

    def row(self, decision: Sequence[int]) -> list[float]:
        return [float(joint in decision) for joint in range(self.robot.num_joints)]

    def set_rows(self, rows: torch.Tensor, env_ids: torch.Tensor) -> None:
        # The sign of a mirrored joint's angle is none of its motor's.
        super().set_rows(rows.abs(), env_ids)

    def apply(self, env_ids: torch.Tensor) -> None:
        for parameter in self._parameters:
            parameter.scale(1.0 - self.rows[env_ids], env_ids)

    def report(self) -> torch.Tensor:
        strongest = self.rows.max(dim=1)
        return torch.where(strongest.values > 0, strongest.indices, -1)
