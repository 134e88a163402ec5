"""A reflection of a robot: how it acts on space and which part becomes which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from itertools import permutations
from typing import Any

import numpy as np

from sb3_memaug.symmetry.arguments import float_of, mapping_of, pairs_of, shown, text_of, texts_of
from sb3_memaug.symmetry.frames import BaseAxes
from sb3_memaug.symmetry.transforms import SignedPermutation

#: Signs of what points forward, to the left and up under each reflection that keeps "up", and under their products.
PLANES: dict[str, tuple[int, int, int]] = {
    "sagittal": (1, -1, 1),
    "transverse": (-1, 1, 1),
    "half_turn": (-1, -1, 1),
    "identity": (1, 1, 1),
}
_PLANE_OF = {signs: plane for plane, signs in PLANES.items()}

#: Angles and controls that differ by no more are those of one pose.
POSE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Reflection:
    """
    A reflection of a robot's base in its sagittal plane (left and right change places) or its transverse plane
    (front and back do), or the half turn that is their product. ``a @ b`` is the product of two reflections of one
    robot, in which ``b`` acts first.

    Parts are named, not numbered, so that a description survives another joint order.

    :param plane: ``"sagittal"``, ``"transverse"`` or ``"half_turn"``; ``"identity"`` for the product of a reflection
        with itself
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

    @property
    def identity(self) -> Reflection:
        """What leaves every part of the same robot as it is."""
        return self @ self

    @property
    def is_identity(self) -> bool:
        """Whether it leaves everything as it is."""
        partners = (_signed(self.joints), _unsigned(self.feet), _unsigned(self.bodies), _signed(self.actuators))
        return self.plane == "identity" and all(pair == (name, 1) for each in partners for name, pair in each.items())

    def __matmul__(self, other: Reflection) -> Reflection:
        """
        The product acts as ``other`` and then this one. It is about the parts that both know.

        :param other: another reflection of the same robot
        :return: the product
        :raises ValueError: if it is none, their bases differ, no pose of the two stays as it is under both, or the
            order in which they act matters
        """
        if not isinstance(other, Reflection):
            raise ValueError(f"a reflection is composed with another of the same robot, got {shown(other)}")
        if self.base != other.base:
            raise ValueError(
                f"cannot compose reflections of different bases, {self.base} and {other.base}: give both the "
                "same `base`"
            )
        joints = _composed("joints", _signed(self.joints), _signed(other.joints))
        # Where actuators are named like their joints, those serve.
        actuators = _composed(
            "actuators", _signed(self.actuators or self.joints), _signed(other.actuators or other.joints)
        )
        forward, left, up = (a * b for a, b in zip(self.world_axes, other.world_axes, strict=True))
        return Reflection(
            _PLANE_OF[forward, left, up],
            joints,
            _names(_composed("feet", _unsigned(self.feet), _unsigned(other.feet))),
            _names(_composed("bodies", _unsigned(self.bodies), _unsigned(other.bodies))),
            actuators if self.actuators or other.actuators else {},
            _common("pose", joints, (self.pose, _signed(self.joints)), (other.pose, _signed(other.joints))),
            _common(
                "neutral",
                actuators,
                (self.neutral, _signed(self.actuators or self.joints)),
                (other.neutral, _signed(other.actuators or other.joints)),
            ),
            self.base,
        )

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


def products(reflections: Mapping[str, Reflection]) -> dict[str, Reflection]:
    """
    :param reflections: of one robot, by their names
    :return: their products by the names that elements of a group have, whichever of them generate it and in whatever
        order: ``"identity"``, each alone, and those of several with ``*`` in between
    :raises ValueError: if there is none, or two of them cannot be composed
    """
    found: dict[str, Reflection] = {}
    for n in range(1, len(reflections) + 1):
        for names in permutations(reflections, n):
            found["*".join(names)] = reduce(Reflection.__matmul__, (reflections[name] for name in names))
    return {"identity": next(iter(reflections.values())).identity, **found} if found else {}


@cache
def _axes(plane: str, base: BaseAxes) -> tuple[int, int, int]:
    return base.signs(PLANES[plane])


@cache
def _orientation(plane: str, base: BaseAxes) -> SignedPermutation:
    """
    The world is turned by half a turn about the normal of the plane (or the vertical axis), and the robot about the
    same axis of its own, which has the same sign.
    """
    if plane == "identity":
        return SignedPermutation.identity(4)
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


def _names(partners: Mapping[str, tuple[str, int]]) -> dict[str, str]:
    return {name: partner for name, (partner, _) in partners.items()}


def _composed(
    what: str, outer: Mapping[str, tuple[str, int]], inner: Mapping[str, tuple[str, int]]
) -> dict[str, tuple[str, int]]:
    """Partners under the product, of the parts that both know together with all images of theirs."""
    known = set(outer) & set(inner)
    while lost := {name for name in known if outer[name][0] not in known or inner[name][0] not in known}:
        known -= lost
    product = {}
    for name in (name for name in outer if name in known):
        between, outer_sign = outer[name]
        partner, inner_sign = inner[between]
        back, sign = outer[partner]
        if (inner[back][0], sign * inner[back][1]) != (name, outer_sign * inner_sign):
            raise ValueError(
                f"the order in which two reflections act matters for {name!r} of `{what}`, which one pairs with "
                f"{outer[name]} and the other with {inner[name]}: mend one of them"
            )
        product[name] = partner, outer_sign * inner_sign
    return product


def _common(
    what: str,
    names: Iterable[str],
    outer: tuple[Mapping[str, float], Mapping[str, tuple[str, int]]],
    inner: tuple[Mapping[str, float], Mapping[str, tuple[str, int]]],
) -> dict[str, float]:
    """Of two poses with the reflections that leave them as they are, one that both leave as it is."""
    names = list(names)

    def value(pose: Mapping[str, float], name: str) -> float:
        return pose.get(name, 0.0)

    def moved(pose: Mapping[str, float], by: tuple[Mapping[str, float], Mapping[str, tuple[str, int]]]) -> list[str]:
        """What another reflection does not leave where the pose has it."""
        fixed, partners = by
        found = []
        for name in names:
            partner, sign = partners[name]
            image = value(fixed, name) + sign * (value(pose, partner) - value(fixed, partner))
            found += [name] if abs(image - value(pose, name)) > POSE_TOLERANCE else []
        return found

    for (pose, _), other in ((outer, inner), (inner, outer)):
        if not moved(pose, other):
            return {name: pose[name] for name in names if value(pose, name)}
    name = moved(outer[0], inner)[0]
    raise ValueError(
        f"the `{what}` of two reflections must be one that both leave as it is, but {name!r} is at "
        f"{value(outer[0], name):g} in one and at {value(inner[0], name):g} in the other: give both the same `{what}`"
    )


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
