"""What of a robot in a Newton model can touch."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from sb3_memaug.robots.newton_arrays import leaf, motion, rows
from sb3_memaug.symmetry.geometry import Shape
from sb3_memaug.symmetry.rigid_motion import RigidMotion


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
