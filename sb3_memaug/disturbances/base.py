"""What every disturbance can do, whatever simulates the robot."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from sb3_memaug.disturbances.place import Places
from sb3_memaug.disturbances.variation import OPTIONS, Variation
from sb3_memaug.symmetry import Term


class Disturbance(ABC):
    """
    What may disturb a robot in an episode. It holds no simulator: a Gymnasium wrapper
    (:class:`~sb3_memaug.wrappers.disturbance.DisturbanceWrapper`) or an event of Isaac Lab applies it.
    """

    #: One of :data:`~sb3_memaug.disturbances.variation.OPTIONS`.
    kind: str

    @property
    def option(self) -> str:
        """The key of ``reset(options=…)`` that decides it instead of chance."""
        return OPTIONS[self.kind]

    @abstractmethod
    def decide(self, given: Any) -> Any:
        """
        :param given: the value of the option for one environment
        :return: the same as :meth:`draw` takes it; not None
        :raises ValueError: if it is no such value
        """

    @abstractmethod
    def draw(self, rng: np.random.Generator, decision: Any) -> Any:
        """
        :param rng: of the environment
        :param decision: from :meth:`decide`, None leaves it to chance
        :return: what disturbs the robot in an episode, None if nothing does
        """

    @abstractmethod
    def variations(self, split: str, places: Places) -> list[Variation]:
        """
        :param split: that this disturbance is of
        :param places: of the robot
        :return: each way in which it may disturb the robot, as the variations of a task
        """

    @property
    @abstractmethod
    def terms(self) -> tuple[Term, ...]:
        """What the numbers are that say how it disturbs a robot, by which they are mirrored."""


def each_of(options: Mapping[str, Any], option: str, n_envs: int) -> list[Any] | None:
    """
    :param options: of a reset of several environments
    :param option: one that has a value for all of them, or a list with one entry for each
    :param n_envs: how many environments there are
    :return: the value for each environment; None without this option
    :raises ValueError: if the list has another length
    """
    if option not in options:
        return None
    given = options[option]
    each = given if isinstance(given, list) else [given] * n_envs
    if len(each) != n_envs:
        raise ValueError(f"options[{option!r}] must be a list with one entry for each of {n_envs}, got {given!r}")
    return each
