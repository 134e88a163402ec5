"""Actions that a robot notices, whatever its bounds."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

#: Largest action, whatever the bounds.
MAX_ACTION = 1e3


def draw_actions(space: spaces.Box, rng: np.random.Generator, count: int) -> np.ndarray:
    """
    Policies begin with actions of about 1, which to a motor whose torques are bounded by 100 N·m is nothing, and may
    end at the bounds. So how large the actions are is drawn, too.

    :param space: of the actions
    :param rng: of all random numbers
    :param count: how many
    :return: actions within the bounds, (count, …)
    """
    size = _sizes(space, rng.random())
    return _around_zero(space, size * rng.uniform(-1, 1, (count, *space.shape)))


def single_action(space: spaces.Box, entry: int, sign: int) -> np.ndarray:
    """
    :param space: of the actions
    :param entry: the only one that shall move something, counted in the flattened action
    :param sign: of its move
    :return: an action within the bounds; that nearest to zero but for the entry
    """
    move = np.zeros(space.shape)
    move.flat[entry] = 0.5 * sign * _sizes(space, 0.5).flat[entry]
    return _around_zero(space, move)


def neutral_action(space: spaces.Box) -> np.ndarray:
    """
    :param space: of the actions
    :return: the action within the bounds that is nearest to zero, which every mirror leaves as it is
    """
    return _around_zero(space, np.zeros(space.shape))


def _sizes(space: spaces.Box, exponent: float) -> np.ndarray:
    """Of each entry: from that of a policy's first actions, with an exponent of 0, to the bounds, with one of 1."""
    bounds = np.maximum(np.abs(space.low), np.abs(space.high)).astype(np.float64)
    bounds = np.where(np.isfinite(bounds), bounds, 1.0).clip(max=MAX_ACTION)
    return np.minimum(bounds, 1.0) * np.maximum(bounds, 1.0) ** exponent


def _around_zero(space: spaces.Box, move: np.ndarray) -> np.ndarray:
    zero = np.clip(0.0, space.low, space.high)
    return np.clip((zero + move).astype(space.dtype), space.low, space.high)
