"""Payloads on a robot's base: how heavy, and where."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sb3_memaug.disturbances.ranges import Range, as_number, as_range, draw
from sb3_memaug.robots import Robot
from sb3_memaug.symmetry.arguments import bool_of, list_of, shown
from sb3_memaug.wrappers.disturbance import Disturbance


class Load(UserDict[str, float]):
    """
    ``mass`` in kg, and ``x``, ``y`` and ``z`` in m in the base frame, by their names.

    A mapping and no dict, because Gymnasium's vector environments merge dicts key by key, and fail where some of the
    environments have None.
    """


#: Nothing at all.
_NOTHING = Load(mass=0.0, x=0.0, y=0.0, z=0.0)


class Payloads(Disturbance):
    """
    What a robot carries in some episodes, as :class:`~sb3_memaug.wrappers.payload.Payload` tells.

    :param robot: that carries it
    :param mass: in kg
    :param x: forwards, in m in the base frame; None with ``sections``
    :param y: to the left; None with ``sections``
    :param z: upwards
    :param sections: ranges of x and y, one of which is drawn
    :param probability: that there is a payload in an episode
    :param inertia: whether it is a mass, and not just its weight
    :raises ValueError: as the wrapper does
    """

    option = "payload"

    def __init__(
        self,
        robot: Robot,
        mass: Range,
        x: Range | None,
        y: Range | None,
        z: float,
        sections: Sequence[Mapping[str, Range]] | None,
        probability: float,
        inertia: bool,
    ) -> None:
        super().__init__(robot)
        if sections is None and x is not None and y is not None:
            places: list[Mapping[str, Range]] = [{"x": x, "y": y}]
        elif sections is not None and x is None and y is None:
            places = list_of(sections, "`sections`")
        else:
            raise ValueError(
                "say where payloads lie either by `x` and `y` or by `sections`, a list of {'x': …, 'y': …}; got "
                f"x={shown(x)}, y={shown(y)}, sections={shown(sections)}"
            )
        if not places:
            raise ValueError("`sections` is empty: name at least one, {'x': (low, high), 'y': (low, high)}")
        for place in places:
            _check_keys("a section", place, ("x", "y"), ("x", "y"))
        #: The lowest and the highest one; and of each section, those of x and of y.
        self.mass = as_range("mass", mass)
        self.sections = tuple((as_range("x", place["x"]), as_range("y", place["y"])) for place in places)
        self._z = as_number("z", z)
        self._probability = as_number("probability", probability)
        self._inertia = bool_of(inertia, "`inertia`")
        # An adapter that cannot do it says so.
        self._put(_NOTHING)
        self._load = _NOTHING

    def decide(self, given: Any) -> Load:
        if given is None:
            return _NOTHING
        if not isinstance(given, Mapping):
            raise ValueError(f"options['payload'] must be {{'mass': …, 'x': …, 'y': …}} or None, got {shown(given)}")
        _check_keys("options['payload']", given, ("mass", "x", "y"), ("mass", "x", "y", "z"))
        load = Load({"z": self._z, **given})
        for key, value in load.items():
            load[key] = as_number(f"options['payload'][{key!r}]", value)
        return load

    def begin(self, rng: np.random.Generator, decision: Load | None) -> None:
        self._load = self._draw(rng) if decision is None else decision
        self.acts = self._load["mass"] > 0
        self.info = {"payload": self._load if self.acts else None}
        self.act(True)

    def act(self, on: bool) -> None:
        if self.acts:
            self._put(self._load if on else _NOTHING)

    def _put(self, load: Load) -> None:
        mass, point = load["mass"], np.array((load["x"], load["y"], load["z"]))
        if self._inertia:
            self.robot.set_base_load(mass, point)
        else:
            self.robot.set_base_force(mass * self.robot.gravity(), point)

    def _draw(self, rng: np.random.Generator) -> Load:
        if rng.random() >= self._probability:
            return _NOTHING
        x, y = self.sections[int(rng.integers(len(self.sections)))]
        return Load(mass=draw(rng, self.mass), x=draw(rng, x), y=draw(rng, y), z=self._z)

    def lift(self) -> None:
        self.act(False)
        self.acts = False


def _check_keys(what: str, given: Any, needed: Sequence[str], known: Sequence[str]) -> None:
    keys = set(given) if isinstance(given, Mapping) else set()
    if keys - set(known) or set(needed) - keys:
        raise ValueError(f"{what} must have the keys {list(needed)}, got {shown(given)}")
