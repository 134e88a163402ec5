"""What a legged robot is asked to do."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from sb3_memaug.robots import Motion
from sb3_memaug.symmetry import Reflection, Term


class Task(ABC):
    """
    A command, how it is observed, and what is rewarded. A task knows no simulator and no robot but by its motion.

    A robot starts near the origin of the world, looking along its x axis.
    """

    #: The terms that the command adds to the observation.
    terms: tuple[Term, ...]
    #: s since the episode's start; the environment keeps it.
    time: float = 0.0

    @abstractmethod
    def reset(self, rng: np.random.Generator) -> None:
        """
        Draw a new command, from a distribution that is closed under the robot's reflections.

        :param rng: source of randomness
        """

    @abstractmethod
    def reflect(self, reflection: Reflection) -> None:
        """
        Replace the command by its mirror image.

        :param reflection: of the robot
        """

    @abstractmethod
    def observe(self, motion: Motion) -> np.ndarray:
        """
        :param motion: of the robot
        :return: the entries of :attr:`terms`
        """

    @abstractmethod
    def rewards(self, motion: Motion, action: np.ndarray, previous_action: np.ndarray) -> dict[str, float]:
        """
        :param motion: of the robot after the step
        :param action: of this step, within the action space
        :param previous_action: of the step before
        :return: weighted reward terms by name
        """

    def measure(self, motion: Motion) -> dict[str, float]:
        """
        :param motion: of the robot
        :return: what ``info`` tells beside the rewards, to be looked at after an episode
        """
        return {}
