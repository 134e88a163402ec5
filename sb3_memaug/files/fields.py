"""Plain data that becomes dataclasses, by the types of their fields, which pydantic checks."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, get_type_hints

from pydantic import AllowInfNan, BeforeValidator, Field, Strict, TypeAdapter, ValidationError

from sb3_memaug.files.reading import LONGEST, InputError, located

_Made = TypeVar("_Made")


def _whole(value: Any) -> Any:
    """Numbers of NumPy's count, and floats without a fraction, as YAML has them."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    try:
        return value if isinstance(value, bool) else operator.index(value)
    except TypeError:
        return value


#: A text, True or False, a number, a whole number: nothing that would have to be converted.
Text = Annotated[str, Strict()]
Bool = Annotated[bool, Strict()]
Number = Annotated[float, Strict(), AllowInfNan(False)]
Whole = Annotated[int, Strict(), BeforeValidator(_whole)]
Positive = Annotated[Whole, Field(ge=1, lt=2**63)]
#: What NumPy and PyTorch take.
Seed = Annotated[Whole, Field(ge=0, lt=2**32)]


def check_fields(instance: Any) -> None:
    """
    Called by ``__post_init__``: each field is checked against its type, and becomes what pydantic makes of it.

    :param instance: of a dataclass
    :raises InputError: that names the class and the field
    """
    for name, adapter in _adapters(type(instance)).items():  # type: ignore[arg-type]
        value = getattr(instance, name)
        if isinstance(adapter, type):
            if not isinstance(value, adapter):
                raise InputError(type(instance).__name__, f"expected {adapter.__name__}(…), got {_shown(value)}", name)
            continue
        try:
            object.__setattr__(instance, name, adapter.validate_python(value))
        except ValidationError as error:
            raise _input_error(type(instance).__name__, name, error) from error


def from_mapping(kind: type[_Made], content: Any, source: Any, place: str = "", more: bool = False) -> _Made:
    """
    :param kind: a dataclass that checks its fields
    :param content: a mapping of its fields, as a file holds it; those of dataclasses are mappings, too
    :param source: the file
    :param place: of the content in it
    :param more: whether other keys are left alone, and not refused
    :return: one of that kind
    :raises InputError: if a field is missing, not known, or of another type
    """
    with located(source, place):
        known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
        if not isinstance(content, Mapping):
            raise InputError(kind.__name__, f"must hold {_listed(required(kind) or known)}, got {_shown(content)}")
        unknown = sorted(str(key) for key in content if key not in known)
        missing = [name for name in required(kind) if name not in content]
        if missing or (unknown and not more):
            problem = f"names {unknown}"[:LONGEST] if unknown and not more else f"lacks {missing}"
            raise InputError(kind.__name__, f"{problem}; there are {', '.join(known)}")
        given = {name: content[name] for name in known if name in content}
        for name, adapter in _adapters(kind).items():  # type: ignore[arg-type]
            if isinstance(adapter, type) and name in given and not isinstance(given[name], adapter):
                given[name] = from_mapping(adapter, given[name], kind.__name__, name)
        return kind(**given)


def required(kind: type) -> list[str]:
    """
    :param kind: a dataclass
    :return: its fields without a default
    """
    return [field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING]


@cache
def _adapters(kind: type) -> dict[str, Any]:
    """What checks each field; of those that are dataclasses, which check themselves, the class."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        field.name: hints[field.name] if is_dataclass(hints[field.name]) else TypeAdapter(hints[field.name])
        for field in fields(kind)
    }


def _input_error(source: str, place: str, error: ValidationError) -> InputError:
    first = error.errors(include_url=False)[0]
    # Of a union, pydantic also names the branch that it has tried.
    below = [str(part) for part in first["loc"] if isinstance(part, int) or "[" not in part]
    raised = first.get("ctx", {}).get("error")
    if isinstance(raised, InputError):  # by a function that checks a field, which knows the place in it
        return InputError(source, raised.problem, ".".join(filter(None, (place, *below, raised.place)))[:LONGEST])
    expected = first["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    given = "" if first["type"] == "value_error" else f", got {_shown(first['input'])}"
    return InputError(source, f"{expected}{given}", ".".join([place, *below])[:LONGEST])


def _listed(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def _shown(value: Any) -> str:
    try:
        return repr(value)[:LONGEST]
    except Exception:  # numbers of too many digits, lists that are too deep
        return f"an object of type {type(value).__name__}"
