"""A reflection of a robot: how it acts on space and which part becomes which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from sb3_memaug.symmetry.arguments import float_of, mapping_of, pairs_of, shown, text_of, texts_of
from sb3_memaug.symmetry.base_axes import BaseAxes
from sb3_memaug.symmetry.signed_permutation import SignedPermutation

#: Signs of what points forward, to the left and up under each reflection that keeps "up".
PLANES: dict[str, tuple[int, int, int]] = {
    "sagittal": (1, -1, 1),
    "transverse": (-1, 1, 1),
    "half_turn": (-1, -1, 1),
}


@dataclass(frozen=True)
class Reflection:
    """
    A reflection of a robot's base in its sagittal plane (left and right change places) or its transverse plane
    (front and back do), or the half turn that is their product.

    Parts are named, not numbered, so that a description survives another joint order.

    :param plane: ``"sagittal"``, ``"transverse"`` or ``"half_turn"``
    :param joints: for each joint, its partner and a sign: the mirrored angle of the joint is the sign times the
        partner's angle, both measured from a pose that the reflection leaves as it is
    :param feet: for each foot its partner
    :param bodies: for each rigid body its partner
    :param actuators: for each actuator, its partner and a sign; where they are named like their joints, those serve
    :param pose: that pose, absolute angles by joint in rad or m; 0 for the others
    :param neutral: controls that hold that pose, by actuator; 0 for the others
    :param base: which axes of the base's frame point forward and up, as :class:`BaseAxes` or a mapping of its
        arguments; x and z by default
    :raises ValueError: if an argument is of another type, the plane is unknown, a part has no partner or shares it, or
        reflecting twice would not give every part back
    """

    plane: str
    joints: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    feet: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)
    actuators: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    pose: Mapping[str, float] = field(default_factory=dict)
    neutral: Mapping[str, float] = field(default_factory=dict)
    base: BaseAxes = field(default_factory=BaseAxes)

    def __post_init__(self) -> None:
        object.__setattr__(self, "base", BaseAxes.of(self.base))
        if not isinstance(self.plane, str) or self.plane not in PLANES:
            raise ValueError(f"`plane` must be one of {list(PLANES)}, got {shown(self.plane)}")
        for what in ("joints", "actuators"):
            pairs_of(getattr(self, what), f"`{what}`")
        for what in ("feet", "bodies"):
            for name, partner in mapping_of(getattr(self, what), f"`{what}`").items():
                text_of(partner, f"the partner of {name!r} in `{what}`")
        for what in ("pose", "neutral"):
            for name, value in mapping_of(getattr(self, what), f"`{what}`").items():
                float_of(value, f"{name!r} in `{what}`")
        for what, partners in (
            ("joints", _signed(self.joints)),
            ("feet", _unsigned(self.feet)),
            ("bodies", _unsigned(self.bodies)),
            ("actuators", _signed(self.actuators)),
        ):
            given = sorted(partner for partner, _ in partners.values())
            if given != sorted(partners):
                raise ValueError(f"`{what}` must pair each of {sorted(partners)} with one of them, got {given}")
            for name, (partner, sign) in partners.items():
                if sign not in (1, -1) or partners[partner] != (name, sign):
                    raise ValueError(
                        f"`{what}` pairs {name!r} with {(partner, sign)}, but {partner!r} with {partners[partner]}: "
                        "two partners must name each other, with one sign, +1 or -1"
                    )

    @property
    def axes(self) -> tuple[int, int, int]:
        """Signs of the x, y and z components of a vector in the base frame."""
        return _axes(self.plane, self.base)

    @property
    def world_axes(self) -> tuple[int, int, int]:
        """Signs of the x, y and z components of a vector in a world with z up, whatever the base's frame is."""
        return PLANES[self.plane]

    @property
    def forward(self) -> int:
        """Sign of what points forward, as a forward speed."""
        return PLANES[self.plane][0]

    @property
    def lateral(self) -> int:
        """Sign of what points sideways, as a lateral speed."""
        return PLANES[self.plane][1]

    @property
    def horizontal(self) -> tuple[int, int]:
        """Signs of the two components of a vector in the base frame that do not point up, in their order."""
        first, second = self.base.horizontal
        return self.axes[first], self.axes[second]

    @property
    def orientation(self) -> SignedPermutation:
        """
        How it acts on the base's orientation in a world with z up, as a quaternion, scalar first: signs, where the
        base's frame has x forward and z up.
        """
        return _orientation(self.plane, self.base)

    @property
    def determinant(self) -> int:
        """``-1`` for a reflection, ``+1`` for the half turn: what an axial vector and a pseudoscalar pick up."""
        return int(np.prod(self.axes))

    def joint_map(self, names: Sequence[str]) -> SignedPermutation:
        """
        :param names: joints in the order in which a vector lists their deviations from :attr:`pose`, their velocities
            or torques
        :return: how the reflection acts on such a vector
        :raises ValueError: if a joint is unknown, or its partner is not listed
        """
        return _map("joint", names, _signed(self.joints))

    def joint_position_map(self, names: Sequence[str]) -> SignedPermutation:
        """
        :param names: joints in the order in which a vector lists their absolute positions
        :return: how the reflection acts on such a vector: with an offset where :attr:`pose` asks for one
        :raises ValueError: if a joint is unknown, or its partner is not listed
        """
        return _about(self.joint_map(names), [self.pose.get(name, 0.0) for name in names])

    def actuator_map(self, names: Sequence[str]) -> SignedPermutation:
        """
        :param names: actuators in the order in which a vector lists their controls
        :return: how the reflection acts on such a vector: with an offset where :attr:`neutral` asks for one
        :raises ValueError: if an actuator is unknown, or its partner is not listed
        """
        linear = _map("actuator", names, _signed(self.actuators or self.joints))
        return _about(linear, [self.neutral.get(name, 0.0) for name in names])

    def foot_map(self, names: Sequence[str]) -> SignedPermutation:
        """
        :param names: feet in the order in which a vector lists them
        :return: how the reflection acts on such a vector
        :raises ValueError: if a foot is unknown, or its partner is not listed
        """
        return _map("foot", names, _unsigned(self.feet))

    def body_map(self, names: Sequence[str]) -> SignedPermutation:
        """
        :param names: bodies in the order in which a vector lists them
        :return: how the reflection acts on such a vector
        :raises ValueError: if a body is unknown, or its partner is not listed
        """
        return _map("body", names, _unsigned(self.bodies))


@cache
def _axes(plane: str, base: BaseAxes) -> tuple[int, int, int]:
    return base.signs(PLANES[plane])


@cache
def _orientation(plane: str, base: BaseAxes) -> SignedPermutation:
    """
    The world is turned by half a turn about the normal of the plane (or the vertical axis), and the robot about the
    same axis of its own, which has the same sign.
    """
    row = {"sagittal": 1, "transverse": 0, "half_turn": 2}[plane]
    world, own = np.eye(3)[row], base.rotation[row]
    columns = [_product(_product((0.0, *world), unit), (0.0, *-own)) for unit in np.eye(4)]
    matrix = np.round(columns).astype(int).T
    permutation = np.abs(matrix).argmax(axis=1)
    return SignedPermutation(permutation.tolist(), matrix[np.arange(4), permutation].tolist())


def _product(a: Sequence[float] | np.ndarray, b: Sequence[float] | np.ndarray) -> np.ndarray:
    """Of two quaternions, scalar first."""
    (s, u), (t, v) = (a[0], np.array(a[1:])), (b[0], np.array(b[1:]))
    return np.array((s * t - u @ v, *(s * v + t * u + np.cross(u, v))))


def _signed(partners: Mapping[str, Sequence[Any]]) -> dict[str, tuple[str, int]]:
    """As pairs, whatever JSON or YAML made of them."""
    return {name: (partner, sign) for name, (partner, sign) in partners.items()}


def _unsigned(partners: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    return {name: (partner, 1) for name, partner in partners.items()}


def _about(linear: SignedPermutation, fixed: Sequence[float]) -> SignedPermutation:
    """The same map of what differs from a vector that stays as it is."""
    point = np.array(fixed, dtype=np.float64)
    return SignedPermutation(linear.permutation, linear.signs, (point - linear.apply(point)).tolist())


def _map(what: str, names: Sequence[str], partners: Mapping[str, tuple[str, int]]) -> SignedPermutation:
    """Of a part that is listed several times, each entry comes from that of its partner listed as often before it."""
    names = texts_of(names, f"the names of each {what}")
    entries: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        entries.setdefault(name, []).append(i)
    sources, signs = [0] * len(names), [1] * len(names)
    for name, own in entries.items():
        if name not in partners:
            raise ValueError(f"{what} {name!r} has no partner in this reflection; known are {sorted(partners)}")
        partner, sign = partners[name]
        theirs = entries.get(partner, [])
        if len(theirs) != len(own):
            raise ValueError(
                f"{what} {name!r} is listed {len(own)} times, its mirror partner {partner!r} {len(theirs)} times: list "
                "both as often in one term, or in several terms of the same name and kind"
                if theirs
                else f"{what} {name!r} is listed without its mirror partner {partner!r}: list both in one term, or in "
                "several terms of the same name and kind"
            )
        for i, source in zip(own, theirs, strict=True):
            sources[i], signs[i] = source, sign
    return SignedPermutation(sources, signs)
