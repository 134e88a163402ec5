"""One mirror: how a transformation of the world acts on an observation and on an action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sb3_memaug.symmetry.arguments import mapping_of, shown
from sb3_memaug.symmetry.transform import Transform


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


def _compose(
    outer: Transform | Mapping[str, Transform], inner: Transform | Mapping[str, Transform]
) -> Transform | dict[str, Transform]:
    if isinstance(outer, Transform) and isinstance(inner, Transform):
        return outer @ inner
    if isinstance(outer, Transform) or isinstance(inner, Transform) or set(outer) != set(inner):
        raise ValueError("cannot compose mirrors of different observations")
    return {key: transform @ inner[key] for key, transform in outer.items()}
