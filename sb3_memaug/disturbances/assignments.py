"""Being told when an object is given other attributes."""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

#: Whom to tell, by the identity of the object.
_LISTENERS: dict[int, list[Callable[[], None]]] = {}


@contextmanager
def assignments(target: Any, listener: Callable[[], None]) -> Iterator[None]:
    """
    For the length of a ``with`` block, the object is of a subclass of its class that tells of assignments. An object
    whose class does not allow that stays silent.

    :param target: whose attributes are assigned
    :param listener: called after each assignment
    """
    before: Any = type(target)
    listeners = _LISTENERS.setdefault(id(target), [])
    if not listeners:
        # Not every class can be derived from, and not every object can change its own.
        with suppress(Exception):
            object.__setattr__(target, "__class__", _telling(before))
    listeners.append(listener)
    try:
        yield
    finally:
        listeners.remove(listener)
        if not listeners:
            del _LISTENERS[id(target)]
            if type(target) is not before:
                object.__setattr__(target, "__class__", before)


def _new(kind: Any, *args: Any) -> Any:
    return kind.__new__(kind, *args)


@cache
def _telling(kind: Any) -> Any:
    def __setattr__(self: Any, name: str, value: Any) -> None:
        super(telling, self).__setattr__(name, value)
        for listener in tuple(_LISTENERS.get(id(self), ())):
            listener()

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        """A copy is of the class itself."""
        object.__setattr__(self, "__class__", kind)
        try:
            reduced = self.__reduce_ex__(protocol)
        finally:
            object.__setattr__(self, "__class__", telling)
        # Pickle wants this function's object to be of the class that it makes.
        return (_new, *reduced[1:]) if reduced[0] is copyreg.__newobj__ else reduced  # type: ignore[attr-defined]

    namespace = {
        "__setattr__": __setattr__,
        "__reduce_ex__": __reduce_ex__,
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
    }
    telling = type(kind)(kind.__name__, (kind,), namespace)
    return telling
