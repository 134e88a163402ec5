"""Frames of a robot: rigid motions between them, and which axes of its base point forward and up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

#: The base frame's axes, and the directions against them.
DIRECTIONS = {sign + axis: (i, -1 if sign == "-" else 1) for sign in ("", "-") for i, axis in enumerate("xyz")}


class RigidMotion(NamedTuple):
    """
    A rotation and then a translation. That of a body's frame takes what is given in that frame to the frame around it.

    :param rotation: (3, 3); of a body's frame, its axes in the columns
    :param translation: in m, (3,); of a body's frame, its origin
    """

    rotation: np.ndarray
    translation: np.ndarray

    @classmethod
    def identity(cls) -> RigidMotion:
        """
        :return: what leaves everything where it is
        """
        return cls(np.eye(3), np.zeros(3))

    def point(self, point: np.ndarray) -> np.ndarray:
        """
        :param point: (3,)
        :return: where it comes to lie, (3,)
        """
        return self.rotation @ point + self.translation

    def vector(self, vector: np.ndarray) -> np.ndarray:
        """
        :param vector: a direction or a distance, (3,)
        :return: the same, turned, (3,)
        """
        return self.rotation @ vector

    def tensor(self, tensor: np.ndarray) -> np.ndarray:
        """
        :param tensor: an inertia about the centre of mass or an extent, (3, 3)
        :return: the same, turned, (3, 3)
        """
        return self.rotation @ tensor @ self.rotation.T

    def after(self, first: RigidMotion) -> RigidMotion:
        """
        :param first: another motion
        :return: that one and then this one
        """
        return RigidMotion(self.rotation @ first.rotation, self.point(first.translation))

    def inverse(self) -> RigidMotion:
        """
        :return: what undoes it
        """
        return RigidMotion(self.rotation.T, -self.rotation.T @ self.translation)


@dataclass(frozen=True)
class BaseAxes:
    """
    Which axes of its base's frame a robot calls forward and up; "left" follows, as x forward and z up have y to the
    left. Of a robot that is fixed to the world, the base's frame is the world's.

    :param forward: ``"x"``, ``"-x"``, ``"y"`` …
    :param up: another one of them
    :param origin: a point in the base's frame, in m, from which the robot is looked at: where the observed position
        and velocity of the base are measured
    :raises ValueError: if these are no two directions across each other, or the origin is no point
    """

    forward: str = "x"
    up: str = "z"
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        for what in ("forward", "up"):
            if not isinstance(getattr(self, what), str) or getattr(self, what) not in DIRECTIONS:
                raise ValueError(
                    f"`{what}` must be one of the base frame's axes {list(DIRECTIONS)}, got {getattr(self, what)!r}"
                )
        if self._index("forward") == self._index("up"):
            raise ValueError(f"`forward` and `up` must lie across each other, got {self.forward!r} and {self.up!r}")
        try:
            origin = np.array(self.origin, dtype=float)
        except (TypeError, ValueError):
            origin = np.empty(0)
        if origin.shape != (3,) or not np.isfinite(origin).all():
            raise ValueError(f"`origin` must be a point in m, as (0, 0.1, 0), got {self.origin!r}")
        object.__setattr__(self, "origin", tuple(origin.tolist()))

    @classmethod
    def with_left(cls, left: str, up: str, origin: Sequence[float] = (0.0, 0.0, 0.0)) -> BaseAxes:
        """
        :param left: which axis of the base's frame points to the left
        :param up: which one points up
        :param origin: as of the axes
        :return: the axes
        """
        # Who looks to the left has what was forward on the right.
        behind = cls(forward=left, up=up).left
        forward = behind[1:] if behind.startswith("-") else f"-{behind}"
        x, y, z = origin
        return cls(forward, up, (x, y, z))

    @classmethod
    def of(cls, axes: BaseAxes | Mapping[str, Any] | None) -> BaseAxes:
        """
        :param axes: axes, a mapping of their arguments, or None for x forward and z up
        :return: the axes
        :raises ValueError: if they are none
        """
        if isinstance(axes, BaseAxes):
            return axes
        known = [field.name for field in fields(cls)]
        if axes is not None and not (isinstance(axes, Mapping) and set(axes) <= set(known)):
            raise ValueError(f"`axes` must be a mapping with some of {known}, as {{'up': 'y'}}, got {axes!r}")
        return cls(**(axes or {}))

    @cached_property
    def rotation(self) -> np.ndarray:
        """From the base's frame to one with x forward, y to the left and z up, (3, 3)."""
        forward, up = np.zeros(3), np.zeros(3)
        for vector, name in ((forward, self.forward), (up, self.up)):
            i, sign = DIRECTIONS[name]
            vector[i] = sign
        return np.array((forward, np.cross(up, forward), up))

    @property
    def left(self) -> str:
        """The axis of the base's frame that points to the left."""
        return next(name for name, (i, sign) in DIRECTIONS.items() if self.rotation[1, i] == sign)

    @cached_property
    def motion(self) -> RigidMotion:
        """From the base's frame to one with x forward, y to the left and z up, in :attr:`origin`."""
        return RigidMotion(self.rotation, -self.rotation @ np.array(self.origin))

    @cached_property
    def horizontal(self) -> tuple[int, int]:
        """Indices of the base frame's two axes that do not point up or down, in their order."""
        first, second = (i for i in range(3) if i != self._index("up"))
        return first, second

    @property
    def plain(self) -> dict[str, Any]:
        """As a mapping, without what is as by default."""
        arguments = {"forward": self.forward, "up": self.up, "origin": list(self.origin)}
        default = {"forward": "x", "up": "z", "origin": [0.0, 0.0, 0.0]}
        return {key: value for key, value in arguments.items() if value != default[key]}

    def signs(self, plane: tuple[int, int, int]) -> tuple[int, int, int]:
        """
        :param plane: signs of what points forward, to the left and up
        :return: signs of what points along the base frame's own axes
        """
        x, y, z = (np.abs(self.rotation).T @ np.array(plane)).astype(int).tolist()
        return x, y, z

    def _index(self, what: str) -> int:
        return DIRECTIONS[getattr(self, what)][0]
