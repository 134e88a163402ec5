"""Observations come as one array or tensor, or as a dict of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def map_observations(function: Callable[[Any], Any], observations: Any) -> Any:
    """
    :param function: of an array or tensor
    :param observations: one, or a dict of them
    :return: what it gives, by key for a dict
    """
    if isinstance(observations, Mapping):
        return {key: function(value) for key, value in observations.items()}
    return function(observations)
