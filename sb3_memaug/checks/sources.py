"""Which number of the observation a number of the mirrored observation follows, if not the one that it should."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sb3_memaug.checks.comparison import RESEMBLANCE, Pair
from sb3_memaug.symmetry import SignedPermutation

#: Fewest episodes in which a number must move to tell whom it follows: in one contact it resembles many others. It does
#: not where it moves less than so much of how it moves in another.
FEWEST, STILL = 3, 0.01
#: Error relative to its size from which on a number does not follow another, not even roughly.
UNLIKE = 0.5


class Source(NamedTuple):
    """
    :param number: that is followed, by its index
    :param sign: of it
    :param offset: added to it
    """

    number: int
    sign: int
    offset: float


class Sources:
    """
    :param pairs: of the mirror images of episodes and the mirrored episodes
    :param lengths: for how many steps to look at each pair
    :param transform: how the mirror acts on observations
    """

    def __init__(self, pairs: Sequence[Pair], lengths: Sequence[int], transform: SignedPermutation) -> None:
        images, self._mirrored = (
            np.concatenate([pair[k].parts["observation"][:n] for n, pair in zip(lengths, pairs, strict=True)])
            for k in (0, 1)
        )
        self._originals = transform.inverse().apply(images)
        self._episodes = np.repeat(np.arange(len(pairs)), lengths)
        self._transform = transform

    def find(self, i: int) -> Source | None:
        """
        :param i: index of a number
        :return: what it follows, up to an offset; of several numbers the one nearest to where it should be
        """
        errors = self._errors(i)
        declared = (self._transform.permutation[i], self._transform.signs[i])
        alike = [key for key, error in errors.items() if error < RESEMBLANCE]
        if errors.get(declared, 0.0) < UNLIKE:
            alike = [key for key in alike if key == declared]
        if not alike:
            return None
        j, sign = min(alike, key=lambda key: abs(key[0] - declared[0]))
        return Source(j, sign, float(np.median(self._mirrored[:, i]) - sign * np.median(self._originals[:, j])))

    def _errors(self, i: int) -> dict[tuple[int, int], float]:
        """
        Of each number and sign that a number may follow, relative to how much that moves in each episode: the one in
        which the robot stumbles shall not decide alone.
        """
        # Medians, because what a number is at rest is no movement, also where it moves in few episodes.
        values = self._mirrored[:, i] - np.median(self._mirrored[:, i])
        sizes = self._by_episode(values)
        moving = np.flatnonzero(sizes > STILL * sizes.max())
        if moving.size < FEWEST:
            return {}
        columns = self._originals - np.median(self._originals, axis=0)
        errors: dict[tuple[int, int], float] = {}
        for sign in (1, -1):
            relative = self._by_episode(values[:, None] - sign * columns)[moving] / sizes[moving, None]
            errors |= {(j, sign): error for j, error in enumerate(np.sqrt(np.mean(relative**2, axis=0)).tolist())}
        return errors

    def _by_episode(self, rows: np.ndarray) -> np.ndarray:
        """Root mean squares over the steps of each episode, (n_episodes, …)."""
        return np.array([np.sqrt(np.mean(rows[self._episodes == k] ** 2, axis=0)) for k in np.unique(self._episodes)])
