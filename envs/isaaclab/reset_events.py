"""The events of a reset that are objects, and can be spoken to."""

from __future__ import annotations

from typing import Any, TypeVar

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
