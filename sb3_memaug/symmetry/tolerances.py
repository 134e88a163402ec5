"""How far a robot may be from its mirror image and still count as symmetric."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sb3_memaug.symmetry.arguments import as_number, bool_of, shown


@dataclass(frozen=True)
class Tolerances:
    """
    Real robots are not symmetric to the last gramme: cameras, batteries and identified parameters differ from side to
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
