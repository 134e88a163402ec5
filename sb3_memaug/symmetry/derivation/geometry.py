"""What a robot is made of, as plain numbers that any simulator's adapter fills in, in a pose and from a frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from math import comb
from typing import Any

import numpy as np

from sb3_memaug.symmetry.frames import RigidMotion

#: Limits of what has none.
UNLIMITED = (-np.inf, np.inf)
#: Kinds of :class:`Coupling`.
COUPLINGS = ("mimic", "equality", "tendon")


@dataclass(frozen=True, eq=False)
class Shape:
    """
    What can touch the ground or another part.

    :param name: what it is called; may be empty
    :param kind: ``"sphere"``, ``"box"``, ``"mesh"`` …; only shapes of one kind can be mirror images
    :param position: of its centre in m, (3,)
    :param extent: ``R diag(half sizes²) Rᵀ`` in m², (3, 3), where R holds the shape's own axes in its columns:
        symmetric shapes have equal ones however their axes are numbered or directed
    """

    name: str
    kind: str
    position: np.ndarray
    extent: np.ndarray


@dataclass(frozen=True, eq=False)
class Joint:
    """
    One degree of freedom.

    :param name: what it is called
    :param kind: ``"hinge"`` or ``"slide"``; any other kind can only be locked
    :param position: a point of its axis in m, (3,)
    :param axis: about or along which it moves, of length 1, (3,)
    :param angle: at which it stands, in rad or m
    :param limits: lowest and highest angle
    :param properties: what a mirror leaves as it is, by name, in SI units: ``armature``, ``damping`` …
    """

    name: str
    kind: str
    position: np.ndarray
    axis: np.ndarray
    angle: float = 0.0
    limits: tuple[float, float] = UNLIMITED
    properties: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Body:
    """
    A rigid body as simulators and robot descriptions have it: with any number of joints to its parent, in their order;
    without joints it is fixed to it.

    :param name: what it is called
    :param parent: index of its parent, which comes before it; -1 for the base
    :param position: of its frame in m, (3,)
    :param mass: in kg
    :param centre: of mass in m, (3,)
    :param inertia: about the centre of mass, along the base's axes, in kg·m², (3, 3)
    :param joints: that move it relative to its parent, the first nearest to the parent
    :param shapes: of its surface
    """

    name: str
    parent: int
    position: np.ndarray
    mass: float
    centre: np.ndarray
    inertia: np.ndarray
    joints: Sequence[Joint] = ()
    shapes: Sequence[Shape] = ()


@dataclass(frozen=True, eq=False)
class Link:
    """
    All bodies that are fixed to one another, and the one joint that moves them relative to their parent.

    :param name: of the body that the joint moves
    :param parent: index of the parent, which comes before it; -1 for the base
    :param joint: None for the base
    :param mass: in kg; 0 between two joints of one body
    :param centre: of mass in m, (3,)
    :param inertia: about the centre of mass, along the base's axes, in kg·m², (3, 3)
    :param shapes: of its surface
    :param frames: where the frames of the bodies are that it consists of, in m, by their names
    :param centres: where their centres of mass are, in m, by their names
    """

    name: str
    parent: int
    joint: Joint | None
    mass: float
    centre: np.ndarray
    inertia: np.ndarray
    shapes: tuple[Shape, ...] = ()
    frames: Mapping[str, np.ndarray] = field(default_factory=dict)
    centres: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Actuator:
    """
    What drives a joint.

    :param name: what it is called
    :param joint: name of the joint
    :param gear: torque on the joint per torque of the actuator; its sign is that of the actuator's direction
    :param control_limits: lowest and highest control
    :param force_limits: lowest and highest torque in N·m, or force in N
    :param properties: what a mirror leaves as it is, by name: gains …
    :param control_per_angle: by how much its control grows with the angle of the joint at which it is at rest: 1 for a
        servo whose control is an angle, 0 for a motor whose control is a torque
    """

    name: str
    joint: str
    gear: float = 1.0
    control_limits: tuple[float, float] = UNLIMITED
    force_limits: tuple[float, float] = UNLIMITED
    properties: Mapping[str, float] = field(default_factory=dict)
    control_per_angle: float = 0.0


@dataclass(frozen=True, eq=False)
class Closure:
    """
    A point in which two links are held together, as in a closed kinematic chain.

    :param links: indices of the two
    :param position: of the point on the first link, in m, (3,)
    :param kind: ``"connect"`` where they may turn about the point, ``"weld"`` where they may not
    :param end: of the point on the second link, where that is elsewhere in this pose, in m, (3,)
    """

    links: tuple[int, int]
    position: np.ndarray
    kind: str = "connect"
    end: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Coupling:
    """
    What makes joints depend on one another. Angles are measured from those at which the joints stand.

    Of the kinds ``"mimic"`` and ``"equality"``, the first joint, the follower, is a polynomial of the second, the
    leader: ``follower = coefficients[0] + coefficients[1] · leader + …``; without a leader it is held at
    ``coefficients[0]``. Of the kind ``"tendon"``, a length is the sum of all joints' angles, each times its
    coefficient, and a spring, a damper, limits and actuators may act on this length.

    :param kind: ``"mimic"``, ``"equality"`` or ``"tendon"``
    :param joints: names of the joints; of an equality between two tendons, names of the tendons
    :param coefficients: of the polynomial, the constant first, up to degree 4; of a tendon, one for each joint
    :param name: what it is called; of a tendon, what its actuators name as their joint
    :param limits: lowest and highest length of a tendon, from that in this pose
    :param rest: lowest and highest length at which the spring of a tendon pulls at nothing, from that in this pose
    :param properties: what a mirror leaves as it is, by name: ``stiffness``, ``damping`` …
    :param length: of a tendon in this pose
    :param actuators: that pull at a tendon
    :raises ValueError: if the kind is unknown, or joints and coefficients do not fit it
    """

    kind: str
    joints: tuple[str, ...]
    coefficients: tuple[float, ...]
    name: str = ""
    limits: tuple[float, float] = UNLIMITED
    rest: tuple[float, float] = (0.0, 0.0)
    properties: Mapping[str, float] = field(default_factory=dict)
    length: float = 0.0
    actuators: tuple[Actuator, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in COUPLINGS:
            raise ValueError(f"coupling {self.name!r}: `kind` must be one of {list(COUPLINGS)}, got {self.kind!r}")
        n_joints, n_coefficients = len(self.joints), len(self.coefficients)
        if self.kind == "tendon":
            fits = n_joints == n_coefficients > 0
        else:
            fits = (n_joints == 1 and n_coefficients == 1) or (n_joints == 2 and 1 <= n_coefficients <= 5)
        if not fits or len(set(self.joints)) < n_joints:
            raise ValueError(
                f"coupling {self.name!r} of kind {self.kind!r} needs a coefficient for each joint of a tendon, else a "
                f"follower, a leader and up to 5 coefficients, got {self.joints} and {self.coefficients}"
            )


@dataclass(frozen=True, eq=False)
class RobotGeometry:
    """
    A robot in one pose, seen from the frame of its base: x forward, y to the left, z up. A robot without a floating
    base is seen from the world.

    :param name: of the robot
    :param links: parents before children, the base first
    :param actuators: in the order of the actions
    :param closures: of its kinematic chains
    :param floating: whether its base moves freely
    :param poses: other poses that are known for it, joint angles by name: a model's keyframes
    :param couplings: between its joints
    :param not_compared: what is known of it that cannot be held up against its mirror image, in words
    :param left_aside: bodies beside it that are no part of it
    :param joints_aside: joints of what was left aside
    """

    name: str
    links: tuple[Link, ...]
    actuators: tuple[Actuator, ...] = ()
    closures: tuple[Closure, ...] = ()
    floating: bool = True
    poses: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    couplings: tuple[Coupling, ...] = ()
    not_compared: tuple[str, ...] = ()
    left_aside: tuple[str, ...] = ()
    joints_aside: tuple[str, ...] = ()

    @property
    def joints(self) -> tuple[Joint, ...]:
        """All joints, in the order of the links that they move."""
        return tuple(link.joint for link in self.links if link.joint is not None)

    @property
    def tendons(self) -> tuple[Coupling, ...]:
        """The couplings that are tendons."""
        return tuple(coupling for coupling in self.couplings if coupling.kind == "tendon")

    @property
    def all_actuators(self) -> tuple[Actuator, ...]:
        """Those of joints, and then those of tendons."""
        return self.actuators + tuple(actuator for tendon in self.tendons for actuator in tendon.actuators)

    @property
    def neutral_controls(self) -> dict[str, float]:
        """Of each actuator, the control at which it is at rest in this pose."""
        angles = {joint.name: joint.angle for joint in self.joints}
        angles |= {tendon.name: tendon.length for tendon in self.tendons}
        return {a.name: a.control_per_angle * angles.get(a.joint, 0.0) for a in self.all_actuators}

    @property
    def size(self) -> float:
        """Largest distance in m of a joint or a centre of mass from the base's origin."""
        points = [joint.position for joint in self.joints] + [link.centre for link in self.links]
        return max((float(np.linalg.norm(point)) for point in points), default=0.0)

    @classmethod
    def from_bodies(
        cls,
        name: str,
        bodies: Sequence[Body],
        actuators: Sequence[Actuator] = (),
        closures: Sequence[Closure] = (),
        floating: bool = True,
        poses: Mapping[str, Mapping[str, float]] | None = None,
        couplings: Sequence[Coupling] = (),
        not_compared: Sequence[str] = (),
        left_aside: Sequence[str] = (),
        joints_aside: Sequence[str] = (),
    ) -> RobotGeometry:
        """
        Join bodies that are fixed to one another, and give each joint a link of its own.

        :param name: of the robot
        :param bodies: parents before children, the base first and without joints
        :param actuators: in the order of the actions
        :param closures: between bodies, by their indices
        :param floating: whether the base moves freely
        :param poses: other poses that are known for the robot
        :param couplings: between joints
        :param not_compared: what cannot be held up against its mirror image, in words
        :param left_aside: bodies that are no part of the robot
        :param joints_aside: joints of these bodies
        :return: the robot
        :raises ValueError: if there is no base, a body comes before its parent, two joints share a name, or a coupling
            names what is no joint
        """
        if not bodies or bodies[0].parent != -1 or bodies[0].joints:
            raise ValueError("the first body must be the base, with the parent -1 and without joints")
        names = Counter(joint.name for body in bodies for joint in body.joints)
        twice = next((joint for joint, count in names.items() if count > 1), None)
        if twice is not None:
            raise ValueError(f"two joints of {name} are called {twice!r}: give each joint a name of its own")
        known = {*names, *(coupling.name for coupling in couplings if coupling.kind == "tendon")}
        for coupling in couplings:
            unknown = next((joint for joint in coupling.joints if joint not in known), None)
            if unknown is not None:
                raise ValueError(
                    f"coupling {coupling.name!r} of {name} names {unknown!r}, which is no joint of it; it has "
                    f"{list(names)}"
                )
        links: list[Link] = []
        members: list[list[Body]] = []
        link_of: list[int] = []
        for i, body in enumerate(bodies):
            if i and not 0 <= body.parent < i:
                raise ValueError(
                    f"the parent of body {body.name!r} must come before it, got {body.parent} for body {i}"
                )
            index = link_of[body.parent] if i else -1
            moved_by: Sequence[Joint | None] = body.joints if i else (None,)
            for joint in moved_by:
                links.append(Link(body.name, index, joint, 0.0, np.zeros(3), np.zeros((3, 3))))
                members.append([])
                index = len(links) - 1
            members[index].append(body)
            link_of.append(index)
        return cls(
            name,
            tuple(_fused(link, parts) for link, parts in zip(links, members, strict=True)),
            tuple(actuators),
            tuple(replace(c, links=(link_of[c.links[0]], link_of[c.links[1]])) for c in closures),
            floating,
            dict(poses or {}),
            tuple(couplings),
            tuple(not_compared),
            tuple(left_aside),
            tuple(joints_aside),
        )


def joined_masses(parts: Sequence[Body | Link], without_mass: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """
    :param parts: rigidly joined ones
    :param without_mass: where the centre of mass is said to be if they have none, in m, (3,)
    :return: mass, centre of mass and inertia of all of them together
    """
    mass = sum(part.mass for part in parts)
    centre = sum((part.mass * part.centre for part in parts), np.zeros(3)) / mass if mass else without_mass
    inertia = np.zeros((3, 3))
    for part in parts:
        arm = part.centre - centre
        inertia += part.inertia + part.mass * (arm @ arm * np.eye(3) - np.outer(arm, arm))
    return mass, centre, inertia


def _fused(link: Link, bodies: Sequence[Body]) -> Link:
    """The link with the mass, the shapes and the frames of the bodies that it consists of."""
    return Link(
        link.name,
        link.parent,
        link.joint,
        *joined_masses(bodies, np.zeros(3) if link.joint is None else link.joint.position),
        tuple(shape for body in bodies for shape in body.shapes),
        {body.name: body.position for body in bodies},
        {body.name: body.centre if body.mass else body.position for body in bodies},
    )


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


#: Reads the geometry of what it knows, or returns None.
GeometryReader = Callable[[Any], RobotGeometry | None]

_READERS: dict[str, tuple[int, GeometryReader]] = {}


def register_geometry_reader(what: str, order: int = 0) -> Callable[[GeometryReader], GeometryReader]:
    """
    Teach :func:`read_geometry`, and with it :func:`derive_symmetry`, a new kind of robot.

    The adapters of :mod:`sb3_memaug.robots` register theirs, so that this package knows no simulator.

    :param what: the reader reads, for error messages
    :param order: readers with the lowest are asked first, of the same order the latest; the library's own have more
        than 0
    :return: a decorator
    """

    def register(reader: GeometryReader) -> GeometryReader:
        _READERS.pop(what, None)
        _READERS[what] = order, reader
        return reader

    return register


def read_geometry(robot: Any) -> RobotGeometry:
    """
    :param robot: its geometry itself, something with a method ``geometry()`` (as :class:`sb3_memaug.robots.Robot`), or
        whatever a registered reader reads
    :return: its geometry
    :raises ValueError: if no reader can read it
    """
    if isinstance(robot, RobotGeometry):
        return robot
    newest_first = list(_READERS.items())[::-1]
    readers = sorted(newest_first, key=lambda entry: entry[1][0])
    for _, (_, reader) in readers:
        geometry = reader(robot)
        if geometry is not None:
            return geometry
    raise ValueError(f"expected {', '.join(what for what, _ in reversed(readers))} or a RobotGeometry, got {robot!r}")
