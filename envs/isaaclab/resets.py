"""What the options of a reset decide instead of chance, and the events that read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sb3_memaug.disturbances.base import each_of

Event = TypeVar("Event")


def decided(env: Any, option: str, decide: Callable[[Any], Any]) -> list[Any] | None:
    """
    :param env: the environment, whose ``reset_options`` are those of the reset at work
    :param option: key of ``reset(options=…)``
    :param decide: reads its value, for one environment
    :return: what it says for each environment, or None if it says nothing
    :raises ValueError: if it has not one entry for each environment
    """
    each = each_of(getattr(env, "reset_options", None) or {}, option, env.num_envs)
    return None if each is None else [decide(one) for one in each]


def reset_events(env: Any, kind: type[Event]) -> list[Event]:
    """
    :param env: ``isaaclab.envs.ManagerBasedEnv``
    :param kind: class of events
    :return: those of the environment that are objects of this class, in their order
    """
    manager = env.event_manager
    events = [manager.get_term_cfg(name).func for name in manager.active_terms.get("reset", ())]
    return [event for event in events if isinstance(event, kind)]
