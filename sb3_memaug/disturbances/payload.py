"""Payloads on a robot's base: how heavy, and where."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sb3_memaug.disturbances.base import Disturbance
from sb3_memaug.disturbances.place import Places
from sb3_memaug.disturbances.ranges import Range, as_number, as_range, draw
from sb3_memaug.disturbances.variation import Variation, section_label
from sb3_memaug.symmetry import Term
from sb3_memaug.symmetry.arguments import list_of, shown


class Load(UserDict[str, float]):
    """
    ``mass`` in kg, and ``x``, ``y`` and ``z`` in m in the base frame, by their names.

    A mapping and no dict, because Gymnasium's vector environments merge dicts key by key, and fail where some of the
    environments have None.
    """


#: The keys of a load, in the order of :attr:`Payloads.terms`.
KEYS = ("mass", "x", "y", "z")
NO_LOAD = Load(dict.fromkeys(KEYS, 0.0))


class Payloads(Disturbance):
    """
    What a robot carries in some episodes, see :class:`~sb3_memaug.wrappers.payload.Payload`.

    :param mass: in kg
    :param x: forwards, in m in the base frame; None with ``sections``
    :param y: to the left; None with ``sections``
    :param z: upwards
    :param sections: ranges of x and y, one of which is drawn
    :param probability: that there is a payload in an episode
    :raises ValueError: if a number lies outside its bounds, or it is not clear where payloads lie
    """

    kind = "payload"

    def __init__(
        self,
        mass: Range,
        x: Range | None = None,
        y: Range | None = None,
        z: float = 0.0,
        sections: Sequence[Mapping[str, Range]] | None = None,
        probability: float = 1.0,
    ) -> None:
        if sections is None and x is not None and y is not None:
            areas: list[Mapping[str, Range]] = [{"x": x, "y": y}]
        elif sections is not None and x is None and y is None:
            areas = list_of(sections, "`sections`")
        else:
            raise ValueError(
                "say where payloads lie either by `x` and `y` or by `sections`, a list of {'x': …, 'y': …}; got "
                f"x={shown(x)}, y={shown(y)}, sections={shown(sections)}"
            )
        if not areas:
            raise ValueError("`sections` is empty: name at least one, {'x': (low, high), 'y': (low, high)}")
        for area in areas:
            _check_keys("a section", area, ("x", "y"), ("x", "y"))
        #: Lowest and highest mass; of each section, the lowest and highest x and y.
        self.mass = as_range("mass", mass)
        self.sections = tuple((as_range("x", area["x"]), as_range("y", area["y"])) for area in areas)
        self.z = as_number("z", z)
        self.probability = as_number("probability", probability)

    def decide(self, given: Any) -> Load:
        """
        :param given: ``mass``, ``x`` and ``y`` by their names, perhaps ``z``; or None
        :return: the load
        :raises ValueError: if it is something else, or a number lies outside its bounds
        """
        if given is None:
            return NO_LOAD
        if not isinstance(given, Mapping):
            raise ValueError(f"options['payload'] must be {{'mass': …, 'x': …, 'y': …}} or None, got {shown(given)}")
        _check_keys("options['payload']", given, ("mass", "x", "y"), KEYS)
        load = Load({"z": self.z, **given})
        for key, value in load.items():
            load[key] = as_number(f"options['payload'][{key!r}]", value)
        return load

    def draw(self, rng: np.random.Generator, decision: Load | None) -> Load | None:
        load = self._draw(rng) if decision is None else decision
        return load if load["mass"] > 0 else None

    def _draw(self, rng: np.random.Generator) -> Load:
        if rng.random() >= self.probability:
            return NO_LOAD
        x, y = self.sections[int(rng.integers(len(self.sections)))]
        return Load(mass=draw(rng, self.mass), x=draw(rng, x), y=draw(rng, y), z=self.z)

    def variations(self, split: str, places: Places) -> list[Variation]:
        return [
            Variation(split, self.kind, (), section, self.mass, section_label(section), places.of_section(section))
            for section in self.sections
        ]

    @property
    def terms(self) -> tuple[Term, ...]:
        """Mass and point, as :data:`KEYS` has them."""
        return Term("mass", "scalar", 1), Term("point", "vector", 3)


def _check_keys(what: str, given: Any, needed: Sequence[str], known: Sequence[str]) -> None:
    keys = set(given) if isinstance(given, Mapping) else set()
    if keys - set(known) or set(needed) - keys:
        raise ValueError(f"{what} must have the keys {list(needed)}, got {shown(given)}")
