"""Being told when an object is given other attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

#: Where an object keeps whom to tell.
_LISTENERS = "_memaug_listeners"


@contextmanager
def assignments(target: Any, listener: Callable[[], None]) -> Iterator[None]:
    """
    For the length of a ``with`` block, the object is of a subclass of its class that tells of assignments. An object
    whose class does not allow that stays silent.

    :param target: whose attributes are assigned
    :param listener: called after each assignment
    """
    attributes = getattr(target, "__dict__", None)
    if attributes is None:
        yield
        return
    before = type(target)
    listeners = attributes.setdefault(_LISTENERS, [])
    listeners.append(listener)
    if len(listeners) == 1:
        # Not every class can be derived from, and not every object can change its own.
        with suppress(Exception):
            target.__class__ = _telling(before)  # type: ignore[arg-type]
    try:
        yield
    finally:
        listeners.pop()
        if not listeners:
            del attributes[_LISTENERS]
            if type(target) is not before:
                target.__class__ = before


@cache
def _telling(kind: type) -> type:
    def __setattr__(self: Any, name: str, value: Any) -> None:
        super(telling, self).__setattr__(name, value)
        for listener in tuple(vars(self).get(_LISTENERS, ())):
            listener()

    namespace = {"__setattr__": __setattr__, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    telling: Any = type(kind)(kind.__name__, (kind,), namespace)
    return telling
