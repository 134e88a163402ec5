"""The geometry of a robot in a URDF file, without a simulator."""

from __future__ import annotations

import numpy as np

from sb3_memaug.robots.description.urdf import MOVING, SOLIDS, Urdf, UrdfJoint
from sb3_memaug.symmetry.derivation.geometry import Body, Coupling, Joint, RobotGeometry, Shape
from sb3_memaug.symmetry.frames import RigidMotion


def urdf_geometry(urdf: Urdf) -> RobotGeometry:
    """
    The base and all that hangs on it, seen from the base's frame, with all joints at zero.

    Surfaces are the collision primitives; meshes are never opened, and left and right ones are different files. A joint
    that mimics another one counts as one of its own, coupled to the other. There are no actuators: URDF leaves them to
    others.

    :param urdf: what was read from the file
    :return: the robot
    """
    inside = set(urdf.robot)
    above = {joint.child: joint for joint in urdf.joints.values()}
    index: dict[str, int] = {}
    frames: dict[str, RigidMotion] = {}
    bodies: list[Body] = []
    for name in urdf.robot:
        link, joint = urdf.links[name], above.get(name)
        frame = RigidMotion.identity()
        if index:
            assert joint is not None and joint.parent in inside
            frame = frames[joint.parent].after(joint.placement)
        parent = index[joint.parent] if index and joint is not None else -1
        own = frame.after(link.inertial)
        shapes = []
        for shape in link.collisions:
            if shape.kind in SOLIDS:
                placed = frame.after(shape.placement)
                extent = placed.tensor(np.diag(shape.half_sizes**2))
                shapes.append(Shape(shape.name, shape.kind, placed.translation, extent))
        moved_by = [_joint(joint, frame)] if parent >= 0 and joint is not None and joint.kind in MOVING else []
        index[name], frames[name] = len(bodies), frame
        bodies.append(
            Body(
                name,
                parent,
                frame.translation,
                link.mass,
                own.translation,
                own.tensor(link.inertia),
                moved_by,
                shapes,
            )
        )
    couplings = [Coupling("mimic", (m.joint, m.leader), (m.offset, m.multiplier), m.joint) for m in urdf.mimics]
    return RobotGeometry.from_bodies(
        urdf.name,
        bodies,
        floating=urdf.floating,
        couplings=couplings,
        not_compared=[f"the <mimic> of joint {name!r}, which names no joint that moves" for name in urdf.dangling],
        left_aside=urdf.beside,
    )


def _joint(joint: UrdfJoint, frame: RigidMotion) -> Joint:
    return Joint(
        joint.name,
        MOVING[joint.kind],
        frame.translation,
        frame.vector(joint.axis),
        limits=joint.limits,
        properties=joint.properties,
    )
