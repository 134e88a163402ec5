"""Forward kinematics: the same robot with its joints at other angles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches

import numpy as np

from sb3_memaug.symmetry.geometry import Joint, Link, RobotGeometry
from sb3_memaug.symmetry.rigid_motion import RigidMotion


def posed(geometry: RobotGeometry, angles: Mapping[str, float]) -> RobotGeometry:
    """
    Move some joints, and with them whatever they carry; a closure goes with the first of its links.

    :param geometry: of the robot
    :param angles: absolute ones in rad or m, by joint; the other joints stay as they are
    :return: the robot in that pose
    :raises ValueError: if a joint is unknown, or an angle is not finite
    """
    known = [joint.name for joint in geometry.joints]
    for name, angle in angles.items():
        if name not in known:
            near = get_close_matches(name, known) or known
            raise ValueError(f"robot {geometry.name!r} has no joint {name!r}; did you mean one of {near}?")
        if not np.isfinite(angle):
            raise ValueError(f"expected a finite angle for joint {name!r}, got {angle}")
    moved: list[RigidMotion] = []
    links: list[Link] = []
    for link in geometry.links:
        motion = moved[link.parent] if link.parent >= 0 else RigidMotion.identity()
        joint = link.joint
        if joint is not None:
            target = float(angles.get(joint.name, joint.angle))
            step = _step(joint, target - joint.angle)
            # Its own motion leaves a hinge's axis as it is, and only shifts a slide's along itself.
            joint = replace(joint, position=motion.point(joint.position), axis=motion.vector(joint.axis), angle=target)
            motion = motion.after(step)
        moved.append(motion)
        links.append(_moved(replace(link, joint=joint), motion))
    closures = tuple(replace(c, position=moved[c.links[0]].point(c.position)) for c in geometry.closures)
    return replace(geometry, links=tuple(links), closures=closures)


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
