"""The minitaur's registered environments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from sb3_memaug.wrappers import JointFailure, MirrorSpec

from ..velocity import VelocityTask
from .anatomy import LEGS, SIDES, motor
from .minitaur_env import MinitaurEnv

#: Motors that fail in each split: in distribution is the left front leg.
JOINT_SPLITS = {
    "id": [motor("front_left", side) for side in SIDES],
    "ood": [motor(leg, side) for leg in LEGS if leg != "front_left" for side in SIDES],
}
JOINT_SPLITS["all"] = JOINT_SPLITS["id"] + JOINT_SPLITS["ood"]


def velocity(simulator: str, task: Mapping[str, Any] | None = None, **kwargs: Any) -> gym.Env:
    """
    Walk at a commanded velocity.

    :param simulator: ``"bullet"`` or ``"mujoco"``
    :param task: arguments of :class:`~sb3_memaug.envs.velocity.VelocityTask`
    :param kwargs: arguments of :class:`~sb3_memaug.envs.minitaur.minitaur_env.MinitaurEnv`
    :return: the environment, with its symmetry group
    """
    return MirrorSpec(MinitaurEnv(simulator, VelocityTask(**(task or {})), **kwargs))


def velocity_joint_failure(
    simulator: str, split: str = "id", probability: float = 0.8, strength: float = 0.0, **kwargs: Any
) -> gym.Env:
    """
    Walk at a commanded velocity with a motor that may have failed.

    :param simulator: ``"bullet"`` or ``"mujoco"``
    :param split: whose motors fail: ``"id"``, the left front leg's; ``"ood"``, those of the others; or ``"all"``
    :param probability: that a motor fails in an episode
    :param strength: of a failed motor, relative to a sound one
    :param kwargs: as for :func:`velocity`
    :return: the environment, with its symmetry group
    :raises ValueError: if the split is unknown
    """
    if split not in JOINT_SPLITS:
        raise ValueError(f"`split` must be one of {list(JOINT_SPLITS)}, got {split!r}")
    env = velocity(simulator, **kwargs)
    return JointFailure(env, JOINT_SPLITS[split], probability=probability, strength=strength)
