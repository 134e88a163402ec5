"""Letting an environment go on from a given situation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

from sb3_memaug.checks.layout import Layout
from sb3_memaug.checks.situations import Situation
from sb3_memaug.robots import Robot, RobotState

#: Mirrors what an environment that we do not know draws by itself at reset, as its command, by the element's name.
CommandMirror = Callable[[gym.Env, str], None]


@dataclass(frozen=True, eq=False)
class Trace:
    """
    An episode from a given situation.

    :param observations: after each step, (n_steps, size)
    :param rewards: of each step, (n_steps,)
    :param terminated: whether each step ended the episode, (n_steps,); nothing after it is recorded
    :param states: after each step: what :func:`state_vector` makes of them, (n_steps, size)
    """

    observations: np.ndarray
    rewards: np.ndarray
    terminated: np.ndarray
    states: np.ndarray

    def __len__(self) -> int:
        return len(self.rewards)


def run(
    env: gym.Env,
    robot: Robot,
    layout: Layout,
    situation: Situation,
    element: str = "identity",
    mirror_command: CommandMirror | None = None,
) -> Trace:
    """
    :param env: with the robot
    :param robot: put into the situation's state, with its failure and its push
    :param layout: of the observations
    :param situation: what to start from, and the actions
    :param element: of the group, by its name, under which the environment is to draw its command
    :param mirror_command: does so for environments without the reset option ``mirror``
    :return: what happened
    """
    options: dict[str, Any] = {"failed_joint": None, "payload": None}
    if hasattr(env.unwrapped, "reflections"):
        options["mirror"] = element
    env.reset(seed=situation.seed, options=options)
    if mirror_command is not None and element != "identity":
        mirror_command(env, element)
    robot.set_state(situation.state)
    robot.set_motor_strength(situation.strength)
    robot.set_base_force(np.array((0.0, 0.0, -situation.push)), situation.point)
    rows: list[tuple[np.ndarray, float, bool, np.ndarray]] = []
    for action in situation.actions:
        observation, reward, terminated, truncated, _ = env.step(action)
        rows.append((layout.vector(observation), float(reward), terminated, state_vector(robot)))
        if terminated or truncated:
            break
    robot.set_motor_strength(np.ones_like(situation.strength))
    robot.set_base_force(np.zeros(3), np.zeros(3))
    observations, rewards, ends, states = zip(*rows, strict=True)
    return Trace(np.array(observations), np.array(rewards), np.array(ends), np.array(states))


def state_vector(robot: Robot) -> np.ndarray:
    """
    :param robot: of an environment
    :return: its state in one vector: base, joint positions, joint velocities
    """
    return np.concatenate(robot.get_state())


def state_of(vector: np.ndarray) -> RobotState:
    """
    :param vector: as :func:`state_vector` makes it
    :return: the state again
    """
    n_joints = (len(vector) - 13) // 2
    return RobotState(*np.split(vector, np.cumsum([3, 4, 3, 3, n_joints])))
