"""What a reset decides instead of chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar


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


Event = TypeVar("Event")


def reset_events(env: Any, kind: type[Event]) -> list[Event]:
    """
    :param env: ``isaaclab.envs.ManagerBasedEnv``
    :param kind: class of events
    :return: those of the environment
    """
    manager = env.event_manager
    events = [manager.get_term_cfg(name).func for name in manager.active_terms.get("reset", ())]
    return [event for event in events if isinstance(event, kind)]
