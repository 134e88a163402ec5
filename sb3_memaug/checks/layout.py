"""The numbers of an observation, an action and a robot's state, one after the other, and what to call them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from sb3_memaug.robots import RobotState
from sb3_memaug.symmetry import Mirror, SignedPermutation, Term
from sb3_memaug.symmetry.terms import quantities


class Stretch(NamedTuple):
    """
    Numbers in a row with one meaning.

    :param label: what they are called
    :param size: how many
    :param names: of what they belong to, as joints or bodies, the same number of numbers for each; may be empty
    """

    label: str
    size: int
    names: tuple[str, ...] = ()


class Quantity(NamedTuple):
    """
    What is observed, wherever in the row it stands.

    :param label: what it is called
    :param term: all of it as one term
    :param entries: of the row
    """

    label: str
    term: Term
    entries: list[int]


class Layout:
    """
    One row of all that an environment observes, and one of its robot's state. Images are left out.

    :param env: with the attributes ``observation_terms`` and ``action_terms``
    :param joint_names: of its robot
    """

    def __init__(self, env: gym.Env, joint_names: Sequence[str]) -> None:
        terms: Sequence[Term] | Mapping[str, Sequence[Term]] = env.get_wrapper_attr("observation_terms")
        actions: Sequence[Term] = env.get_wrapper_attr("action_terms")
        by_key = terms if isinstance(terms, Mapping) else {"": terms}
        self._keys = [key for key, group in by_key.items() if group[0].kind != "image"]
        #: What is observed: its label, as one term, and its entries in the row.
        self.quantities = _quantities({key: by_key[key] for key in self._keys})
        joints = tuple(joint_names)
        #: What there is, by the part that it belongs to.
        self.stretches: dict[str, list[Stretch]] = {
            "observation": [
                Stretch(f"{key}/{term.name}" if key else term.name, term.size, term.names)
                for key in self._keys
                for term in by_key[key]
            ],
            "reward": [Stretch("reward", 1)],
            "state": [
                Stretch(field, size, names)
                for field, size, names in zip(
                    RobotState._fields,
                    (3, 4, 3, 3, len(joints), len(joints)),
                    ((), (), (), (), joints, joints),
                    strict=True,
                )
            ],
            "action": [Stretch(term.name, term.size, term.names) for term in actions],
        }

    def observation_row(self, observation: Any) -> np.ndarray:
        """
        :param observation: of the environment
        :return: its numbers in float64, (size,)
        """
        parts = [observation[key] if key else observation for key in self._keys]
        return np.concatenate([np.zeros(0), *(np.asarray(part, dtype=np.float64).ravel() for part in parts)])

    def observation_map(self, mirror: Mirror) -> SignedPermutation:
        """
        :param mirror: an element of the environment's group
        :return: how it acts on rows of observations
        """
        by_key = mirror.by_key()
        transforms = [by_key[key] for key in self._keys]
        return SignedPermutation.concatenate(t for t in transforms if isinstance(t, SignedPermutation))

    @staticmethod
    def state_row(state: RobotState) -> np.ndarray:
        """
        :param state: of the robot
        :return: its numbers, (size,)
        """
        return np.concatenate(state)

    @staticmethod
    def state(row: np.ndarray) -> RobotState:
        """
        :param row: as :meth:`state_row` makes it
        :return: the state again
        """
        n_joints = (len(row) - 13) // 2
        return RobotState(*np.split(row, np.cumsum([3, 4, 3, 3, n_joints])))

    def terms_of(self, part: str) -> np.ndarray:
        """
        :param part: ``"observation"``, ``"reward"``, ``"state"`` or ``"action"``
        :return: for each of its numbers, the index of the stretch that it belongs to, (size,)
        """
        sizes = [stretch.size for stretch in self.stretches[part]]
        return np.repeat(np.arange(len(sizes)), sizes)

    def name(self, part: str, i: int) -> str:
        """
        :param part: ``"observation"``, ``"reward"``, ``"state"`` or ``"action"``
        :param i: index of one of its numbers
        :return: its stretch, its index there, and what it belongs to: ``joint_velocities[7] LF_KFE``
        """
        for label, size, names in self.stretches[part]:
            if i < size:
                owner = f" {names[i * len(names) // size]}" if names else ""
                return label if part == "reward" else f"{label}[{i}]{owner}"
            i -= size
        raise IndexError(i)

    def ranges(self, part: str, chosen: np.ndarray) -> list[str]:
        """
        :param part: ``"observation"``, ``"reward"``, ``"state"`` or ``"action"``
        :param chosen: which of its numbers to name, (size,)
        :return: stretch by stretch: ``contact_forces[0-5, 12-17]``
        """
        names = []
        for k, stretch in enumerate(self.stretches[part]):
            mine = np.flatnonzero(chosen[self.terms_of(part) == k])
            runs = np.split(mine, np.flatnonzero(np.diff(mine) > 1) + 1)
            inside = ", ".join(f"{run[0]}-{run[-1]}" if run.size > 1 else f"{run[0]}" for run in runs if run.size)
            names += [f"{stretch.label}[{inside}]"] if inside else []
        return names

    def mistake(self, part: str, i: int, declared: tuple[int, int], found: tuple[int, int]) -> str:
        """
        :param part: ``"observation"`` or ``"action"``
        :param i: index of one of its numbers
        :param declared: index and sign of the number that it mirrors, as the group says
        :param found: index and sign of the number that it does mirror
        :return: what is wrong: ``joint_velocities[7] LF_KFE: sign``
        """
        if found[0] == declared[0]:
            return f"{self.name(part, i)}: sign"
        sign = "-" if found[1] < 0 else ""
        return f"{self.name(part, i)}: mirrors {sign}{self.name(part, found[0])}, not {self.name(part, declared[0])}"


def _quantities(terms: Mapping[str, Sequence[Term]]) -> list[Quantity]:
    found, start = [], 0
    for key, group in terms.items():
        for term, entries in quantities(group):
            label = f"{key}/{term.name}" if key else term.name
            found.append(Quantity(label, term, [start + i for i in entries]))
        start += sum(term.size for term in group)
    return found
