"""How far mirrored episodes end up from the mirror images of their originals, relative to what is typical."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sb3_memaug.checks.episodes import PARTS, Trace
from sb3_memaug.checks.layout import Layout

#: Least size of a number, relative to how large the numbers of its term are, and absolute.
LEAST_RELATIVE, LEAST = 0.01, 1e-6
#: Relative error within which something counts as the mirror image of something else.
RESEMBLANCE = 0.05
#: Relative error of the state beyond which what was a small perturbation is none any more.
CHAOS = 0.05


class Pair(NamedTuple):
    """
    :param image: what should have happened: the mirror image of an episode
    :param trace: what did happen
    """

    image: Trace
    trace: Trace


class Scales:
    """
    How large each number is: its distance from its mean, on average over all that was seen. Not as a root mean square,
    because one contact may be a hundred times as large as all others and would hide them. And at least a hundredth of
    how large the numbers of its term are: a joint that stands still among others that move has an error of its own,
    but no size.

    :param traces: all that was seen
    :param layout: of the numbers
    """

    def __init__(self, traces: Sequence[Trace], layout: Layout) -> None:
        self._centres, self._sizes = {}, {}
        for part in PARTS:
            rows = np.concatenate([trace.parts[part] for trace in traces])
            self._centres[part] = rows.mean(axis=0)
            terms, magnitudes = layout.terms_of(part), np.abs(rows).mean(axis=0)
            typical = np.bincount(terms, magnitudes) / np.maximum(np.bincount(terms), 1)
            spread = np.abs(rows - self._centres[part]).mean(axis=0)
            self._sizes[part] = np.maximum(spread, LEAST_RELATIVE * typical[terms] + LEAST)

    def relative(self, part: str, image: np.ndarray, values: np.ndarray) -> np.ndarray:
        """
        :param part: one of :data:`~sb3_memaug.checks.episodes.PARTS`
        :param image: what its numbers should be, (…, size)
        :param values: what they are, (…, size)
        :return: errors relative to their sizes, or to how far a number itself is from its mean where that is more
        """
        return np.abs(values - image) / np.maximum(self._sizes[part], np.abs(image - self._centres[part]))


class Errors(NamedTuple):
    """
    Over some steps, of the root mean squares over the episodes in each step the largest.

    :param first: of the steps
    :param last: of the steps
    :param episodes: how many could be compared in any of them
    :param parts: relative errors by part, of each of its numbers, (size,)
    :param apart: how many episodes ended then in one of the two only
    """

    first: int
    last: int
    episodes: int
    parts: Mapping[str, np.ndarray]
    apart: int

    def of(self, part: str) -> float:
        """
        :param part: of what is compared
        :return: its largest error
        """
        return float(np.max(self.parts[part], initial=0.0))

    @property
    def worst(self) -> float:
        """The largest error of all."""
        return max(map(self.of, self.parts))


def comparable_steps(pair: Pair, scales: Scales) -> int:
    """
    :param pair: an episode and the same with a small perturbation
    :param scales: of the numbers
    :return: for how many steps the perturbation stays small; after that chaos has taken over
    """
    n = min(map(len, pair))
    image, trace = (each.parts["state"][:n] for each in pair)
    errors = scales.relative("state", image, trace).max(axis=1)
    # What was perturbed and is the same to the last bit has been started anew by a simulator that gave it up.
    apart = np.flatnonzero((errors > CHAOS) | (errors == 0))
    if apart.size:
        return int(apart[0])
    return n if _end(pair.image) == _end(pair.trace) else n - 1


def compare(pairs: Sequence[Pair], lengths: Sequence[int], scales: Scales, steps: Sequence[int]) -> tuple[Errors, ...]:
    """
    :param pairs: of episodes
    :param lengths: for how many steps to compare each of them, to its end at most
    :param scales: of the numbers
    :param steps: where to divide the steps
    :return: errors up to the first of them, from there to the second, and so on
    """
    counts = np.array([sum(n > step for n in lengths) for step in range(steps[-1])])
    roots = {}
    for part in PARTS:
        squares = np.zeros((steps[-1], pairs[0].image.parts[part].shape[1]))
        for (image, trace), n in zip(pairs, lengths, strict=True):
            squares[:n] += scales.relative(part, image.parts[part][:n], trace.parts[part][:n]) ** 2
        roots[part] = np.sqrt(squares / np.maximum(counts, 1)[:, None])
    ends = [
        min(_end(pair.image), _end(pair.trace)) if _end(pair.image) != _end(pair.trace) else np.inf for pair in pairs
    ]
    return tuple(
        Errors(
            before + 1,
            last,
            int(counts[before]),
            {part: rows[before:last].max(axis=0) for part, rows in roots.items()},
            sum(before < end <= min(last, n) for end, n in zip(ends, lengths, strict=True)),
        )
        for before, last in zip((0, *steps), steps, strict=False)
    )


def _end(trace: Trace) -> float:
    """The step that ended the episode."""
    return len(trace) if trace.terminated else np.inf
