"""Event: a weight presses on a point of the robot for the length of an episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from isaaclab.envs import ManagerBasedEnv
from isaaclab.managers import EventTermCfg, ManagerTermBase
from isaaclab.utils.math import quat_apply

from ...splits import of_split
from ..resets import decided, reset_events

#: m/s², which masses are turned into weights by.
GRAVITY = 9.81
NO_PAYLOAD = (0.0, 0.0, 0.0, 0.0)


class Payload(ManagerTermBase):
    """A vertical force at a random point that moves with a body. To be used in the mode "reset".

    The force is kept vertical and at its point by :func:`hold_payloads`, which a second event calls in every control
    step; within a step force and moment stay as they are in the world.

    ``env.reset(options={"payload": {"mass": …, "x": …, "y": …}})`` decides it instead; with None there is none, and a
    list has one entry for each environment. ``extras["payload"]`` tells mass [kg], x, y and z [m], zeros for none.
    """

    def __init__(self, cfg: EventTermCfg, env: ManagerBasedEnv):
        """Initialize the event.

        Args:
            cfg: The configuration of the event. Its params are those of the call.
            env: The environment.

        Raises:
            ValueError: If the split is unknown, or the body is none of the robot's.
        """
        super().__init__(cfg, env)
        self.robot = env.scene[cfg.params.get("asset_name", "robot")]
        self.height = cfg.params["z"]
        sections = of_split(cfg.params["splits"], cfg.params["split"])
        (self.body,), _ = self.robot.find_bodies(cfg.params["body_name"])
        # A list would be copied to the device in every step.
        self._bodies = torch.tensor([self.body], dtype=torch.int32, device=env.device)
        # Shape is (sections, xy, low and high).
        self.ranges = torch.tensor([[s["x"], s["y"]] for s in sections], device=env.device)
        #: Mass [kg] and point [m], in the body's frame. Shape is (num_envs, 4).
        self.payloads = torch.zeros(env.num_envs, 4, device=env.device)

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
        everyone = torch.arange(env.num_envs, device=env.device)
        ids = everyone if env_ids is None else everyone[env_ids]
        n = len(ids)
        given = decided(env, "payload", self._decide)
        if given is not None:
            drawn = torch.tensor(given, device=env.device)[ids]
        else:
            low, high = self.ranges[torch.randint(len(self.ranges), (n,), device=env.device)].unbind(dim=-1)
            masses = mass[0] + (mass[1] - mass[0]) * torch.rand(n, 1, device=env.device)
            points = low + (high - low) * torch.rand(n, 2, device=env.device)
            drawn = torch.cat((masses, points, torch.full_like(masses, z)), dim=1)
            drawn *= torch.rand(n, 1, device=env.device) < probability
        self.lay(drawn, ids)

    def lay(self, payloads: torch.Tensor, env_ids: torch.Tensor) -> None:
        """Lay a payload on the robot of each of some environments, in place of the one that it carries.

        Args:
            payloads: Mass [kg] and point [m], zeros for none. Shape is (len(env_ids), 4).
            env_ids: The environments.
        """
        # What was told of the last episode stays as it was told.
        self.payloads = self.payloads.clone()
        self.payloads[env_ids] = payloads
        self.hold()
        self._env.extras["payload"] = self.payloads

    def hold(self) -> None:
        """Turn the forces so that they are vertical, with the moments of their points as the bodies are now."""
        data = self.robot.data
        mass, point = self.payloads[:, :1], self.payloads[:, 1:]
        lever = quat_apply(data.body_link_quat_w.torch[:, self.body], point - data.body_com_pos_b.torch[:, self.body])
        force = torch.cat((torch.zeros_like(point[:, :2]), -GRAVITY * mass), dim=1)
        # Given a point in the world, Isaac Lab would leave it behind while the body moves on.
        self.robot.permanent_wrench_composer.set_forces_and_torques_index(
            forces=force[:, None].contiguous(),
            torques=torch.linalg.cross(lever, force)[:, None].contiguous(),
            body_ids=self._bodies,
            is_global=True,
        )

    def _decide(self, given: Any) -> tuple[float, ...]:
        if given is None:
            return NO_PAYLOAD
        if not isinstance(given, Mapping) or not {"mass", "x", "y"} <= given.keys() <= {"mass", "x", "y", "z"}:
            raise ValueError(f"a payload must be None or have `mass`, `x` and `y`, and perhaps `z`, got {given!r}")
        return tuple(float(given.get(key, self.height)) for key in ("mass", "x", "y", "z"))


def hold_payloads(env: ManagerBasedEnv, env_ids: torch.Tensor | None) -> None:
    """Keep forces of payloads vertical, at their points. To be used in the mode "interval", in every control step.

    Args:
        env: The environment.
        env_ids: None, for all environments.
    """
    for payload in reset_events(env, Payload):
        payload.hold()
