"""Stopping a training before a number that is none reaches the policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch as th
from stable_baselines3.common.callbacks import BaseCallback


class FiniteCheck(BaseCallback):
    """
    Refuses a rollout with an observation or a reward that is not finite, and names the environment: at each step where
    they come as arrays, at the end of the rollout where they are on a device.
    """

    def _on_step(self) -> bool:
        """
        :return: True, to go on
        :raises ValueError: if an observation or a reward is not finite
        """
        if not isinstance(self.locals["dones"], th.Tensor):
            _refuse_non_finite(self.locals["rewards"], self.locals["new_obs"], env_axis=0)
        return True

    def _on_rollout_end(self) -> None:
        """
        :raises ValueError: if an observation or a reward of the rollout is not finite
        """
        if isinstance(self.locals["dones"], th.Tensor):
            buffer = self.locals["rollout_buffer"]
            _refuse_non_finite(buffer.rewards, buffer.observations, env_axis=1)
            # The last observations stand in no buffer, but their values are in the advantages.
            _refuse_non_finite(self.locals["rewards"], self.locals["new_obs"], env_axis=0)


def _refuse_non_finite(rewards: Any, observations: Any, env_axis: int) -> None:
    by_name = {"reward": rewards}
    if isinstance(observations, Mapping):
        by_name |= {f"observation {key!r}": values for key, values in observations.items()}
    else:
        by_name["observation"] = observations
    tensors = {name: th.as_tensor(values) for name, values in by_name.items()}
    if th.stack([x.isfinite().all() for x in tensors.values()]).all():
        return
    for name, x in tensors.items():
        if not x.isfinite().all():
            envs = (~x.isfinite()).nonzero()[:, env_axis].unique().tolist()
            raise ValueError(
                f"the {name} of environment {envs} is not finite: the simulation diverged, or a reward divides by "
                "zero. Nothing was learned from this rollout, and the last checkpoint is still good"
            )
