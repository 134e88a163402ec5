"""What the arguments of algorithms, environments and wrappers may be, in tables, and one way to refuse all else."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from sb3_memaug.symmetry.arguments import as_number, bool_of, shown

Function = TypeVar("Function", bound=Callable[..., Any])


class Check(Protocol):
    """What an argument may be."""

    def check(self, name: str, value: Any) -> Any:
        """
        :param name: of the argument
        :param value: what was given
        :return: the same, of Python's own type
        :raises ValueError: if it may not be that
        """


class Flag:
    """True or False, or 1 or 0, which models may have been saved with. No text: each but the empty one is true."""

    def check(self, name: str, value: Any) -> bool:
        """
        :param name: of the argument
        :param value: what was given
        :return: True or False
        :raises ValueError: if it is neither
        """
        return bool_of(bool(value) if as_number(value) in (0, 1) else value, f"`{name}`")


class Allowed(NamedTuple):
    """
    A number, and which.

    :param low: the smallest number
    :param high: the largest number
    :param above: whether it has to be above ``low``, and not that itself
    :param whole: whether it has to be a whole number; ``16.0`` is one
    :param infinite: whether it may be infinite
    :param or_none: whether it may be None
    :param or_schedule: whether it may be a function of the remaining progress, whose values may reach ``low``
    """

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    whole: bool = False
    infinite: bool = False
    or_none: bool = False
    or_schedule: bool = False

    def check(self, name: str, value: Any) -> Any:
        """
        :param name: of the argument
        :param value: what was given
        :return: the same; numbers as Python's own
        :raises ValueError: if it may not be that
        """
        if value is None and self.or_none:
            return None
        if self.or_schedule and callable(value):
            for progress in (1.0, 0.5, 0.0):
                reaches, reached = self._replace(above=False), _as_float(value(progress))
                if not reaches._includes(reached):
                    raise ValueError(
                        f"`{name}` {reaches._rule(reached)} at any remaining progress from 1 to 0, got {reached} at "
                        f"{progress:g}"
                    )
            return value
        number = as_number(value)
        if number is None or not self._includes(number):
            raise ValueError(f"`{name}` {self._rule(number)}{self._alternatives()}, got {shown(value)}")
        return int(value) if self.whole else number

    def _includes(self, number: float) -> bool:
        return (
            (self.low < number if self.above else self.low <= number)
            and number <= self.high
            and (self.infinite or math.isfinite(number))
            and not (self.whole and number % 1)
        )

    def _rule(self, number: float | None) -> str:
        rules = []
        if self.whole:
            rules.append("must be a whole number")
        elif number is not None and math.isinf(number) and math.isinf(self.high):
            rules.append("must be finite")
        if math.isfinite(self.high):
            rules.append(f"must lie between {self.low:g} and {self.high:g}")
        elif self.low == 0:
            rules.append("must be positive" if self.above else "must not be negative")
        elif math.isfinite(self.low):
            rules.append(f"must be at least {self.low:g}")
        return " and ".join(rules) or "must be finite"

    def _alternatives(self) -> str:
        others = ["None"] * self.or_none + ["a function of the remaining progress"] * self.or_schedule
        return f", or be {' or '.join(others)}" if others else ""


def as_pair(value: Any) -> tuple[float, float] | None:
    """
    :param value: of any type
    :return: the two numbers of a sequence or an array of two; None if it is no such thing
    """
    if not isinstance(value, Sequence | np.ndarray) or getattr(value, "ndim", 1) != 1 or len(value) != 2:
        return None
    low, high = (as_number(number) for number in value)
    return None if low is None or high is None else (low, high)


def _as_float(value: Any) -> float:
    """As SB3 takes the value of a schedule, which may be a tensor; not a number where it cannot."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def check_arguments(table: Mapping[str, Check], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """
    :param table: of what each argument may be
    :param arguments: by name; those that are not in the table may be anything
    :return: the arguments, those in the table of Python's own types
    :raises ValueError: naming the first one that may not be what it is
    """
    return {name: table[name].check(name, value) if name in table else value for name, value in arguments.items()}


def checks_arguments(table: Mapping[str, Check]) -> Callable[[Function], Function]:
    """
    Check the arguments of a function, or of a constructor, before it is called.

    :param table: of what each argument may be
    :return: what to decorate it with
    """

    def decorate(function: Function) -> Function:
        parameters = signature(function)

        @wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            bound = parameters.bind(*args, **kwargs)
            bound.arguments.update(check_arguments(table, bound.arguments))
            return function(*bound.args, **bound.kwargs)

        return checked  # type: ignore[return-value]

    return decorate


#: Numbers that are probabilities, factors from 0 to 1 …
FRACTION = Allowed(0, 1)
#: How many there are of something.
COUNT = Allowed(1, whole=True)
POSITIVE = Allowed(0, above=True)
NOT_NEGATIVE = Allowed(0)
FINITE = Allowed()
FLAG = Flag()
#: Of a random number generator; NumPy's are the narrowest.
SEED = Allowed(0, 2**32 - 1, whole=True, or_none=True)

#: Of both algorithms.
ALGORITHM: dict[str, Check] = {
    "learning_rate": Allowed(0, or_schedule=True),
    "n_steps": COUNT,
    "batch_size": COUNT,
    "n_epochs": COUNT,
    "gamma": FRACTION,
    "gae_lambda": FRACTION,
    "clip_range": Allowed(0, above=True, or_schedule=True),
    "clip_range_vf": Allowed(0, above=True, or_none=True, or_schedule=True),
    "ent_coef": NOT_NEGATIVE,
    "vf_coef": NOT_NEGATIVE,
    # An infinite one is the usual way not to clip.
    "max_grad_norm": Allowed(0, above=True, infinite=True),
    "sde_sample_freq": Allowed(-1, whole=True),
    "target_kl": POSITIVE._replace(or_none=True),
    "stats_window_size": COUNT,
    "seed": SEED,
    "mirror_loss_coef": NOT_NEGATIVE,
    "desired_kl": POSITIVE._replace(or_none=True),
    "normalize_advantage": FLAG,
    "use_sde": FLAG,
    "compile": FLAG,
}
#: Of the algorithm with memory. How many minibatches and how long sequences can be depends on others; see there.
RECURRENT_ALGORITHM: dict[str, Check] = {
    **ALGORITHM,
    "batch_size": COUNT._replace(or_none=True),
    "n_minibatches": Allowed(whole=True, or_none=True),
    "sequence_length": Allowed(whole=True, or_none=True),
}
