"""How far the parts and the actuators of a robot are from the mirror images of their partners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

import numpy as np

from sb3_memaug.symmetry.derivation.couplings import coupling_residuals, tendon_partners
from sb3_memaug.symmetry.derivation.differences import (
    Residual,
    SpaceReflection,
    Tolerances,
    axis_angle,
    axis_distance,
    inertia_difference,
    property_residuals,
    range_error,
    range_text,
    relative_difference,
)
from sb3_memaug.symmetry.derivation.geometry import Actuator, Closure, Joint, Link, RobotGeometry, Shape
from sb3_memaug.symmetry.derivation.partners import joint_partners

#: Actuators on one joint up to which all ways to pair them are tried.
MANY_ACTUATORS = 6


def kinematic_residuals(
    geometry: RobotGeometry, partners: Mapping[int, int], space: SpaceReflection, tolerances: Tolerances
) -> Iterator[Residual]:
    """
    :param geometry: of the robot
    :param partners: index of the partner by index of the link
    :param space: the reflection
    :param tolerances: within which parts are mirror images
    :return: what decides whether there is a mirror image at all: that every part has one, and the joints' axes
    """
    for i, link in enumerate(geometry.links):
        if i not in partners:
            yield Residual("structure", link.name, link.name, np.inf, 0.0, "it has no mirror image")
    for link, partner in _pairs(geometry, partners):
        if link.joint is None or partner.joint is None:
            continue
        names = link.joint.name, partner.joint.name
        if link.joint.kind != partner.joint.kind:
            yield Residual("structure", *names, np.inf, 0.0, f"a {link.joint.kind} and a {partner.joint.kind}")
            continue
        distance, angle = axis_distance(link.joint, partner.joint, space), axis_angle(link.joint, partner.joint, space)
        yield Residual(
            "joint axis", *names, distance, tolerances.position, f"axis {_metres(distance)} from its mirror image"
        )
        yield Residual(
            "joint direction", *names, angle, tolerances.angle, f"axis turned by {angle:.3g} rad from its mirror image"
        )


def plane_residual(geometry: RobotGeometry, space: SpaceReflection, tolerances: Tolerances) -> Residual:
    """
    :param geometry: of the robot
    :param space: the reflection
    :param tolerances: within which parts are mirror images
    :return: how far the plane is from the base's origin, whose velocity is observed
    """
    base, offset = geometry.links[0].name, float(np.linalg.norm(space.offset))
    account = f"origin {_metres(offset)} off the plane of the joints"
    return Residual("plane", base, base, offset, tolerances.centre, account)


def dynamic_residuals(
    geometry: RobotGeometry, partners: Mapping[int, int], space: SpaceReflection, tolerances: Tolerances
) -> Iterator[Residual]:
    """
    :param geometry: of the robot
    :param partners: index of the partner by index of the link
    :param space: the reflection
    :param tolerances: within which parts are mirror images
    :return: what decides whether mirror images move alike: inertia, surfaces, limits, actuators
    """
    joints = joint_partners(geometry, partners, space)
    tendons = tendon_partners(geometry.tendons, joints, space.plane)
    inner = {geometry.links[link.parent].name for link in geometry.links[1:]}
    for link, partner in _pairs(geometry, partners):
        # What stands fast may weigh what it likes.
        if geometry.floating or link.parent >= 0:
            yield from _inertia(link, partner, space, tolerances)
        yield from _surfaces(link, partner, space, tolerances.surface, tolerances.strict or link.name not in inner)
        if link.joint is not None and partner.joint is not None:
            yield from _joint(link.joint, partner.joint, joints[link.joint.name][1], tolerances)
    driven = {**joints, **tendons}
    yield from actuator_residuals(geometry.all_actuators, driven, geometry.neutral_controls, tolerances.actuators)
    yield from coupling_residuals(geometry, joints, tendons, tolerances)
    yield from _closures(geometry, partners, space, tolerances)


def _pairs(geometry: RobotGeometry, partners: Mapping[int, int]) -> Iterator[tuple[Link, Link]]:
    for i, partner in sorted(partners.items()):
        if i <= partner:
            yield geometry.links[i], geometry.links[partner]


def _inertia(link: Link, partner: Link, space: SpaceReflection, tolerances: Tolerances) -> Iterator[Residual]:
    names = link.name, partner.name
    if not (link.mass or partner.mass):
        return
    mass = relative_difference(link.mass, partner.mass)
    yield Residual("mass", *names, mass, tolerances.mass, f"masses {link.mass:.4g} and {partner.mass:.4g} kg")
    distance = float(np.linalg.norm(space.point(link.centre) - partner.centre))
    where = "from its mirror image"
    if link is partner:
        distance, where = distance / 2, "off the plane" if space.plane != "half_turn" else "off the axis"
    account = f"centre of mass {_metres(distance)} {where}"
    yield Residual("centre of mass", *names, distance, tolerances.centre, account)
    inertia = inertia_difference(link, partner, space)
    account = f"inertia differs from its mirror image by {inertia:.1%}"
    yield Residual("inertia", *names, inertia, tolerances.inertia, account)


def _surfaces(
    link: Link, partner: Link, space: SpaceReflection, tolerance: float, decisive: bool
) -> Iterator[Residual]:
    """Each surface against the nearest of its kind that is still free."""
    free: dict[str, dict[int, Shape]] = {}
    for i, shape in enumerate(partner.shapes):
        free.setdefault(shape.kind, {})[i] = shape
    places = {kind: np.array([shape.position for shape in shapes.values()]) for kind, shapes in free.items()}
    indices = {kind: np.array(list(shapes)) for kind, shapes in free.items()}
    for shape in link.shapes:
        name = f"{link.name}/{shape.name}" if shape.name else link.name
        nearest, error, account = -1, np.inf, f"a {shape.kind} has no mirror image"
        own = free.get(shape.kind, {})
        if own:
            distances = np.linalg.norm(places[shape.kind] - space.point(shape.position), axis=1)
            for k in np.argsort(distances, kind="stable").tolist():
                if distances[k] >= error:
                    break
                i = int(indices[shape.kind][k])
                if i in own and (candidate := _shape_error(shape, own[i], space)) < error:
                    nearest, error = i, candidate
            del own[nearest]
            account = f"surface {_metres(error)} from its mirror image"
        yield Residual("surface", name, partner.name, error, tolerance, account, decisive)
    for shapes in free.values():
        for shape in shapes.values():
            account = f"a {shape.kind} has no mirror image"
            yield Residual("surface", partner.name, link.name, np.inf, tolerance, account, decisive)


def _shape_error(shape: Shape, other: Shape, space: SpaceReflection) -> float:
    """Between their centres, or between their half sizes, in m."""
    extents = np.linalg.norm(space.tensor(shape.extent) - other.extent, 2)
    size = max(np.sqrt(np.linalg.norm(other.extent, 2)), 1e-9)
    return float(max(np.linalg.norm(space.point(shape.position) - other.position), extents / (2 * size)))


def _joint(joint: Joint, partner: Joint, sign: int, tolerances: Tolerances) -> Iterator[Residual]:
    names = joint.name, partner.name
    deviations = [limit - joint.angle for limit in joint.limits]
    image = sorted(partner.angle + sign * deviation for deviation in deviations)
    error = range_error(image, partner.limits)
    account = f"limits {range_text(joint.limits)} mirror to {range_text(image)}, but are {range_text(partner.limits)}"
    yield Residual("limits", *names, error, tolerances.limits, account)
    yield from property_residuals(names, joint.properties, partner.properties, tolerances.properties, tolerances.strict)


def _closures(
    geometry: RobotGeometry, partners: Mapping[int, int], space: SpaceReflection, tolerances: Tolerances
) -> Iterator[Residual]:
    between: dict[frozenset[int], list[Closure]] = {}
    for closure in geometry.closures:
        between.setdefault(frozenset(closure.links), []).append(closure)
    for closure in geometry.closures:
        ends = tuple(partners.get(i, -1) for i in closure.links)
        others = between.get(frozenset(ends), ())
        errors = [_closure_error(closure, other, ends, space) for other in others if other.kind == closure.kind]
        a, b = (geometry.links[i].name for i in closure.links)
        error = min(errors, default=np.inf)
        if errors:
            account = f"closed {_metres(error)} from its mirror image"
        elif others:
            account = f"closed by a {closure.kind}, where its mirror image is by a {others[0].kind}"
        else:
            account = "closed where its mirror image is not"
        yield Residual("closure", a, b, error, tolerances.position, account)


def _closure_error(closure: Closure, other: Closure, ends: tuple[int, ...], space: SpaceReflection) -> float:
    """Larger distance of its two points from where the mirror image has them, in m."""
    points, theirs = ([c.position, c.position if c.end is None else c.end] for c in (closure, other))
    # A closure within one link, or between partners, may be given from either end.
    orders = [order for order in ((0, 1), (1, 0)) if tuple(other.links[i] for i in order) == ends]
    return min(
        max(float(np.linalg.norm(space.point(p) - theirs[i])) for p, i in zip(points, order, strict=True))
        for order in orders
    )


def _metres(distance: float) -> str:
    return f"{1e3 * distance:.1f} mm"


def actuator_partners(
    actuators: Sequence[Actuator], joints: Mapping[str, tuple[str, int]], neutral: Mapping[str, float]
) -> dict[str, tuple[str, int]]:
    """
    Of several actuators on one joint, as two muscles that pull against each other, those are partners that are most
    alike in the mirror.

    :param actuators: of the robot
    :param joints: partner and sign of each joint
    :param neutral: control of each actuator at which it is at rest in the pose
    :return: partner and sign of each actuator whose joint's partner has as many actuators
    """
    of_joint: dict[str, list[Actuator]] = {}
    for actuator in actuators:
        of_joint.setdefault(actuator.joint, []).append(actuator)
    partners: dict[str, tuple[str, int]] = {}
    for joint, own in of_joint.items():
        other, sign = joints.get(joint, (joint, 0))
        theirs = of_joint.get(other, [])
        if not sign or len(own) != len(theirs):
            continue
        for a, b in _most_alike(own, theirs, sign, neutral):
            partners[a.name], partners[b.name] = (b.name, _sign(a, b, sign)), (a.name, _sign(a, b, sign))
    return partners


def actuator_residuals(
    actuators: Sequence[Actuator],
    joints: Mapping[str, tuple[str, int]],
    neutral: Mapping[str, float],
    tolerance: float,
) -> Iterator[Residual]:
    """
    :param actuators: of the robot
    :param joints: partner and sign of each joint
    :param neutral: control of each actuator at which it is at rest in the pose
    :param tolerance: relative to the larger
    :return: what decides whether mirror images are driven alike
    """
    partners = actuator_partners(actuators, joints, neutral)
    by_name = {actuator.name: actuator for actuator in actuators}
    for name, actuator in by_name.items():
        if name not in partners:
            account = f"the partner of its joint {actuator.joint} is driven otherwise"
            yield Residual("actuator", name, name, np.inf, 0.0, account)
        elif name <= partners[name][0]:
            yield from _pair_residuals(actuator, by_name[partners[name][0]], partners[name][1], neutral, tolerance)


def _sign(actuator: Actuator, partner: Actuator, sign: int) -> int:
    """Of two actuators on joints with that sign."""
    return sign if actuator.gear * partner.gear > 0 else -sign


def _most_alike(
    own: Sequence[Actuator], theirs: Sequence[Actuator], sign: int, neutral: Mapping[str, float]
) -> list[tuple[Actuator, Actuator]]:
    """As pairs; those of a joint that is its own partner must be pairs either way."""

    def error(a: Actuator, b: Actuator) -> float:
        return sum(r.error for r in _pair_residuals(a, b, _sign(a, b, sign), neutral, 1.0))

    if len(own) == 1:
        return [(own[0], theirs[0])]
    errors = {(a.name, b.name): error(a, b) for a in own for b in theirs}
    if len(own) > MANY_ACTUATORS:
        return _one_by_one(own, theirs, errors)
    orders = [order for order in permutations(theirs) if own is not theirs or _undoes_itself(own, order)]
    best = min(orders, key=lambda o: sum(errors[a.name, b.name] for a, b in zip(own, o, strict=True)))
    return list(zip(own, best, strict=True))


def _one_by_one(
    own: Sequence[Actuator], theirs: Sequence[Actuator], errors: Mapping[tuple[str, str], float]
) -> list[tuple[Actuator, Actuator]]:
    """The most alike first: there are too many to try all ways."""
    first, second = {a.name: a for a in own}, {b.name: b for b in theirs}
    pairs = []
    for a, b in sorted(errors, key=lambda pair: round(errors[pair], 9)):
        if a in first and b in second:
            pairs.append((first.pop(a), second.pop(b)))
            if own is theirs and a != b:
                pairs.append((first.pop(b), second.pop(a)))
    return pairs


def _undoes_itself(actuators: Sequence[Actuator], order: Sequence[Actuator]) -> bool:
    partner = {a.name: b.name for a, b in zip(actuators, order, strict=True)}
    return all(partner[partner[name]] == name for name in partner)


def _pair_residuals(
    actuator: Actuator, partner: Actuator, sign: int, neutral: Mapping[str, float], tolerance: float
) -> Iterator[Residual]:
    names = actuator.name, partner.name
    gear = relative_difference(abs(actuator.gear), abs(partner.gear))
    yield Residual("gear", *names, gear, tolerance, f"gears {actuator.gear:.4g} and {partner.gear:.4g}")
    offset = neutral.get(partner.name, 0.0) - sign * neutral.get(actuator.name, 0.0)
    for what, limits, others, shift in (
        ("control limits", actuator.control_limits, partner.control_limits, offset),
        ("force limits", actuator.force_limits, partner.force_limits, 0.0),
    ):
        image = sorted(sign * limit + shift for limit in limits)
        scale = max((abs(x) for x in (*image, *others) if np.isfinite(x)), default=1.0) or 1.0
        account = f"{what} {range_text(limits)} mirror to {range_text(image)}, but are {range_text(others)}"
        yield Residual(what, *names, range_error(image, others) / scale, tolerance, account)
    yield from property_residuals(names, actuator.properties, partner.properties, tolerance, decisive=True)
