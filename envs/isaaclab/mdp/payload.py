"""Event: a weight presses on a point of the robot for the length of an episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from isaaclab.envs import ManagerBasedEnv
from isaaclab.managers import EventTermCfg
from isaaclab.utils.math import quat_apply

from sb3_memaug.disturbances.payload import KEYS, Payloads

from ..resets import reset_events
from .disturbance import DisturbanceEvent

#: m/s², which masses are turned into weights by.
GRAVITY = 9.81


class Payload(DisturbanceEvent):
    """A vertical force at a random point that moves with a body. To be used in the mode "reset".

    The force is kept vertical and at its point by :func:`hold_payloads`, which a second event calls in every control
    step; within a step force and moment stay as they are in the world.

    ``env.reset(options={"payload": {"mass": …, "x": …, "y": …}})`` decides it instead; with None there is none, and a
    list has one entry for each environment. ``extras["payload"]`` holds mass [kg], x, y and z [m], zeros for none.
    """

    disturbance: Payloads

    def __init__(self, cfg: EventTermCfg, env: ManagerBasedEnv):
        super().__init__(cfg, env)
        self.height = self.disturbance.z
        (self.body,), _ = self.robot.find_bodies(cfg.params["body_name"])
        # A list would be copied to the device in every step.
        self._bodies = torch.tensor([self.body], dtype=torch.int32, device=env.device)
        # Shape is (sections, xy, low and high).
        self.ranges = torch.tensor(self.disturbance.sections, device=env.device)

    def describe(self, tasks: Any) -> Payloads:
        params = self.cfg.params
        return Payloads(params["mass"], z=params["z"], sections=tasks, probability=params.get("probability", 1.0))

    def __call__(
        self,
        env: ManagerBasedEnv,
        env_ids: torch.Tensor | slice | None,
        body_name: str,
        mass: tuple[float, float],
        z: float,
        splits: Mapping[str, Sequence[Mapping[str, tuple[float, float]]]],
        split: str,
        probability: float = 1.0,
        asset_name: str = "robot",
    ) -> None:
        """Draw a mass, a section and a point in it.

        Args:
            env: The environment.
            env_ids: The environments whose episode begins.
            body_name: The body that carries the payload.
            mass: Range of the mass [kg].
            z: Where it lies above the body's origin [m].
            splits: Where it may lie, by split: ranges of x and y in the body's frame [m]. All sections are equally
                likely.
            split: Which of them.
            probability: That there is a payload in an episode.
            asset_name: The robot.
        """
        ids = self.indices(env_ids)
        given, n = self.decided_rows(), len(ids)
        if given is not None:
            self.set_rows(given[ids], ids)
            return
        low, high = self.ranges[torch.randint(len(self.ranges), (n,), device=env.device)].unbind(dim=-1)
        masses = mass[0] + (mass[1] - mass[0]) * torch.rand(n, 1, device=env.device)
        points = low + (high - low) * torch.rand(n, 2, device=env.device)
        drawn = torch.cat((masses, points, torch.full_like(masses, z)), dim=1)
        drawn *= torch.rand(n, 1, device=env.device) < probability
        self.set_rows(drawn, ids)

    def row(self, decision: Mapping[str, float]) -> list[float]:
        return [float(decision[key]) for key in KEYS]

    def apply(self, env_ids: torch.Tensor) -> None:
        self.hold()

    def hold(self) -> None:
        """Turn the forces so that they are vertical, with the moments of their points as the bodies are now."""
        data = self.robot.data
        mass, point = self.rows[:, :1], self.rows[:, 1:]
        lever = quat_apply(data.body_link_quat_w.torch[:, self.body], point - data.body_com_pos_b.torch[:, self.body])
        force = torch.cat((torch.zeros_like(point[:, :2]), -GRAVITY * mass), dim=1)
        # Given a point in the world, Isaac Lab would leave it behind while the body moves on.
        self.robot.permanent_wrench_composer.set_forces_and_torques_index(
            forces=force[:, None].contiguous(),
            torques=torch.linalg.cross(lever, force)[:, None].contiguous(),
            body_ids=self._bodies,
            is_global=True,
        )


def hold_payloads(env: ManagerBasedEnv, env_ids: torch.Tensor | None) -> None:
    """Keep forces of payloads vertical, at their points. To be used in the mode "interval", in every control step.

    Args:
        env: The environment.
        env_ids: None, for all environments.
    """
    for payload in reset_events(env, Payload):
        payload.hold()
