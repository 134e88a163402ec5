"""Which number of the observation a number of the mirrored observation follows, if not the one that it should."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sb3_memaug.checks.comparison import RESEMBLANCE, Pair
from sb3_memaug.symmetry import SignedPermutation

#: Fewest episodes in which a number must move to tell whom it follows: in one contact it resembles many others.
FEWEST = 3
#: Most steps of an episode to look at, in which errors of the simulator have hardly grown.
STEPS = 10


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
    :param lengths: for how many steps each pair can be compared
    :param transform: how the mirror acts on observations
    """

    def __init__(self, pairs: Sequence[Pair], lengths: Sequence[int], transform: SignedPermutation) -> None:
        counts = np.minimum(lengths, STEPS)
        images, self._mirrored = (
            np.concatenate([pair[k].parts["observation"][:n] for n, pair in zip(counts, pairs, strict=True)])
            for k in (0, 1)
        )
        self._originals = transform.inverse().apply(images)
        self._episodes = np.repeat(np.arange(len(counts)), counts)
        self._transform = transform

    def find(self, i: int) -> Source | None:
        """
        :param i: index of a number
        :return: what it follows; of several numbers the one nearest to where it should be
        """
        values = self._mirrored[:, i]
        spread = values - values.mean()
        energies = np.bincount(self._episodes, spread**2)
        size = float(np.sqrt(np.mean(spread**2)))
        # As many episodes as would make this sum if all of them moved alike.
        if not size or energies.sum() ** 2 < FEWEST * (energies**2).sum():
            return None
        columns = self._originals - self._originals.mean(axis=0)
        near = self._transform.permutation[i]
        found = []
        for sign in (1, -1):
            errors = np.sqrt(np.mean((spread[:, None] - sign * columns) ** 2, axis=0))
            found += [(abs(j - near), j, sign) for j in np.flatnonzero(errors < RESEMBLANCE * size).tolist()]
        if not found:
            return None
        _, j, sign = min(found)
        return Source(j, sign, float(values.mean() - sign * self._originals[:, j].mean()))

    def stays(self, i: int) -> bool:
        """
        :param i: index of a number
        :return: whether it changes from episode to episode only, as a command does
        """
        values = self._mirrored[:, i]
        return all(np.ptp(values[self._episodes == k]) < 1e-6 for k in np.unique(self._episodes))
