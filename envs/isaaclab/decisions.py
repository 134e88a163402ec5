"""What a reset decides instead of chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def decided(env: Any, option: str, decide: Callable[[Any], Any]) -> list[Any] | None:
    """
    :param env: the environment, whose ``reset_options`` are those of the reset at work
    :param option: key of ``reset(options=…)``
    :param decide: reads its value, for one environment
    :return: what it says for each environment, or None if it says nothing
    :raises ValueError: if it has not one entry for each environment
    """
    options = getattr(env, "reset_options", None) or {}
    if option not in options:
        return None
    given = options[option]
    each = given if isinstance(given, list) else [given] * env.num_envs
    if len(each) != env.num_envs:
        raise ValueError(f"options[{option!r}] must be a list with one entry for each of {env.num_envs}, got {given!r}")
    return [decide(one) for one in each]
