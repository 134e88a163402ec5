"""Letting an environment go on from a given situation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sb3_memaug.checks.situations import Situation
from sb3_memaug.checks.subject import Subject

#: What is compared of an episode.
PARTS = ("observation", "reward", "state")
#: Where the state's quaternion is.
ORIENTATION = slice(3, 7)


@dataclass(frozen=True, eq=False)
class Trace:
    """
    An episode from a given situation.

    :param parts: after each step, the numbers of each of :data:`PARTS`, (n_steps, size)
    :param terminated: whether the last step ended the episode
    :param reward_terms: of each step, as far as ``info`` tells them
    """

    parts: Mapping[str, np.ndarray]
    terminated: bool
    reward_terms: tuple[Mapping[str, float], ...]

    def __len__(self) -> int:
        return len(self.parts["state"])

    def reflected(self, subject: Subject, element: str) -> Trace:
        """
        :param subject: whose episode it is
        :param element: of its group, by its name
        :return: the mirror image
        """
        observation = subject.layout.observation_map(subject.group[element]).apply(self.parts["observation"])
        state = subject.reflect_states(self.parts["state"], element)
        return replace(self, parts={"observation": observation, "reward": self.parts["reward"], "state": state})

    def turned_like(self, other: Trace) -> Trace:
        """
        :param other: an episode
        :return: the same episode, of the two quaternions of each orientation the one that is nearer to the other's
        """
        n = min(len(self), len(other))
        states = self.parts["state"].copy()
        turns = np.einsum("ij,ij->i", states[:n, ORIENTATION], other.parts["state"][:n, ORIENTATION])
        states[:n, ORIENTATION] *= np.where(turns < 0, -1, 1)[:, None]
        return replace(self, parts={**self.parts, "state": states})


def run(subject: Subject, situation: Situation, element: str = "identity") -> Trace:
    """
    :param subject: under examination; its motors and its base are left as they were
    :param situation: what to start from, and the actions
    :param element: of the group, by its name, under which the environment is to draw its command
    :return: what happened, to the end of the episode or as long as all numbers are finite
    """
    env, layout = subject.env, subject.layout
    subject.reset(situation.seed, element)
    robot = subject.robot
    rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    reward_terms: list[dict[str, float]] = []
    terminated = False
    # What nothing befalls need not be able to bear it.
    fails, pushed = bool((situation.strength != 1).any()), bool(situation.force.any())
    robot.set_state(situation.state)
    try:
        if fails:
            robot.set_motor_strength(situation.strength)
        if pushed:
            robot.set_base_force(situation.force, situation.point)
        for action in situation.actions:
            observation, reward, terminated, truncated, info = env.step(action)
            row = (
                layout.observation_row(observation),
                np.array([float(reward)]),
                layout.state_row(subject.robot.get_state()),
            )
            if not all(np.isfinite(numbers).all() for numbers in row):
                terminated = False
                break
            rows.append(row)
            reward_terms.append(_reward_terms(info))
            if terminated or truncated:
                break
    finally:
        if fails:
            robot.set_motor_strength(np.ones_like(situation.strength))
        if pushed:
            robot.set_base_force(np.zeros(3), np.zeros(3))
    if not rows:
        raise ValueError(f"{env} observes or rewards something that is not finite, one step after {situation.state}")
    parts = dict(zip(PARTS, map(np.array, zip(*rows, strict=True)), strict=True))
    return Trace(parts, bool(terminated), tuple(reward_terms))


def _reward_terms(info: Mapping[str, Any]) -> dict[str, float]:
    """As this library's environments list them, and as Gymnasium's do."""
    listed = info.get("rewards")
    terms = {**(listed if isinstance(listed, Mapping) else {}), **{k: v for k, v in info.items() if "reward_" in k}}
    return {name: float(value) for name, value in terms.items() if np.ndim(value) == 0}
