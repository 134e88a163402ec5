"""Which actuator is the mirror image of which, and how far from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

import numpy as np

from sb3_memaug.symmetry.differences import relative_difference
from sb3_memaug.symmetry.geometry import Actuator
from sb3_memaug.symmetry.residual import Residual, property_residuals, range_error, range_text

#: Actuators on one joint up to which all ways to pair them are tried.
MANY = 6


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
    if len(own) > MANY:
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
