"""Plain data becomes dataclasses by the types of their fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import pytest

pydantic = pytest.importorskip("pydantic")

from sb3_memaug.files import InputError  # noqa: E402
from sb3_memaug.files.fields import Bool, Number, Positive, Seed, Text, check_fields, from_mapping  # noqa: E402


@dataclass(frozen=True)
class Inner:
    count: Positive = 1

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True)
class Outer:
    names: list[Text]
    seed: Seed = 0
    rate: Annotated[Number, pydantic.Field(gt=0)] | None = None
    flag: Bool = False
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self) -> None:
        check_fields(self)


def test_fields_become_what_they_should_be() -> None:
    made = from_mapping(Outer, {"names": ["a"], "seed": 3.0, "rate": 2, "inner": {"count": 4}}, "a.yml")
    assert made == Outer(["a"], 3, 2.0, False, Inner(4))
    assert type(made.seed) is int
    assert Outer(("a",), np.int64(7)).seed == 7  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], r"^a\.yml: must hold `names`, got \[\]$"),
        ({}, r"^a\.yml: lacks \['names'\]; there are names, seed"),
        ({"names": [], "seeds": 1}, r"names \['seeds'\]; there are"),
        ({"names": ["a", 1]}, r"^a\.yml, names\.1: expected a valid string, got 1$"),
        ({"names": "a"}, "names: expected a valid list, got 'a'"),
        ({"names": [], "seed": True}, "seed: expected a valid integer, got True"),
        ({"names": [], "seed": "3"}, "seed: expected a valid integer, got '3'"),
        ({"names": [], "seed": 0.5}, "seed: .*got 0.5"),
        ({"names": [], "seed": -1}, "seed: expected greater than or equal to 0, got -1"),
        ({"names": [], "seed": 2**32}, "seed: expected less than 4294967296, got 4294967296"),
        ({"names": [], "rate": float("inf")}, "rate: expected a finite number, got inf"),
        ({"names": [], "flag": 1}, "flag: expected a valid boolean, got 1"),
        ({"names": [], "inner": {"count": 0}}, r"^a\.yml, inner\.count: expected greater than or equal to 1, got 0$"),
        ({"names": [], "inner": 3}, r"^a\.yml, inner: must hold `count`, got 3$"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(content: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_mapping(Outer, content, "a.yml")


def test_constructors_refuse_the_same() -> None:
    with pytest.raises(InputError, match=r"^Outer, inner: expected Inner\(…\), got 3$"):
        Outer([], inner=3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^Inner, count: "):
        Inner("many")  # type: ignore[arg-type]
