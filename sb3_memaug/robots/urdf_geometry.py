"""The geometry of a robot in a URDF file, read without a simulator."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import numpy as np

from sb3_memaug.robots.urdf_tree import Tree, link_of, numbers, placement, read_tree
from sb3_memaug.symmetry.geometry import UNLIMITED, Body, Joint, RobotGeometry, Shape
from sb3_memaug.symmetry.rigid_motion import RigidMotion

_KINDS = {"revolute": "hinge", "continuous": "hinge", "prismatic": "slide", "fixed": None}


def urdf_geometry(robot: Element) -> RobotGeometry:
    """
    The root link and all that hangs on it, seen from the root link's frame, with all joints at zero. The base floats,
    unless the root link is called ``world``. Where a ``floating`` joint is all that hangs on the root, its child is the
    base.

    Surfaces are the collision primitives; meshes are never opened, and left and right ones are different files. A joint
    that mimics another one counts as one of its own. There are no actuators: URDF leaves them to others.

    :param robot: root element of the file
    :return: the robot
    :raises ValueError: if its links make no tree, a joint has not one degree of freedom, or numbers are missing
    """
    tree = read_tree(robot)
    base, below = tree.root, tree.joints[tree.root]
    floats = len(below) == 1 and below[0].get("type") == "floating"
    if floats:
        base = link_of(below[0], "child")
    bodies: list[Body] = []
    _add(bodies, tree, base, -1, RigidMotion.identity(), None)
    return RobotGeometry.from_bodies(robot.get("name", "robot"), bodies, floating=floats or base != "world")


def _add(bodies: list[Body], tree: Tree, name: str, parent: int, frame: RigidMotion, joint: Joint | None) -> None:
    """A link and, depth first, all that hangs on it."""
    link = tree.links[name]
    inertial = link.find("inertial")
    own = frame.after(placement(inertial))
    mass, inertia = _mass_and_inertia(link, inertial)
    index = len(bodies)
    bodies.append(
        Body(
            name,
            parent,
            frame.translation,
            mass,
            own.translation,
            own.tensor(inertia),
            [] if joint is None else [joint],
            [shape for collision in link.findall("collision") for shape in _shapes(collision, frame)],
        )
    )
    for element in tree.joints[name]:
        below = frame.after(placement(element))
        _add(bodies, tree, link_of(element, "child"), index, below, _joint(element, below))


def _mass_and_inertia(link: Element, inertial: Element | None) -> tuple[float, np.ndarray]:
    if inertial is None:
        return 0.0, np.zeros((3, 3))
    mass, moments = inertial.find("mass"), inertial.find("inertia")
    (value,) = numbers(mass, "value", (0,))
    xx, yy, zz, xy, xz, yz = (numbers(moments, key, (0,)).item() for key in ("ixx", "iyy", "izz", "ixy", "ixz", "iyz"))
    if value < 0:
        raise ValueError(f"the mass of link {link.get('name')!r} must not be negative, got {value}")
    return float(value), np.array(((xx, xy, xz), (xy, yy, yz), (xz, yz, zz)))


def _joint(element: Element, frame: RigidMotion) -> Joint | None:
    """Of a joint, or None of one that holds its child fast."""
    name, kind = element.get("name", ""), element.get("type", "")
    if kind not in _KINDS:
        raise ValueError(
            f"expected joint {name!r} to be one of {list(_KINDS)}, got {kind!r}; a floating joint is read where it is "
            "all that hangs on the root"
        )
    if kind == "fixed":
        return None
    axis = numbers(element.find("axis"), "xyz", (1, 0, 0))
    if not axis.any():
        raise ValueError(f"the axis of joint {name!r} must not be zero")
    limit, dynamics = element.find("limit"), element.find("dynamics")
    lower, upper = (numbers(limit, key, (0,)).item() for key in ("lower", "upper"))
    properties = {
        "damping": numbers(dynamics, "damping", (0,)).item(),
        "frictionloss": numbers(dynamics, "friction", (0,)).item(),
        "effort": numbers(limit, "effort", (0,)).item(),
        "velocity": numbers(limit, "velocity", (0,)).item(),
    }
    return Joint(
        name,
        str(_KINDS[kind]),
        frame.translation,
        frame.vector(axis / np.linalg.norm(axis)),
        # An empty range means none to simulators.
        limits=(lower, upper) if kind != "continuous" and lower < upper else UNLIMITED,
        properties=properties,
    )


def _shapes(collision: Element, frame: RigidMotion) -> list[Shape]:
    own = frame.after(placement(collision))
    shapes = []
    for solid in collision.iterfind("geometry/*"):
        (radius,), (length,) = numbers(solid, "radius", (0,)), numbers(solid, "length", (0,))
        half_sizes = {
            "box": numbers(solid, "size", (0, 0, 0)) / 2,
            "sphere": np.full(3, radius),
            "cylinder": np.array((radius, radius, length / 2)),
            "capsule": np.array((radius, radius, length / 2 + radius)),
        }
        if solid.tag in half_sizes:
            extent = own.tensor(np.diag(half_sizes[solid.tag] ** 2))
            shapes.append(Shape(collision.get("name", ""), solid.tag, own.translation, extent))
    return shapes
