"""The geometry of a robot in a Newton model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from sb3_memaug.robots.robot import rotation_matrix
from sb3_memaug.robots.several_axes import ball_hinges, hinge_angles
from sb3_memaug.symmetry.derivation.geometry import Actuator, Body, Closure, Coupling, Joint, RobotGeometry, Shape
from sb3_memaug.symmetry.frames import RigidMotion


def rows(values: Any, indices: Sequence[int] | np.ndarray) -> np.ndarray:
    """
    :param values: an array of a model, or the list that its builder keeps in its place
    :param indices: of rows
    :return: these rows in double precision
    """
    chosen = values.numpy()[indices] if hasattr(values, "numpy") else np.array([values[i] for i in indices])
    return np.asarray(chosen, dtype=float)


def integers(values: Any) -> np.ndarray:
    """
    :param values: as of :func:`rows`
    :return: all of them
    """
    return np.array(values.numpy() if hasattr(values, "numpy") else values, dtype=int)


def motion(values: Any, index: int) -> RigidMotion:
    """
    :param values: transforms, each a position and a quaternion, scalar last
    :param index: of one
    :return: that one
    """
    transform = rows(values, [index])[0]
    x, y, z, w = transform[3:] / np.linalg.norm(transform[3:])
    return RigidMotion(rotation_matrix(np.array((w, x, y, z))), transform[:3])


def leaf(label: str) -> str:
    """
    :param label: a path of names
    :return: its last name, as Newton's and Isaac Lab's own selections call it
    """
    return label.rsplit("/", 1)[-1]


def newton_shapes(model: Any, body: int, place: RigidMotion) -> list[Shape]:
    """
    Meshes by their bounding boxes.

    :param model: ``newton.Model`` or ``newton.ModelBuilder``
    :param body: index of a body
    :param place: where its frame is
    :return: its shapes that collide
    """
    newton = import_module("newton")
    shapes = []
    for s in model.body_shapes.get(body, ()):
        kind = newton.GeoType(int(rows(model.shape_type, [s])[0]))
        collides = int(rows(model.shape_flags, [s])[0]) & newton.ShapeFlags.COLLIDE_SHAPES
        # Planes and height fields have no size, and are the ground rather than a part of a robot.
        if not collides or not (kind.is_primitive or kind.name.endswith("MESH")) or kind.name == "PLANE":
            continue
        centre, half_size = _box(kind.name, rows(model.shape_scale, [s])[0], model.shape_source[s])
        own = place.after(motion(model.shape_transform, s))
        shapes.append(
            Shape(
                leaf(model.shape_label[s]),
                kind.name.lower(),
                own.point(centre),
                own.tensor(np.diag(half_size**2)),
            )
        )
    return shapes


def _box(kind: str, scale: np.ndarray, source: Any) -> tuple[np.ndarray, np.ndarray]:
    """Centre and half sizes along the shape's own axes; what is round turns about z."""
    radius, half_height, _ = scale
    if source is not None:
        vertices = np.asarray(source.vertices, dtype=float) * scale
        low, high = vertices.min(axis=0), vertices.max(axis=0)
        return (low + high) / 2, (high - low) / 2
    if kind == "SPHERE":
        return np.zeros(3), np.full(3, radius)
    if kind == "CAPSULE":
        return np.zeros(3), np.array((radius, radius, half_height + radius))
    if kind in ("CYLINDER", "CONE"):
        return np.zeros(3), np.array((radius, radius, half_height))
    return np.zeros(3), scale


def read_newton(robot: Any) -> RobotGeometry | None:
    """
    :param robot: anything
    :return: its geometry if it is a ``newton.Model`` or ``newton.ModelBuilder``, else None
    """
    kind = type(robot)
    if kind.__module__.split(".")[0] != "newton" or kind.__name__ not in ("Model", "ModelBuilder"):
        return None
    return newton_geometry(robot)


def newton_geometry(model: Any, articulation: int | None = None) -> RobotGeometry:
    """
    An articulation with all joints at 0, seen from the frame of its first body if that floats, else along the world's
    axes from where it is fixed. The pose ``"initial"`` is that of ``joint_q``.

    A joint with several axes becomes one joint for each, called ``name:0``, ``name:1`` …, where a name is what follows
    the last slash of a label; a ball joint becomes three hinges, and a joint of another kind can only be locked. Joints
    outside the tree close kinematic chains. Actuators are the targets of joints, called as these. Mimic constraints are
    couplings; MuJoCo's general actuators, equalities and tendons are not compared. Newton's numbers have single
    precision.

    :param model: ``newton.Model``, or the ``newton.ModelBuilder`` that makes one
    :param articulation: its index; by default the first one of the first world
    :return: the robot
    :raises ValueError: if there is no articulation, or a robot that is fixed to the world has another "up" than z
    """
    if articulation is None:
        articulation = _first_articulation(model)
    tree = range(*(int(integers(ends)[articulation]) for ends in (model.articulation_start, model.articulation_end)))
    parents, children = integers(model.joint_parent), integers(model.joint_child)
    floats = rows(model.joint_type, tree[:1])[0] == import_module("newton").JointType.FREE
    base = int(children[tree[0]] if floats else parents[tree[0]])
    if base >= 0:
        places = {base: RigidMotion.identity()}
        bodies = [_body(model, base, -1, places[base], [])]
    else:
        if int(model.up_axis) != 2:
            raise ValueError("expected z as the up axis of a Newton model with a robot that is fixed to the world")
        # Worlds may lie side by side: where a robot stands is nothing of its own.
        places = {base: RigidMotion(np.eye(3), -motion(model.joint_X_p, tree[0]).translation)}
        bodies = [Body("world", -1, np.zeros(3), 0.0, np.zeros(3), np.zeros((3, 3)))]

    index = {base: 0}
    actuators: list[Actuator] = []
    angles: dict[str, float] = {}
    names: dict[int, list[str]] = {}
    for j in tree[1:] if floats else tree:
        parent, child = int(parents[j]), int(children[j])
        anchor = places[parent].after(motion(model.joint_X_p, j))
        places[child] = anchor.after(motion(model.joint_X_c, j).inverse())
        dofs = _dofs(model, j)
        joints = [_joint(model, name, dof, kind, anchor) for name, (dof, kind) in dofs.items()]
        first = int(rows(model.joint_q_start, [j])[0])
        if _kind(model, j) == "BALL":
            joints = _ball(model, j, anchor)
            angles |= zip((joint.name for joint in joints), _ball_angles(model, first, anchor), strict=True)
        elif not dofs and _kind(model, j) != "FIXED":
            joints = [Joint(leaf(model.joint_label[j]), _kind(model, j).lower(), anchor.translation, np.eye(3)[2])]
        else:
            angles |= zip(dofs, rows(model.joint_q, range(first, first + len(dofs))).tolist(), strict=True)
        actuators += [_actuator(model, name, dof) for name, (dof, _) in dofs.items() if _is_driven(model, dof)]
        names[j] = [joint.name for joint in joints]
        index[child] = len(bodies)
        bodies.append(_body(model, child, index[parent], places[child], joints))
    loops = np.isin(parents, list(index)) & np.isin(children, list(index))
    closures = [
        Closure(
            (index[parents[j]], index[children[j]]),
            places[parents[j]].point(motion(model.joint_X_p, j).translation),
            "weld" if _kind(model, j) == "FIXED" else "connect",
            places[children[j]].point(motion(model.joint_X_c, j).translation),
        )
        for j in np.flatnonzero(loops).tolist()
        if j not in tree
    ]
    name = leaf(model.articulation_label[articulation])
    poses = {"initial": angles}
    couplings = _mimics(model, names)
    return RobotGeometry.from_bodies(
        name, bodies, actuators, closures, base >= 0, poses, couplings, not_compared=_not_compared(model)
    )


def _first_articulation(model: Any) -> int:
    worlds = integers(model.articulation_world)
    if not worlds.size:
        raise ValueError("expected a Newton model with an articulation: make one by ModelBuilder.add_articulation")
    # What belongs to all worlds, as a table, has the world -1.
    return int(np.argmax(worlds == min(0, worlds.max())))


def _kind(model: Any, j: int) -> str:
    return str(import_module("newton").JointType(int(rows(model.joint_type, [j])[0])).name)


def _dofs(model: Any, j: int) -> dict[str, tuple[int, str]]:
    """Indices and kinds of a joint's degrees of freedom, by the names that Newton's and Isaac Lab's selections use."""
    if _kind(model, j) not in ("REVOLUTE", "PRISMATIC", "FIXED", "D6"):
        return {}
    name = leaf(model.joint_label[j])
    # It shifts first and then turns, about each axis as the turns before have left it.
    slides, hinges = rows(model.joint_dof_dim, [j])[0].astype(int)
    kinds, first = ["slide"] * slides + ["hinge"] * hinges, int(rows(model.joint_qd_start, [j])[0])
    return {name if len(kinds) == 1 else f"{name}:{k}": (first + k, kind) for k, kind in enumerate(kinds)}


def _ball(model: Any, j: int, anchor: RigidMotion) -> list[Joint]:
    first = int(rows(model.joint_qd_start, [j])[0])
    properties = [_finite(_passive(model), first + k) for k in range(3)]
    return ball_hinges(leaf(model.joint_label[j]), anchor.translation, properties=properties)


def _ball_angles(model: Any, first: int, anchor: RigidMotion) -> tuple[float, float, float]:
    x, y, z, w = rows(model.joint_q, range(first, first + 4))
    turn = rotation_matrix(np.array((w, x, y, z)) / np.linalg.norm((w, x, y, z)))
    return hinge_angles(anchor.rotation @ turn @ anchor.rotation.T)


def _mimics(model: Any, names: Mapping[int, list[str]]) -> list[Coupling]:
    """Each degree of freedom of a joint follows the same one of the other."""
    couplings = []
    # Older versions know none.
    for c, follower in enumerate(integers(getattr(model, "constraint_mimic_joint0", [])).tolist()):
        leader = int(integers(model.constraint_mimic_joint1)[c])
        if not integers(model.constraint_mimic_enabled)[c]:
            continue
        constant, slope = (
            float(rows(column, [c])[0]) for column in (model.constraint_mimic_coef0, model.constraint_mimic_coef1)
        )
        label = leaf(model.constraint_mimic_label[c])
        for pair in zip(names.get(follower, ()), names.get(leader, ()), strict=False):
            couplings.append(Coupling("mimic", pair, (constant, slope), label))
    return couplings


def _not_compared(model: Any) -> list[str]:
    """What Newton keeps for MuJoCo only."""
    counts = getattr(model, "custom_frequency_counts", None) or getattr(model, "_custom_frequency_counts", {})
    kinds = {"equality_constraint": "equalities", "tendon": "tendons", "actuator": "general actuators"}
    return [f"MuJoCo's {what}" for kind, what in kinds.items() if counts.get(f"mujoco:{kind}", 0)]


def _joint(model: Any, name: str, dof: int, kind: str, anchor: RigidMotion) -> Joint:
    axis = anchor.vector(rows(model.joint_axis, [dof])[0])
    low, high = (float(rows(limits, [dof])[0]) for limits in (model.joint_limit_lower, model.joint_limit_upper))
    unlimited = import_module("newton").MAXVAL
    return Joint(
        name,
        kind,
        anchor.translation,
        axis / np.linalg.norm(axis),
        limits=(low if low > -unlimited else -np.inf, high if high < unlimited else np.inf),
        properties=_finite(_passive(model), dof),
    )


def _passive(model: Any) -> dict[str, Any]:
    """Of all degrees of freedom, by what it is."""
    return {
        "armature": model.joint_armature,
        "damping": model.joint_damping,
        "frictionloss": model.joint_friction,
        "effort": model.joint_effort_limit,
        "velocity": model.joint_velocity_limit,
    }


def _is_driven(model: Any, dof: int) -> bool:
    return bool(rows(model.joint_target_mode, [dof])[0] != import_module("newton").JointTargetMode.NONE)


def _actuator(model: Any, name: str, dof: int) -> Actuator:
    effort = float(rows(model.joint_effort_limit, [dof])[0])
    gains = {"stiffness": model.joint_target_ke, "damping": model.joint_target_kd}
    return Actuator(name, name, force_limits=(-effort, effort), properties=_finite(gains, dof))


def _finite(columns: Mapping[str, Any], dof: int) -> dict[str, float]:
    """Of one degree of freedom; what is infinite is no limit."""
    values = {what: float(rows(column, [dof])[0]) for what, column in columns.items()}
    return {what: value for what, value in values.items() if np.isfinite(value)}


def _body(model: Any, body: int, parent: int, place: RigidMotion, joints: list[Joint]) -> Body:
    return Body(
        leaf(model.body_label[body]),
        parent,
        place.translation,
        float(rows(model.body_mass, [body])[0]),
        place.point(rows(model.body_com, [body])[0]),
        place.tensor(rows(model.body_inertia, [body]).reshape(3, 3)),
        joints,
        newton_shapes(model, body, place),
    )
