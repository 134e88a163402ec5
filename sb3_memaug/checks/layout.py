"""The entries of an observation, one after the other, and what to call them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from sb3_memaug.symmetry import Mirror, SignedPermutation, Term


class Layout:
    """
    One vector of all that an environment observes, and how mirrors act on it. Images are left out.

    :param env: with the attribute ``observation_terms``
    """

    def __init__(self, env: gym.Env) -> None:
        terms: Sequence[Term] | Mapping[str, Sequence[Term]] = env.get_wrapper_attr("observation_terms")
        space = env.observation_space
        groups = {"": terms} if not isinstance(terms, Mapping) else {key: terms[key] for key in _keys(space)}
        self._groups = {key: group for key, group in groups.items() if group[0].kind != "image"}
        #: Term of each entry, and its index in it.
        self.entries = [(term, i) for group in self._groups.values() for term in group for i in range(term.size)]

    def vector(self, observation: Any) -> np.ndarray:
        """
        :param observation: of the environment
        :return: its entries in float64, (size,)
        """
        parts = [observation[key] if key else observation for key in self._groups]
        return np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in parts])

    def transform(self, mirror: Mirror) -> SignedPermutation:
        """
        :param mirror: an element of the environment's group
        :return: how it acts on the entries
        """
        acts = mirror.observation
        transforms = [acts[key] if isinstance(acts, Mapping) else acts for key in self._groups]
        return SignedPermutation.concatenate(t for t in transforms if isinstance(t, SignedPermutation))

    def name(self, i: int) -> str:
        """
        :param i: index of an entry
        :return: its term and its index there, and the part that it belongs to: ``joint_velocities[7] LF_KFE``
        """
        term, index = self.entries[i]
        part = f" {term.names[index * len(term.names) // term.size]}" if term.names else ""
        return f"{term.name}[{index}]{part}"


def _keys(space: spaces.Space) -> list[str]:
    assert isinstance(space, spaces.Dict)
    return list(space.spaces)
