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
    bounds = np.maximum(np.abs(space.low), np.abs(space.high)).astype(np.float64)
    size = _between(bounds, rng.random())
    return _within(space, neutral_action(space) + size * rng.uniform(-1, 1, (count, *space.shape)))


def single_action(space: spaces.Box, rest: np.ndarray, entry: int, sign: int) -> np.ndarray:
    """
    :param space: of the actions
    :param rest: action from which one entry moves
    :param entry: which one, counted in the flattened action
    :param sign: of its move
    :return: an action within the bounds
    """
    rooms = space.high.astype(np.float64) - rest, rest - space.low.astype(np.float64)
    # To both sides alike, but where there is none on one of them.
    room = np.where(np.minimum(*rooms) > 0, np.minimum(*rooms), np.maximum(*rooms))
    move = np.zeros(space.shape)
    move.flat[entry] = 0.5 * sign * _between(room, 0.5).flat[entry]
    return _within(space, rest + move)


def neutral_action(space: spaces.Box) -> np.ndarray:
    """
    :param space: of the actions
    :return: the action within the bounds that is nearest to zero
    """
    return _within(space, np.zeros(space.shape))


def _between(bounds: np.ndarray, exponent: float) -> np.ndarray:
    """Sizes between that of a policy's first actions, with an exponent of 0, and the bounds, with one of 1."""
    bounds = np.where(np.isfinite(bounds), bounds, 1.0).clip(max=MAX_ACTION)
    return np.minimum(bounds, 1.0) * np.maximum(bounds, 1.0) ** exponent


def _within(space: spaces.Box, action: np.ndarray) -> np.ndarray:
    return np.clip(action.astype(space.dtype), space.low, space.high)
