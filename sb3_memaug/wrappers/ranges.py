"""Numbers that an episode draws from a range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sb3_memaug.symmetry.arguments import list_of, shown

#: A number, or the lowest and the highest that may be drawn.
Range = float | Sequence[float]


def as_range(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> tuple[float, float]:
    """
    :param name: of the argument
    :param value: a number, or the lowest and the highest one
    :param low: which no number may be less than
    :param high: which no number may exceed
    :return: the lowest and the highest number
    :raises ValueError: if it is neither, or lies outside
    """
    numbers: list[Any] = [value, value] if np.isscalar(value) else list_of(value, f"`{name}`, if it is no number,")
    if len(numbers) != 2 or not all(isinstance(number, float | int | np.number) for number in numbers):
        raise ValueError(f"`{name}` must be a number or a pair (low, high), got {value!r}")
    try:
        lowest, highest = float(numbers[0]), float(numbers[1])
    except OverflowError as error:
        raise ValueError(f"`{name}` must be finite, got {shown(value)}") from error
    if not (low <= lowest and highest <= high and math.isfinite(highest - lowest)):
        bounds = "be finite" if math.isinf(low) else f"lie between {low:g} and {high:g}"
        raise ValueError(f"`{name}` must {bounds}, got {value}")
    if lowest > highest:
        raise ValueError(f"`{name}` must be a number or a pair (low, high) with low <= high, got {value!r}")
    return lowest, highest


def as_number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """
    :param name: of the argument
    :param value: a number
    :param low: which it may not be less than
    :param high: which it may not exceed
    :return: the number
    :raises ValueError: if it is none, or lies outside
    """
    if not np.isscalar(value):
        raise ValueError(f"`{name}` must be a number, got {value!r}")
    return as_range(name, value, low, high)[0]


def draw(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """
    :param rng: left alone where there is nothing to draw
    :param bounds: as by :func:`as_range`
    :return: a number between them, all alike
    """
    low, high = bounds
    return low if low == high else float(rng.uniform(low, high))
