"""Mirrors of observations with actions, and the groups that they generate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import torch as th

from sb3_memaug.symmetry.arguments import mapping_of, shown
from sb3_memaug.symmetry.reflection import Reflection
from sb3_memaug.symmetry.transforms import ImageFlip, Transform

#: More elements than any legged robot has; past it the generators are taken not to close.
MAX_ORDER = 48


@dataclass(frozen=True)
class Mirror:
    """
    The pair ``g = (g_o, g_a)`` of the method (section 4.1): what an observation and an action become
    when the world, the robot and its task are seen in a mirror.

    :param observation: how the mirror acts on an observation; a mapping by key for dict observations
    :param action: how it acts on an action
    :raises ValueError: if one is no transform
    """

    observation: Transform | Mapping[str, Transform]
    action: Transform

    def __post_init__(self) -> None:
        parts = {"`action`": self.action}
        if isinstance(self.observation, Transform):
            parts["`observation`"] = self.observation
        else:
            keys = mapping_of(self.observation, "`observation` that is no transform")
            parts |= {f"`observation`, key {key!r},": transform for key, transform in keys.items()}
        for what, transform in parts.items():
            if not isinstance(transform, Transform):
                raise ValueError(
                    f"{what} must be a transform, such as SignedPermutation([1, 0]), got {shown(transform)}"
                )

    def apply_observation(self, observation: Any) -> Any:
        """
        :param observation: array or tensor batched over any leading axes, or a dict of them
        :return: the mirrored observation
        """
        if isinstance(self.observation, Transform):
            return self.observation.apply(observation)
        if not isinstance(observation, Mapping) or set(observation) != set(self.observation):
            given = sorted(observation) if isinstance(observation, Mapping) else type(observation).__name__
            raise ValueError(f"expected an observation with the keys {sorted(self.observation)}, got {given}")
        return {key: transform.apply(observation[key]) for key, transform in self.observation.items()}

    def apply_action(self, action: Any) -> Any:
        """
        :param action: array or tensor batched over any leading axes
        :return: the mirrored action
        """
        return self.action.apply(action)

    def by_key(self) -> Mapping[str, Transform]:
        """
        :return: how the mirror acts on each key of a dict observation; any other observation has the key ``""``
        """
        return {"": self.observation} if isinstance(self.observation, Transform) else self.observation

    def inverse(self) -> Mirror:
        """
        :return: the mirror that undoes this one
        """
        return Mirror(self.map_observation(lambda transform: transform.inverse()), self.action.inverse())

    def map_observation(self, function: Callable[[Transform], Transform]) -> Transform | dict[str, Transform]:
        """
        :param function: applied to the observation's transform, or to that of each key
        :return: what ``observation`` is, with the results in place
        """
        if isinstance(self.observation, Transform):
            return function(self.observation)
        return {key: function(transform) for key, transform in self.observation.items()}

    def __matmul__(self, other: Mirror) -> Mirror:
        if not isinstance(other, Mirror):
            raise ValueError(f"a mirror is composed with another, got {shown(other)}")
        return Mirror(_compose(self.observation, other.observation), self.action @ other.action)

    @property
    def observation_is_identity(self) -> bool:
        """Whether the mirror leaves every observation as it is."""
        return all(transform.is_identity for transform in self.by_key().values())

    @property
    def is_identity(self) -> bool:
        """Whether the mirror changes nothing at all."""
        return self.observation_is_identity and self.action.is_identity

    def __hash__(self) -> int:
        return hash((frozenset(self.by_key().items()), self.action))


class SymmetryGroup:
    """
    All products of some mirrors, the identity first.

    >>> from sb3_memaug.symmetry import SignedPermutation
    >>> left_right = Mirror(SignedPermutation([0, 1], [1, -1]), SignedPermutation([1, 0]))
    >>> front_back = Mirror(SignedPermutation([0, 1], [-1, 1]), SignedPermutation([0, 1], [-1, -1]))
    >>> group = SymmetryGroup({"left_right": left_right, "front_back": front_back})
    >>> group.names
    ('identity', 'left_right', 'front_back', 'left_right*front_back')
    >>> group.actions(np.array([1.0, 2.0])).shape
    (4, 2)

    :param generators: mirrors by name; their products are named after them
    :param reflections: of the robot whose mirrors they are, by the same names; None where there is no robot
    :raises ValueError: if they are no mirrors by name, act on different spaces, repeat one another, do not close to a
        finite group, or map the same observation to different actions; if a mirror has no reflection, or two
        reflections cannot be composed
    """

    def __init__(self, generators: Mapping[str, Mirror], reflections: Mapping[str, Reflection] | None = None) -> None:
        if not mapping_of(generators, "a symmetry group's mirrors"):
            raise ValueError("a symmetry group needs at least one mirror, e.g. {'left_right': Mirror(…)}")
        for name, mirror in generators.items():
            if not isinstance(mirror, Mirror):
                raise ValueError(f"mirror {name!r} must be a Mirror(observation, action), got {shown(mirror)}")
        self.generators = dict(generators)
        self._elements, factors = _close(self.generators)
        #: Of the robot, by the names of all elements, the identity among them; None where there is no robot.
        self.reflections: Mapping[str, Reflection] | None = None
        if reflections is not None:
            self.reflections = MappingProxyType(_products(self.generators, reflections, factors))
        self._index = {mirror: i for i, mirror in enumerate(self._elements.values())}
        _refuse_ambiguous_actions(self._elements)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the elements, ``"identity"`` first."""
        return tuple(self._elements)

    @property
    def elements(self) -> tuple[Mirror, ...]:
        """The elements in the order of :attr:`names`."""
        return tuple(self._elements.values())

    def __len__(self) -> int:
        return len(self._elements)

    def __iter__(self) -> Iterator[Mirror]:
        return iter(self._elements.values())

    def __getitem__(self, name: str) -> Mirror:
        if not isinstance(name, str) or name not in self._elements:
            raise ValueError(f"the group has no element {shown(name)}, only {', '.join(self._elements)}")
        return self._elements[name]

    def product(self, left: int, right: int) -> int:
        """
        :param left: index of an element
        :param right: index of another
        :return: index of ``elements[left] @ elements[right]``
        """
        return self._index[self.elements[left] @ self.elements[right]]

    def inverse(self, index: int) -> int:
        """
        :param index: index of an element
        :return: index of its inverse
        """
        return self._index[self.elements[index].inverse()]

    def observations(self, observation: Any) -> Any:
        """
        The orbit of an observation.

        :param observation: array or tensor batched over any leading axes, or a dict of them
        :return: the same with a new first axis of length ``len(self)``, the original first
        """
        orbit = [mirror.apply_observation(observation) for mirror in self]
        if isinstance(observation, Mapping):
            return {key: _stack([image[key] for image in orbit]) for key in observation}
        return _stack(orbit)

    def actions(self, action: Any) -> Any:
        """
        The orbit of an action.

        :param action: array or tensor batched over any leading axes
        :return: the same with a new first axis of length ``len(self)``, the original first
        """
        return _stack([mirror.apply_action(action) for mirror in self])

    def channels_first(self) -> SymmetryGroup:
        """
        :return: the same group for observations whose images were transposed, as by SB3's ``VecTransposeImage``
        """

        def transpose(transform: Transform) -> Transform:
            return transform.channels_first() if isinstance(transform, ImageFlip) else transform

        return self.with_mirrors(lambda mirror: Mirror(mirror.map_observation(transpose), mirror.action))

    def with_mirrors(self, function: Callable[[Mirror], Mirror]) -> SymmetryGroup:
        """
        :param function: of a mirror, how it acts on other spaces
        :return: the group of the same reflections that acts on these
        """
        return SymmetryGroup(
            {name: function(mirror) for name, mirror in self.generators.items()}, self._generating_reflections
        )

    @property
    def _generating_reflections(self) -> dict[str, Reflection] | None:
        return None if self.reflections is None else {name: self.reflections[name] for name in self.generators}

    def __eq__(self, other: object) -> bool:
        # Their order is part of the value: it is that of the orbits and of the mirrored memories.
        return isinstance(other, SymmetryGroup) and list(self._elements.items()) == list(other._elements.items())

    def __hash__(self) -> int:
        return hash(tuple(self._elements.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        reflections = self._generating_reflections
        return SymmetryGroup, ((self.generators,) if reflections is None else (self.generators, reflections))

    def __repr__(self) -> str:
        return f"SymmetryGroup({', '.join(self.names)})"


def _close(generators: Mapping[str, Mirror]) -> tuple[dict[str, Mirror], dict[str, tuple[str, str]]]:
    """All products by name, and of which element and which generator each of them is."""
    first = next(iter(generators.values()))
    identity = first @ first.inverse()
    elements = {"identity": identity}
    for name, mirror in generators.items():
        if name == "identity" or mirror.is_identity:
            raise ValueError(f"mirror {name!r} is the identity: name only mirrors that change something")
        twin = next((other for other, element in elements.items() if element == mirror), None)
        if twin is not None:
            raise ValueError(f"mirrors {twin!r} and {name!r} are the same map: keep one of them")
        elements[name] = mirror

    known = set(elements.values())
    factors: dict[str, tuple[str, str]] = {}
    queue = [(name, mirror) for name, mirror in elements.items() if name != "identity"]
    for name, mirror in queue:
        for factor, generator in generators.items():
            product = mirror @ generator
            if product in known:
                continue
            if len(known) == MAX_ORDER:
                raise ValueError(
                    f"the mirrors {list(generators)} do not close to a group of at most {MAX_ORDER} elements: "
                    "one of them has a wrong permutation, sign or offset"
                )
            product_name = f"{name}*{factor}"
            if product_name in elements:
                raise ValueError(
                    f"mirror {product_name!r} is not the product of {name!r} and {factor!r}: give it another name"
                )
            known.add(product)
            elements[product_name] = product
            factors[product_name] = name, factor
            queue.append((product_name, product))
    return elements, factors


def _products(
    generators: Mapping[str, Mirror],
    reflections: Mapping[str, Reflection],
    factors: Mapping[str, tuple[str, str]],
) -> dict[str, Reflection]:
    """The reflections of all elements."""
    for name, reflection in mapping_of(reflections, "`reflections`").items():
        if not isinstance(reflection, Reflection):
            raise ValueError(f"reflection {name!r} must be a Reflection, got {shown(reflection)}")
    missing = [name for name in generators if name not in reflections]
    if missing:
        raise ValueError(f"`reflections` must hold one for each mirror, but {missing} have none: got {[*reflections]}")
    found = {"identity": reflections[next(iter(generators))].identity, **{n: reflections[n] for n in generators}}
    for name, (left, right) in factors.items():
        try:
            found[name] = found[left] @ found[right]
        except ValueError as error:
            raise ValueError(f"the reflections {left!r} and {right!r} have no product: {error}") from error
    return found


def _refuse_ambiguous_actions(elements: Mapping[str, Mirror]) -> None:
    """A policy could not obey two elements that see the same observation and ask for different actions."""
    seen: dict[Mirror, str] = {}
    for name, mirror in elements.items():
        observed = Mirror(mirror.observation, next(iter(elements.values())).action)
        if observed in seen:
            raise ValueError(
                f"elements {seen[observed]!r} and {name!r} act alike on observations but not on actions: "
                "one of the mirrors has a wrong action map, or an observation term that does not show the mirroring"
            )
        seen[observed] = name


def _compose(
    outer: Transform | Mapping[str, Transform], inner: Transform | Mapping[str, Transform]
) -> Transform | dict[str, Transform]:
    if isinstance(outer, Transform) and isinstance(inner, Transform):
        return outer @ inner
    if isinstance(outer, Transform) or isinstance(inner, Transform) or set(outer) != set(inner):
        raise ValueError("cannot compose mirrors of different observations")
    return {key: transform @ inner[key] for key, transform in outer.items()}


def _stack(images: Sequence[Any]) -> Any:
    return th.stack(list(images)) if isinstance(images[0], th.Tensor) else np.stack(images)
