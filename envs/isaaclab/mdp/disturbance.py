"""Event: a disturbance of the robot, for the length of an episode."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from isaaclab.envs import ManagerBasedEnv
from isaaclab.managers import EventTermCfg, ManagerTermBase

from sb3_memaug.disturbances.base import Disturbance

from ...splits import of_split
from ..resets import decided, reset_events


class DisturbanceEvent(ManagerTermBase):
    """Draws a disturbance for each environment and applies it. To be used in the mode "reset".

    A subclass draws in its ``__call__``, and says what to do in the simulator in :meth:`apply`. What an option of the
    reset decides and how it is mirrored says the disturbance, see :mod:`sb3_memaug.disturbances`.
    """

    def __init__(self, cfg: EventTermCfg, env: ManagerBasedEnv):
        """Initialize the event.

        Args:
            cfg: The configuration of the event. Its params are those of the call.
            env: The environment.

        Raises:
            ValueError: If the split is unknown, or a param makes no sense.
        """
        super().__init__(cfg, env)
        self.robot = env.scene[cfg.params.get("asset_name", "robot")]
        self.disturbance = self.of_split(cfg.params["split"])
        size = sum(term.size for term in self.disturbance.terms)
        #: What disturbs the robot of each environment, as the terms of the disturbance have it; zeros if nothing does.
        #: Shape is (num_envs, size).
        self.rows = torch.zeros(env.num_envs, size, device=env.device)

    def of_split(self, split: str) -> Disturbance:
        """The disturbance of one of the splits.

        Args:
            split: The split.

        Raises:
            ValueError: If there is no such split.
        """
        return self.describe(of_split(self.cfg.params["splits"], split))

    @abstractmethod
    def describe(self, tasks: Any) -> Disturbance:
        """What may happen.

        Args:
            tasks: Entry of the param ``splits``.
        """

    @abstractmethod
    def row(self, decision: Any) -> list[float]:
        """What a decision means for one environment.

        Args:
            decision: As the disturbance decides.
        """

    @abstractmethod
    def apply(self, env_ids: torch.Tensor) -> None:
        """Disturb the robots of some environments as :attr:`rows` say, and leave them alone where these are zero.

        Args:
            env_ids: The environments.
        """

    def report(self) -> torch.Tensor:
        """What ``extras`` say. The first axis is that of the environments."""
        return self.rows

    def set_rows(self, rows: torch.Tensor, env_ids: torch.Tensor) -> None:
        """Disturb the robots of some environments in another way than before.

        Args:
            rows: The new rows. Shape is (len(env_ids), size).
            env_ids: The environments.
        """
        # What extras said of the last episode stays.
        self.rows = self.rows.clone()
        self.rows[env_ids] = rows
        self.apply(env_ids)
        self._env.extras[self.disturbance.option] = self.report()

    def decided_rows(self) -> torch.Tensor | None:
        """Rows for all environments, as the option of the reset decides them; None without it.

        Raises:
            ValueError: If its value makes no sense.
        """
        rows = decided(self._env, self.disturbance.option, lambda one: self.row(self.disturbance.decide(one)))
        return None if rows is None else torch.tensor(rows, device=self.device)

    def indices(self, env_ids: torch.Tensor | slice | None) -> torch.Tensor:
        """Indices of environments.

        Args:
            env_ids: Which ones, None for all.
        """
        everyone = torch.arange(self.num_envs, device=self.device)
        return everyone if env_ids is None else everyone[env_ids]


def disturbance_events(env: Any) -> list[DisturbanceEvent]:
    """The disturbances of an environment.

    Args:
        env: The environment.
    """
    return [event for event in reset_events(env, object) if isinstance(event, DisturbanceEvent)]
