"""Recorders of episodes: how feet are lifted and put down, where a robot walks and where it sets its feet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import gymnasium as gym
import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug.evaluation.episodes import Episode
from sb3_memaug.evaluation.trials import Trial, open_trials
from sb3_memaug.robots import Robot, find_robot

if TYPE_CHECKING:
    import pandas as pd


class Gait(NamedTuple):
    """
    Two metrics of the paper (A.2.2), at control steps; None where it is not known what the feet touch.

    :param air_time: in s that feet were off the ground, summed over them; None as well where the environment does not
        tell the length of a control step as ``env.unwrapped.dt``
    :param touchdowns: how often a foot that was off the ground touched it again
    """

    air_time: float | None = None
    touchdowns: int | None = None


class GaitRecorder:
    """Measures the gait of each episode; see :class:`~sb3_memaug.evaluation.episodes.Recorder`."""

    def __init__(self) -> None:
        self._feet: list[_Feet | None] = []

    @property
    def gaits(self) -> list[Gait]:
        """Of each episode, so far."""
        return [Gait() if feet is None else feet.gait for feet in self._feet]

    def begin(self, envs: Sequence[Any], episodes: Sequence[Episode]) -> None:
        robots = map(robot_with_feet, envs)
        self._feet = [
            None if robot is None else _Feet(robot, getattr(env.unwrapped, "dt", None))
            for robot, env in zip(robots, envs, strict=True)
        ]

    def after_step(self, index: int, memory: tuple[np.ndarray, ...] | None) -> None:
        feet = self._feet[index]
        if feet is not None:
            feet.after_step()


class _Feet:
    def __init__(self, robot: Robot, dt: float | None) -> None:
        self._robot, self._dt = robot, dt
        self._touching = robot.foot_contacts()
        self._steps_in_the_air = self._touchdowns = 0

    def after_step(self) -> None:
        before, self._touching = self._touching, self._robot.foot_contacts()
        self._steps_in_the_air += int(np.count_nonzero(~self._touching))
        self._touchdowns += int(np.count_nonzero(self._touching & ~before))

    @property
    def gait(self) -> Gait:
        return Gait(None if self._dt is None else self._steps_in_the_air * float(self._dt), self._touchdowns)


def robot_with_feet(env: gym.Env) -> Robot | None:
    """
    :param env: wrapped or not
    :return: its robot, if it has one with feet, and the simulator can tell what they touch
    """
    try:
        robot = find_robot(env)
        robot.foot_contacts()
    except (ValueError, NotImplementedError):
        return None
    return robot if robot.foot_names else None


def record_trajectories(
    model: BaseAlgorithm,
    env_id: str,
    policy: str,
    training_seed: int,
    seeds: Sequence[int] = (1000,),
    mirrors: Sequence[str] = ("identity",),
    env_kwargs: Mapping[str, Any] | None = None,
    normalizer: VecNormalize | None = None,
) -> pd.DataFrame:
    """
    Run an episode of each variation under each mirror from each seed, with mean actions.

    :param model: any SB3 model
    :param env_id: of a registered environment with a robot that :func:`~sb3_memaug.robots.find_robot` finds, and the
        attribute ``dt``, the length of a control step in s
    :param policy: what to call the model
    :param training_seed: that it was trained with
    :param seeds: of the episodes
    :param mirrors: elements of the environment's symmetry group by which the start is reflected
    :param env_kwargs: for ``gymnasium.make``
    :param normalizer: of the observations that the model was trained on
    :return: a row for each control step, after it: ``env``, ``policy``, ``training_seed``, ``split``, ``kind``,
        ``variation``, ``joints``, ``place``, ``seed``, ``mirror``; ``time`` in s; ``x`` and ``y`` of the base in m and
        its ``heading`` in rad, in the world; for each foot, where the simulator can tell, whether it touches anything,
        ``contact_FOOT``, and its place, ``x_FOOT`` and ``y_FOOT``; the target of the task, ``target_x`` and
        ``target_y``, NaN where there is none
    :raises ValueError: if there is no robot, its control step is not known, or no episode can start under a mirror
    """
    import pandas as pd

    watcher = _PathRecorder()
    with open_trials(env_id, env_kwargs) as trials:
        chosen = [Trial(*trial) for trial in product(trials.variations, seeds, mirrors)]
        trials.run(model, chosen, normalizer=normalizer, watchers=(watcher,))
    which = {"env": env_id, "policy": policy, "training_seed": training_seed}
    return pd.DataFrame(
        {**which, **variation.columns(), "seed": seed, "mirror": mirror, **row}
        for (variation, seed, mirror), path in zip(chosen, watcher.paths, strict=True)
        for row in path
    )


class _PathRecorder:
    def __init__(self) -> None:
        self.paths: list[list[dict[str, Any]]] = []

    def begin(self, envs: Sequence[Any], episodes: Sequence[Episode]) -> None:
        self.paths = [[] for _ in envs]
        self._robots = [find_robot(env) for env in envs]
        self._dt = [_control_step(env) for env in envs]
        tasks = [getattr(env.unwrapped, "task", env.unwrapped) for env in envs]
        self._targets = [getattr(task, "target", (np.nan, np.nan)) for task in tasks]

    def after_step(self, index: int, memory: tuple[np.ndarray, ...] | None) -> None:
        robot, path = self._robots[index], self.paths[index]
        motion, target = robot.get_motion(), self._targets[index]
        x, y, _ = motion.position
        path.append(
            {
                "time": (len(path) + 1) * self._dt[index],
                **{"x": x, "y": y, "heading": motion.heading},
                **_feet(robot),
                **{"target_x": float(target[0]), "target_y": float(target[1])},
            }
        )


def _control_step(env: gym.Env) -> float:
    dt = getattr(env.unwrapped, "dt", None)
    if dt is None:
        raise ValueError(f"expected the length of a control step in s as the attribute `dt` of {env.unwrapped}")
    return float(dt)


def _feet(robot: Robot) -> dict[str, Any]:
    try:
        contacts, positions = robot.foot_contacts().tolist(), robot.foot_positions().tolist()
    except NotImplementedError:
        return {}
    row: dict[str, Any] = {}
    for name, contact, (x, y, _) in zip(robot.foot_names, contacts, positions, strict=True):
        row |= {f"contact_{name}": contact, f"x_{name}": x, f"y_{name}": y}
    return row
