"""How far mirrored episodes end up from the mirror images of their originals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sb3_memaug.checks.episodes import Trace

#: Below which nothing is divided by: an entry that hardly ever differs from 0 has no scale of its own.
SMALLEST_SCALE = 1e-6


class Pair(NamedTuple):
    """
    :param image: what should have happened: the mirror image of an episode
    :param trace: what did happen
    """

    image: Trace
    trace: Trace


class Errors(NamedTuple):
    """
    After some number of steps, root mean squares over all episodes that went on so long.

    :param steps: how many
    :param episodes: how many went on so long
    :param observation: of each entry, (size,)
    :param reward: of that step's reward
    :param state: of each number of the state, (size,)
    :param terminations: how many episodes ended in one of the two only, until then
    """

    steps: int
    episodes: int
    observation: np.ndarray
    reward: float
    state: np.ndarray
    terminations: int


class Scales(NamedTuple):
    """
    Root mean squares over everything that was seen, by which errors are judged.

    :param observation: of each entry, (size,)
    :param reward: of the rewards
    :param state: of each number of the state, (size,)
    """

    observation: np.ndarray
    reward: float
    state: np.ndarray


def scales(traces: Sequence[Trace]) -> Scales:
    """
    :param traces: of the episodes
    :return: their scales
    """

    def size(rows: Sequence[np.ndarray]) -> np.ndarray:
        return np.maximum(np.sqrt(np.mean(np.square(np.concatenate(rows)), axis=0)), SMALLEST_SCALE)

    return Scales(
        size([trace.observations for trace in traces]),
        float(size([trace.rewards for trace in traces])),
        size([trace.states for trace in traces]),
    )


def errors_after(pairs: Sequence[Pair], steps: int) -> Errors:
    """
    :param pairs: of episodes
    :param steps: after how many to compare them
    :return: their differences
    """
    long = [pair for pair in pairs if min(len(pair.image), len(pair.trace)) >= steps]
    i = steps - 1
    return Errors(
        steps,
        len(long),
        _size([a.observations[i] - b.observations[i] for a, b in long], pairs[0].image.observations[0]),
        float(_size([a.rewards[i] - b.rewards[i] for a, b in long], pairs[0].image.rewards[0])),
        _size([a.states[i] - b.states[i] for a, b in long], pairs[0].image.states[0]),
        sum(_end(a, steps) != _end(b, steps) for a, b in pairs),
    )


def _size(errors: Sequence[np.ndarray], like: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean(np.square(errors), axis=0)) if errors else np.full_like(like, np.nan)


def _end(trace: Trace, steps: int) -> int:
    """The step until then that terminated the episode, or 0."""
    ends = np.flatnonzero(trace.terminated[:steps])
    return int(ends[0]) + 1 if ends.size else 0
