"""Arguments of constructors, checked where they are given: what was expected, and what came."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

#: Characters of a value that a message shows.
LONGEST = 200


def shown(value: Any) -> str:
    """
    :param value: any
    :return: how a message shows it: not longer than :data:`LONGEST`, and where Python cannot show it, its type
    """
    try:
        text = repr(value)
    except Exception:  # numbers of too many digits, lists that are too deep, and whatever a class of a user does
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def text_of(value: Any, what: str) -> str:
    """
    :param value: of an argument
    :param what: it is, for the message
    :return: the same
    :raises ValueError: if it is no text
    """
    if not isinstance(value, str):
        raise ValueError(f"{what} must be a text, got {shown(value)}")
    return value


def bool_of(value: Any, what: str) -> bool:
    """
    :param value: of an argument
    :param what: it is, for the message
    :return: True or False
    :raises ValueError: if it is neither
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{what} must be True or False, got {shown(value)}")
    return bool(value)


def int_of(value: Any, what: str) -> int:
    """
    :param value: of an argument, also one of NumPy's or PyTorch's, or a float without a fraction
    :param what: it is, for the message
    :return: the whole number
    :raises ValueError: if it is none
    """
    number = as_number(value)
    if number is not None and number % 1 == 0:  # infinity leaves nan
        return int(value)
    raise ValueError(f"{what} must be a whole number, got {shown(value)}")


def as_number(value: Any) -> float | None:
    """
    :param value: of any type
    :return: the same as a number of Python's own, an ``int`` where it is a whole one of NumPy's or PyTorch's; None if
        it is no number, as True is none. Infinity in place of a whole number that no float is as large as
    """
    if isinstance(value, bool | np.bool_):
        return None
    try:
        whole = operator.index(value)
    except TypeError:
        whole = None
    if whole is None and not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return number if whole is None else whole


def float_of(value: Any, what: str) -> float:
    """
    :param value: of an argument, also one of NumPy's
    :param what: it is, for the message
    :return: the number
    :raises ValueError: if it is none, or not finite
    """
    number = as_number(value)
    if number is None or not math.isfinite(number):
        raise ValueError(f"{what} must be a finite number, got {shown(value)}")
    return float(number)


def list_of(values: Any, what: str) -> list[Any]:
    """
    :param values: of an argument: a list, a tuple, an array …
    :param what: they are, for the message
    :return: them in a list
    :raises ValueError: if they have no order, or are a text
    """
    if not isinstance(values, str | bytes | bytearray | Mapping | set | frozenset | type):
        try:
            return list(values)
        except TypeError:
            pass
    raise ValueError(f"{what} must be a list, got {shown(values)}")


def texts_of(values: Any, what: str) -> tuple[str, ...]:
    """
    :param values: of an argument: a list of texts
    :param what: they are, for the message
    :return: them in a tuple
    :raises ValueError: if they are no list, or one of them is no text
    """
    each = f"each of {what}"
    return tuple(text_of(value, each) for value in list_of(values, what))


def ints_of(values: Any, what: str) -> tuple[int, ...]:
    """
    :param values: of an argument: a list of whole numbers
    :param what: they are, for the message
    :return: them in a tuple
    :raises ValueError: if they are no list, or one of them is no whole number
    """
    each = f"each of {what}"
    return tuple(int_of(value, each) for value in list_of(values, what))


def mapping_of(values: Any, what: str) -> Mapping[str, Any]:
    """
    :param values: of an argument: a mapping by names
    :param what: it is, for the message
    :return: the same
    :raises ValueError: if it is none, or a key is no text
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"{what} must be a mapping by names, got {shown(values)}")
    for name in values:
        text_of(name, f"each name in {what}")
    return values


def pairs_of(values: Any, what: str) -> Mapping[str, Sequence[Any]]:
    """
    :param values: of an argument: a mapping by names of partners and signs
    :param what: it is, for the message
    :return: the same
    :raises ValueError: if it is none, or holds something else
    """
    for name, pair in mapping_of(values, what).items():
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError(f"{name!r} needs a partner and a sign, as ('right_hip', -1), got {shown(pair)}")
        text_of(pair[0], f"the partner of {name!r} in {what}")
        int_of(pair[1], f"the sign of {name!r} in {what}")
    return values
