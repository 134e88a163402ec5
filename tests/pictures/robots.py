"""Robots that are small enough to know what they look like."""

from __future__ import annotations

import numpy as np

from sb3_memaug.symmetry import Body, Closure, Joint, Reflection, RobotGeometry, Shape

LEFT_RIGHT = Reflection("sagittal", {"left": ("right", -1), "right": ("left", -1), "nod": ("nod", 1)})


def joint(name, position, axis, **kwargs):
    return Joint(name, "hinge", np.array(position, dtype=float), np.array(axis, dtype=float), **kwargs)


def body(name, position, mass=1.0, joints=(), shapes=(), parent=0):
    position = np.array(position, dtype=float)
    return Body(name, parent, position, mass, position, mass * 0.01 * np.eye(3), joints, shapes)


def two_arms(offset=0.0, **kwargs):
    """A ball with an arm to each side, which turn about x, and a head that nods; ``offset`` shifts its middle in y."""
    ball = Shape("", "sphere", np.array((0.0, offset, 0.0)), 0.04 * np.eye(3))
    bodies = [
        body("trunk", (0, offset, 0), 3.0, shapes=[ball], parent=-1),
        body("left_arm", (0, offset + 0.5, 0), joints=[joint("left", (0, offset + 0.3, 0), (1, 0, 0))]),
        body("right_arm", (0, offset - 0.5, 0), joints=[joint("right", (0, offset - 0.3, 0), (1, 0, 0))]),
        body("head", (0.1, offset, 0.4), joints=[joint("nod", (0, offset, 0.3), (0, 1, 0), limits=(0.0, 0.2))]),
    ]
    return RobotGeometry.from_bodies("two_arms", bodies, **kwargs)


def four_bar():
    """Two cranks and the bar between them, a parallelogram in the plane of y and z."""
    bodies = [
        body("frame", (0, 0, 0), parent=-1),
        body("crank", (0, 0, 0.5), joints=[joint("first", (0, 0, 0), (1, 0, 0))]),
        body("bar", (0, 0.5, 1), joints=[joint("second", (0, 0, 1), (1, 0, 0))], parent=1),
        body("rocker", (0, 1, 0.5), joints=[joint("third", (0, 1, 0), (1, 0, 0))]),
    ]
    return RobotGeometry.from_bodies("four_bar", bodies, closures=[Closure((2, 3), np.array((0.0, 1.0, 1.0)))])
