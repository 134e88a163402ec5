"""Last observations of episodes that a time limit cut short, from the infos of environments on the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch as th

from sb3_memaug.vec_env.finite_check import by_name, refuse_non_finite


class LastObservations(NamedTuple):
    """
    :param observations: arrays of shape (n, …), or a dict of them
    :param envs: of each, (n,)
    """

    observations: Any
    envs: th.Tensor


def last_observations(dones: np.ndarray, infos: list[dict[str, Any]]) -> LastObservations | None:
    """
    :param dones: whether an episode ended, (n_envs,)
    :param infos: one for each environment
    :return: those of the episodes that would have gone on; None if there are none
    """
    envs = [
        i
        for i in np.flatnonzero(dones).tolist()
        if infos[i].get("TimeLimit.truncated", False) and infos[i].get("terminal_observation") is not None
    ]
    if not envs:
        return None
    last = [infos[i]["terminal_observation"] for i in envs]
    stacked = (
        {key: np.stack([observation[key] for observation in last]) for key in last[0]}
        if isinstance(last[0], Mapping)
        else np.stack(last)
    )
    return LastObservations(stacked, th.as_tensor(envs))


def refuse_non_finite_step(observations: Any, rewards: np.ndarray, last: LastObservations | None) -> None:
    """
    :param observations: after a step of environments on the host, (n_envs, …), or a dict of them
    :param rewards: for it, (n_envs,)
    :param last: of the episodes that it cut short
    :raises NotFiniteError: if a number is not finite in float32
    """
    refuse_non_finite(by_name("observation", observations))
    if last is not None:
        refuse_non_finite(by_name("last observation", last.observations), last.envs)
    refuse_non_finite({"reward": rewards})
