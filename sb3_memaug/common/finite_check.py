"""Stopping a training before a number that is none reaches the policy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback


class FiniteCheck(BaseCallback):
    """
    Refuses a rollout with an observation or a reward that is not finite, and names the environment.
    """

    def _on_step(self) -> bool:
        """
        :return: True, to go on
        :raises ValueError: if an observation or a reward is not finite
        """
        _refuse_non_finite("reward", self.locals["rewards"])
        observations = self.locals["new_obs"]
        named = observations.items() if isinstance(observations, Mapping) else [("", observations)]
        for key, values in named:
            _refuse_non_finite(f"observation {key!r}" if key else "observation", values)
        return True


def _refuse_non_finite(what: str, values: np.ndarray) -> None:
    if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
        envs = np.unique(np.nonzero(~np.isfinite(values))[0])
        raise ValueError(
            f"the {what} of environment {envs.tolist()} is not finite: the simulation diverged, or a reward divides by "
            "zero. Nothing was learned from this rollout, and the last checkpoint is still good"
        )
