"""Numbers that an episode draws from a range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sb3_memaug.arguments import FINITE, FRACTION, NOT_NEGATIVE, as_pair
from sb3_memaug.symmetry import arguments

#: A number, or the lowest and the highest that may be drawn.
Range = float | Sequence[float]

#: What the numbers of each argument may be, in SI units.
LIMITS = {
    "probability": FRACTION,
    "strength": FRACTION,
    "onset": NOT_NEGATIVE,
    "duration": NOT_NEGATIVE,
    "mass": NOT_NEGATIVE,
}
#: Of all others, and in place of infinity: past it a control step cannot be counted any more, or a simulator diverges.
LARGEST = 1e9


def as_range(name: str, value: Any, low: float | None = None, high: float | None = None) -> tuple[float, float]:
    """
    :param name: of the argument
    :param value: a number, or the lowest and the highest one
    :param low: which no number may be less than; by default as in :data:`LIMITS`
    :param high: which no number may exceed; likewise
    :return: the lowest and the highest number
    :raises ValueError: if it is neither, or lies outside
    """
    # An option is called options['payload']['mass'], and is a mass.
    allowed = LIMITS.get(name.rstrip("']").rpartition("'")[2], FINITE)
    least, most = allowed.low if low is None else low, allowed.high if high is None else high
    one = arguments.as_number(value)
    pair = as_pair(value) if one is None else (one, one)
    if pair is None:
        raise ValueError(f"`{name}` must be a number or a pair (low, high), got {arguments.shown(value)}")
    lowest, highest = float(pair[0]), float(pair[1])
    if not (least <= lowest and highest <= most and math.isfinite(lowest) and math.isfinite(highest)):
        bounds = "be finite" if math.isinf(least) else f"lie between {least:g} and {most:g}"
        raise ValueError(f"`{name}` must {bounds}, got {arguments.shown(value)}")
    if max(abs(lowest), abs(highest)) > LARGEST:
        raise ValueError(f"`{name}` must not exceed {LARGEST:g} in size, got {arguments.shown(value)}")
    if lowest > highest:
        raise ValueError(
            f"`{name}` must be a number or a pair (low, high) with low <= high, got {arguments.shown(value)}"
        )
    return lowest, highest


def as_number(name: str, value: Any, low: float | None = None, high: float | None = None) -> float:
    """
    :param name: of the argument
    :param value: a number
    :param low: which it may not be less than; by default as in :data:`LIMITS`
    :param high: which it may not exceed; likewise
    :return: the number
    :raises ValueError: if it is none, or lies outside
    """
    if arguments.as_number(value) is None:
        raise ValueError(f"`{name}` must be a number, got {arguments.shown(value)}")
    return as_range(name, value, low, high)[0]


def draw(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """
    :param rng: left alone where there is nothing to draw
    :param bounds: as by :func:`as_range`
    :return: a number between them, all alike
    """
    low, high = bounds
    return low if low == high else float(rng.uniform(low, high))
