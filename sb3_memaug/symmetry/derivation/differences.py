"""How far two parts of a robot are from being mirror images of each other, and how far they may be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from sb3_memaug.symmetry.arguments import as_number, bool_of, shown
from sb3_memaug.symmetry.derivation.geometry import Joint, Link
from sb3_memaug.symmetry.reflection import PLANES


@dataclass(frozen=True, eq=False)
class SpaceReflection:
    """
    A reflection of space, or the half turn about a vertical axis.

    :param plane: ``"sagittal"``, ``"transverse"`` or ``"half_turn"``
    :param offset: of the plane from the origin, or of the axis of the half turn, in m, (3,)
    """

    plane: str
    offset: np.ndarray

    @cached_property
    def axes(self) -> np.ndarray:
        """Signs of the x, y and z components of a vector, (3,)."""
        return np.array(PLANES[self.plane], dtype=np.float64)

    def point(self, point: np.ndarray) -> np.ndarray:
        """
        :param point: in m, (3,)
        :return: its mirror image
        """
        return self.offset + self.axes * (point - self.offset)

    def vector(self, vector: np.ndarray) -> np.ndarray:
        """
        :param vector: a displacement or a force, (3,)
        :return: its mirror image
        """
        return self.axes * vector

    def axial_vector(self, vector: np.ndarray) -> np.ndarray:
        """
        :param vector: an axis of rotation or a torque, (3,)
        :return: its mirror image
        """
        return self.axes.prod() * self.axes * vector

    def tensor(self, tensor: np.ndarray) -> np.ndarray:
        """
        :param tensor: of inertia or extent, (3, 3)
        :return: its mirror image
        """
        return np.outer(self.axes, self.axes) * tensor


@dataclass(frozen=True)
class Tolerances:
    """
    Real robots are not symmetric to the last gram: cameras, batteries and identified parameters differ from side to
    side, and what walks on one side walks on the other. So the default tolerances refuse what would be another robot;
    smaller differences are reported.

    Surfaces of links that are not the end of a chain, and passive properties of joints such as damping and friction,
    are compared and reported too, but decide nothing unless asked to.

    :param position: of joint axes, in m
    :param angle: between joint axes, in rad
    :param mass: relative to the heavier of two partners
    :param centre: of mass, in m
    :param inertia: relative to the larger of two partners
    :param surface: of what touches the ground or other parts, in m
    :param limits: of joints, in rad or m
    :param properties: of joints, relative to the larger: damping, friction …
    :param actuators: relative to the larger: gears, gains, limits
    :param couplings: relative to the larger: coefficients of joints that depend on one another, a tendon's stiffness
    :param strict: whether inner surfaces and properties decide, too
    :raises ValueError: if a tolerance is not positive; infinity forgives everything
    """

    position: float = 2e-3
    angle: float = 5e-3
    mass: float = 0.1
    centre: float = 0.025
    inertia: float = 0.5
    surface: float = 0.01
    limits: float = 0.1
    properties: float = 0.1
    actuators: float = 0.05
    couplings: float = 0.05
    strict: bool = False

    def __post_init__(self) -> None:
        bool_of(self.strict, "`strict`")
        for field in fields(self):
            value = getattr(self, field.name)
            number = as_number(value)
            if field.name != "strict" and (number is None or not number > 0):
                raise ValueError(f"tolerance `{field.name}` must be positive, got {shown(value)}: nothing is exact")


def axis_distance(joint: Joint, partner: Joint, space: SpaceReflection) -> float:
    """
    :param joint: of a link
    :param partner: of the other
    :param space: the reflection
    :return: how far the mirror image of a hinge's axis is from its partner's, in m; 0 for slides, which have no place
    """
    if joint.kind != "hinge":
        return 0.0
    return _cross(space.point(joint.position) - partner.position, partner.axis)


def mirrored_axis(joint: Joint, space: SpaceReflection) -> np.ndarray:
    """
    :param joint: of a link
    :param space: the reflection
    :return: the axis about or along which the mirror image moves when the joint does, (3,)
    """
    return space.axial_vector(joint.axis) if joint.kind == "hinge" else space.vector(joint.axis)


def axis_angle(joint: Joint, partner: Joint, space: SpaceReflection) -> float:
    """
    :param joint: of a link
    :param partner: of the other
    :param space: the reflection
    :return: angle between the mirror image of its axis and its partner's, whichever way they point, in rad
    """
    image = mirrored_axis(joint, space)
    return math.atan2(_cross(image, partner.axis), abs(float(image @ partner.axis)))


def _cross(a: np.ndarray, b: np.ndarray) -> float:
    """Length of the cross product; NumPy's takes many times as long for a single one."""
    (ax, ay, az), (bx, by, bz) = a.tolist(), b.tolist()
    return math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)


def relative_difference(a: float, b: float) -> float:
    """
    :param a: a size
    :param b: another
    :return: their difference, relative to the larger
    """
    largest = max(abs(a), abs(b))
    return abs(a - b) / largest if largest > 0 else 0.0


def inertia_difference(link: Link, partner: Link, space: SpaceReflection) -> float:
    """
    :param link: of a robot
    :param partner: another
    :param space: the reflection
    :return: difference between the mirror image of its inertia and its partner's, relative to the larger
    """
    image = space.tensor(link.inertia)
    if (image == partner.inertia).all():
        return 0.0
    moments = np.linalg.eigvalsh((image - partner.inertia, image, partner.inertia))
    difference, *sizes = np.abs(moments).max(axis=1).tolist()
    return difference / max(sizes) if max(sizes) > 0 else 0.0


@dataclass(frozen=True)
class Residual:
    """
    :param quantity: what was compared: ``"joint axis"``, ``"mass"``, ``"limits"`` …
    :param part: a link, a joint or an actuator
    :param partner: its mirror image
    :param error: in the unit of the tolerance: m, rad, or relative
    :param tolerance: for it
    :param account: what differs, in words
    :param decisive: whether the two are no mirror images beyond the tolerance; else it is only listed
    """

    quantity: str
    part: str
    partner: str
    error: float
    tolerance: float
    account: str
    decisive: bool = True

    @property
    def ratio(self) -> float:
        """The error relative to its tolerance."""
        return self.error / self.tolerance if self.tolerance and self.error < np.inf else np.inf

    @property
    def breaks(self) -> bool:
        """Whether it is a reason why the robot has no such mirror."""
        return self.decisive and self.error > self.tolerance

    def __str__(self) -> str:
        parts = self.part if self.part == self.partner else f"{self.part} and {self.partner}"
        return f"{parts}: {self.account}"


def property_residuals(
    names: tuple[str, str], own: Mapping[str, float], others: Mapping[str, float], tolerance: float, decisive: bool
) -> Iterator[Residual]:
    """
    :param names: of a part and its partner
    :param own: what a mirror leaves as it is, by name; 0 for what is not there
    :param others: that of the partner
    :param tolerance: relative to the larger
    :param decisive: whether a difference beyond it is a reason why they are no mirror images
    :return: one for each property
    """
    for key in sorted({*own, *others}):
        a, b = own.get(key, 0.0), others.get(key, 0.0)
        yield Residual(key, *names, relative_difference(a, b), tolerance, f"{key} {a:.4g} and {b:.4g}", decisive)


def range_error(image: Sequence[float], limits: Sequence[float]) -> float:
    """
    :param image: lowest and highest value
    :param limits: those that there should be
    :return: the larger difference; infinite where only one of them is
    """
    return max((abs(a - b) for a, b in zip(image, limits, strict=True) if a != b), default=0.0)


def range_text(limits: Sequence[float]) -> str:
    """
    :param limits: lowest and highest value
    :return: in brackets
    """
    return f"[{limits[0]:.3g}, {limits[1]:.3g}]"
