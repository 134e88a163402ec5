"""Random numbers from a space, also where it has no bounds."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from gymnasium import spaces

#: A larger bound is taken for none.
UNBOUNDED = 1e6


def random_sample(space: spaces.Space, rng: np.random.Generator, scale: float = 1.0) -> Any:
    """
    :param space: of any kind
    :param rng: random numbers
    :param scale: of what has no bounds
    :return: an element of the space; not distributed symmetrically where it has no bounds
    """
    if isinstance(space, spaces.Dict):
        return {key: random_sample(part, rng, scale) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(random_sample(part, rng, scale) for part in space.spaces)
    if isinstance(space, spaces.Box):
        return _in_box(space, rng, scale)
    copy = deepcopy(space)
    copy.seed(int(rng.integers(2**31)))
    return copy.sample()


def _in_box(box: spaces.Box, rng: np.random.Generator, scale: float) -> np.ndarray:
    low, high = box.low.astype(np.float64), box.high.astype(np.float64)
    if np.issubdtype(box.dtype, np.integer):
        low, high = np.maximum(low, -UNBOUNDED), np.minimum(high, UNBOUNDED)
        return rng.integers(low.astype(np.int64), high.astype(np.int64), endpoint=True).astype(box.dtype)
    below, above = low > -UNBOUNDED, high < UNBOUNDED
    anywhere = scale * (rng.normal(size=box.shape) + 0.5)
    within = np.where(below, low, 0.0) + rng.random(box.shape) * np.where(below & above, high - low, 0.0)
    sample = np.where(below & above, within, anywhere)
    sample = np.where(below & ~above, np.where(below, low, 0.0) + abs(anywhere), sample)
    sample = np.where(above & ~below, np.where(above, high, 0.0) - abs(anywhere), sample)
    return sample.astype(box.dtype)
