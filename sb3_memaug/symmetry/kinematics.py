"""Forward kinematics: the same robot with its joints at other angles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from math import comb

import numpy as np

from sb3_memaug.symmetry.geometry import Closure, Coupling, Joint, Link, RobotGeometry
from sb3_memaug.symmetry.rigid_motion import RigidMotion


def posed(geometry: RobotGeometry, angles: Mapping[str, float]) -> RobotGeometry:
    """
    Move some joints, and with them whatever they carry; the ends of a closure go with their links, and come apart
    where the pose does not close it.

    :param geometry: of the robot
    :param angles: absolute ones in rad or m, by joint; the other joints stay as they are
    :return: the robot in that pose
    :raises ValueError: if a joint is unknown or neither hinge nor slide, or an angle is not finite
    """
    known = {joint.name: joint for joint in geometry.joints}
    for name, angle in angles.items():
        if name not in known:
            near = get_close_matches(name, known) or list(known)
            raise ValueError(f"robot {geometry.name!r} has no joint {name!r}; did you mean one of {near}?")
        if not np.isfinite(angle):
            raise ValueError(f"expected a finite angle for joint {name!r}, got {angle}")
        if known[name].kind not in ("hinge", "slide"):
            raise ValueError(f"expected an angle for hinges and slides, got one for the {known[name].kind} {name!r}")
    moved: list[RigidMotion] = []
    links: list[Link] = []
    steps: dict[str, float] = {}
    for link in geometry.links:
        motion = moved[link.parent] if link.parent >= 0 else RigidMotion.identity()
        joint = link.joint
        if joint is not None:
            target = float(angles.get(joint.name, joint.angle))
            steps[joint.name] = target - joint.angle
            # Its own motion leaves a hinge's axis as it is, and only shifts a slide's along itself.
            after = motion.after(_step(joint, steps[joint.name])) if steps[joint.name] else motion
            joint = replace(_moved_joint(joint, motion), angle=target)
            motion = after
        moved.append(motion)
        links.append(replace(_moved(link, motion), joint=joint))
    closures = tuple(_moved_closure(c, moved[c.links[0]], moved[c.links[1]]) for c in geometry.closures)
    return replace(geometry, links=tuple(links), closures=closures, couplings=_shifted(geometry, steps))


def seen_from(geometry: RobotGeometry, motion: RigidMotion) -> RobotGeometry:
    """
    :param geometry: of the robot
    :param motion: from its base's frame to another one
    :return: the robot as it is seen from the other frame
    """
    if not motion.translation.any() and (motion.rotation == np.eye(3)).all():
        return geometry
    links = tuple(
        replace(_moved(link, motion), joint=link.joint and _moved_joint(link.joint, motion)) for link in geometry.links
    )
    closures = tuple(_moved_closure(closure, motion, motion) for closure in geometry.closures)
    return replace(geometry, links=links, closures=closures)


def _shifted(geometry: RobotGeometry, steps: Mapping[str, float]) -> tuple[Coupling, ...]:
    """The couplings, measured from the angles to which joints have gone by these steps."""
    steps = dict(steps)
    for tendon in geometry.tendons:
        pairs = zip(tendon.joints, tendon.coefficients, strict=True)
        steps[tendon.name] = sum(coefficient * steps[joint] for joint, coefficient in pairs)
    couplings = []
    for coupling in geometry.couplings:
        if coupling.kind == "tendon":
            step = steps[coupling.name]
            (low, high), (slack, taut) = coupling.limits, coupling.rest
            coupling = replace(
                coupling,
                limits=(low - step, high - step),
                rest=(slack - step, taut - step),
                length=coupling.length + step,
            )
        else:
            own, *others = (steps[joint] for joint in coupling.joints)
            coefficients = _moved_polynomial(coupling.coefficients, others[0] if others else 0.0)
            coupling = replace(coupling, coefficients=(coefficients[0] - own, *coefficients[1:]))
        couplings.append(coupling)
    return tuple(couplings)


def _moved_polynomial(coefficients: tuple[float, ...], step: float) -> tuple[float, ...]:
    """Of what is left of the variable beyond a step."""
    powers = range(len(coefficients))
    return tuple(sum(comb(k, i) * coefficients[k] * step ** (k - i) for k in powers if k >= i) for i in powers)


def _moved_joint(joint: Joint, motion: RigidMotion) -> Joint:
    return replace(joint, position=motion.point(joint.position), axis=motion.vector(joint.axis))


def _moved_closure(closure: Closure, motion: RigidMotion, other: RigidMotion) -> Closure:
    end = closure.position if closure.end is None else closure.end
    if closure.end is None and motion is other:
        return replace(closure, position=motion.point(closure.position))
    return replace(closure, position=motion.point(closure.position), end=other.point(end))


def _moved(link: Link, motion: RigidMotion) -> Link:
    """All of a link but its joint."""
    shapes = (
        replace(shape, position=motion.point(shape.position), extent=motion.tensor(shape.extent))
        for shape in link.shapes
    )
    return replace(
        link,
        centre=motion.point(link.centre),
        inertia=motion.tensor(link.inertia),
        shapes=tuple(shapes),
        frames={name: motion.point(position) for name, position in link.frames.items()},
        centres={name: motion.point(position) for name, position in link.centres.items()},
    )


def _step(joint: Joint, angle: float) -> RigidMotion:
    """What a joint does to the link that it moves, by Rodrigues' formula."""
    if joint.kind == "slide":
        return RigidMotion(np.eye(3), angle * joint.axis)
    x, y, z = joint.axis
    cross = np.array(((0.0, -z, y), (z, 0.0, -x), (-y, x, 0.0)))
    rotation = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
    return RigidMotion(rotation, joint.position - rotation @ joint.position)
