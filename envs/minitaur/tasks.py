"""The minitaur's registered environments: what it is asked to do, and what may hamper it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from sb3_memaug.wrappers import JointFailure, MirrorSpec, Payload

from ..splits import of_split, with_all
from ..tasks import task_class
from .anatomy import LEGS, SIDES, motor
from .minitaur_env import MinitaurEnv

#: Motors that fail in each split: in distribution is the left front leg.
JOINT_SPLITS = with_all(
    [motor("front_left", side) for side in SIDES],
    [motor(leg, side) for leg in LEGS if leg != "front_left" for side in SIDES],
)

#: kg, of a payload on a robot of 6 kg. A policy that never carried one walks on with 1 kg and hardly moves with 4. From
#: 2 to 4 kg would be too little: who learned to carry that at one corner carries it at the others as well.
PAYLOAD_MASS = (3.0, 6.0)
#: m, from the middle of the base to its front and its side, and to its top, on which the payload lies.
PAYLOAD_X, PAYLOAD_Y, PAYLOAD_Z = 0.16, 0.1, 0.035
_FRONT, _BACK, _LEFT, _RIGHT = (0.0, PAYLOAD_X), (-PAYLOAD_X, 0.0), (0.0, PAYLOAD_Y), (-PAYLOAD_Y, 0.0)
#: Sections of the base that payloads lie in in each split: in distribution is the left front one.
PAYLOAD_SPLITS = with_all(
    [{"x": _FRONT, "y": _LEFT}],
    [{"x": _BACK, "y": _LEFT}, {"x": _FRONT, "y": _RIGHT}, {"x": _BACK, "y": _RIGHT}],
)


def minitaur(simulator: str, goal: str, task: Mapping[str, Any] | None = None, **kwargs: Any) -> gym.Env:
    """
    :param simulator: ``"bullet"`` or ``"mujoco"``
    :param goal: ``"velocity"`` or ``"position"``
    :param task: arguments of :class:`~sb3_memaug.envs.tasks.VelocityTask` or
        :class:`~sb3_memaug.envs.tasks.PositionTask`
    :param kwargs: arguments of :class:`~sb3_memaug.envs.minitaur.minitaur_env.MinitaurEnv`
    :return: the environment, with its symmetry group
    :raises ValueError: if there is no such goal or simulator
    """
    return MirrorSpec(MinitaurEnv(simulator, task_class(goal)(**(task or {})), **kwargs))


def joint_failure(split: str = "id", probability: float = 0.8, strength: float = 0.0, **kwargs: Any) -> gym.Env:
    """
    A motor may have failed.

    :param split: whose motors fail: ``"id"``, the left front leg's; ``"ood"``, those of the others; or ``"all"``
    :param probability: that a motor fails in an episode
    :param strength: of a failed motor, relative to a healthy one
    :param kwargs: as for :func:`minitaur`
    :return: the environment, with its symmetry group
    :raises ValueError: if the split is unknown
    """
    motors = of_split(JOINT_SPLITS, split)
    return JointFailure(minitaur(**kwargs), motors, probability=probability, strength=strength)


def payload(
    split: str = "id", probability: float = 0.8, mass: tuple[float, float] = PAYLOAD_MASS, **kwargs: Any
) -> gym.Env:
    """
    A payload may lie somewhere on the base.

    :param split: in which sections: ``"id"``, the left front one; ``"ood"``, the others; or ``"all"``
    :param probability: that there is a payload in an episode
    :param mass: range of its mass in kg
    :param kwargs: as for :func:`minitaur`
    :return: the environment, with its symmetry group
    :raises ValueError: if the split is unknown
    """
    sections = of_split(PAYLOAD_SPLITS, split)
    return Payload(minitaur(**kwargs), mass=mass, z=PAYLOAD_Z, sections=sections, probability=probability)
