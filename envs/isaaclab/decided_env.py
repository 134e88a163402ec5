"""Isaac Lab's environment, whose resets may decide what chance would."""

from __future__ import annotations

from typing import Any

import torch
from isaaclab.envs import ManagerBasedRLEnv


class DecidedEnv(ManagerBasedRLEnv):
    """An environment that hands the options of a reset to its events, see :mod:`sb3_memaug.envs.isaaclab.decisions`.

    Resets in the course of a step, where an episode ends, have no options.
    """

    #: Those of the reset at work.
    reset_options: dict[str, Any] | None = None

    def reset(
        self,
        env_ids: torch.Tensor | slice | None = None,
        *,
        seed: int | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        self.reset_options = options
        try:
            return super().reset(env_ids, seed=seed, options=options)
        finally:
            self.reset_options = None
