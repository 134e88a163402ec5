"""What a robot looks like, as far as its geometry shows: solids for its links, rods for the axes of its joints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.colors import to_rgb

from sb3_memaug.pictures.render import Scene, Surface
from sb3_memaug.symmetry import Link, RobotGeometry

#: Colors of the base, and of the bones between joints.
BODY, BONE = "#c3ccd6", "#59626c"
#: How round a solid is from pole to pole and around its axis: 1 as an ellipsoid; towards 0 it gets edges.
ROUNDNESS = {
    "sphere": (1.0, 1.0),
    "ellipsoid": (1.0, 1.0),
    "capsule": (1.0, 1.0),
    "cylinder": (0.12, 1.0),
    "box": (0.12, 0.12),
    "mesh": (0.45, 0.45),
}


def solid(kind: str, center: np.ndarray, extent: np.ndarray, steps: int = 13) -> Surface:
    """
    A superellipsoid: a box, a cylinder, an ellipsoid, or something between; or a capsule.

    :param kind: of a :class:`~sb3_memaug.symmetry.Shape`
    :param center: (3,)
    :param extent: of a :class:`~sb3_memaug.symmetry.Shape`, (3, 3)
    :param steps: from pole to pole, an odd number
    :return: its surface
    """
    squares, axes = np.linalg.eigh(extent)
    half_sizes = np.sqrt(np.maximum(squares, 1e-12))
    if half_sizes[2] - half_sizes[1] < half_sizes[1] - half_sizes[0]:
        # A disc: its axis is the short one.
        half_sizes, axes = half_sizes[[1, 2, 0]], axes[:, [1, 2, 0]]
    if np.linalg.det(axes) < 0:
        axes = axes * (1, 1, -1)
    along, around = ROUNDNESS.get(kind, ROUNDNESS["mesh"])
    latitude = np.linspace(-np.pi / 2, np.pi / 2, steps + 1)[:, None]
    longitude = np.linspace(-np.pi, np.pi, 2 * steps + 1)[None]
    round_sizes, stretch = half_sizes, 0.0
    if kind == "capsule":
        round_sizes, stretch = np.repeat(half_sizes[1], 3), half_sizes[2] - half_sizes[1]
    points = round_sizes * _superellipsoid(latitude, longitude, along, around)
    points[..., 2] += stretch * np.sign(latitude)
    normals = _superellipsoid(latitude, longitude, 2 - along, 2 - around) / round_sizes
    return _surface_of_grid(center + points @ axes.T, normals @ axes.T)


def rod(start: np.ndarray, end: np.ndarray, radius: float) -> Surface:
    """
    :param start: of its axis, (3,)
    :param end: of its axis, another point, (3,)
    :param radius: in m
    :return: the surface of a cylinder
    """
    half = (end - start) / 2
    length = np.linalg.norm(half)
    along = np.outer(half, half) / length**2
    return solid("cylinder", (start + end) / 2, length**2 * along + radius**2 * (np.eye(3) - along), 7)


def _superellipsoid(latitude: np.ndarray, longitude: np.ndarray, along: float, around: float) -> np.ndarray:
    level, height = _power(np.cos(latitude), along), _power(np.sin(latitude), along)
    x, y = _power(np.cos(longitude), around), _power(np.sin(longitude), around)
    return np.stack((level * x, level * y, height * np.ones_like(x)), axis=-1)


def _power(values: np.ndarray, exponent: float) -> np.ndarray:
    return np.sign(values) * np.abs(values) ** exponent


def _surface_of_grid(points: np.ndarray, normals: np.ndarray) -> Surface:
    """Of a surface given on a grid, (rows, columns, 3)."""
    normals = normals / np.linalg.norm(normals, axis=-1, keepdims=True)

    def triangles(grid: np.ndarray) -> np.ndarray:
        a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
        return np.concatenate((np.stack((a, b, c), axis=2), np.stack((a, c, d), axis=2))).reshape(-1, 3, 3)

    return Surface(triangles(points), triangles(normals))


def robot_scene(geometry: RobotGeometry, colors: Mapping[str, str]) -> Scene:
    """
    A robot's surfaces, with the axes of its joints as rods that stick out of them. Where a link has no surface, or only
    points of contact, a solid with the same inertia stands for it.

    :param geometry: of the robot
    :param colors: of the joints, and in a lighter tone of the links that they move
    :return: the scene
    """
    scene = Scene()
    size = geometry.size
    levels: list[int] = []
    for i, link in enumerate(geometry.links):
        levels.append(0 if link.joint is None else levels[link.parent] + 1)
        lift = 0.002 * size * levels[i]
        tone = BODY if link.joint is None else lightened(colors[link.joint.name])
        for shape in link.shapes:
            scene.add(solid(shape.kind, shape.position, shape.extent), tone, part=i, lift=lift)
        if link.mass and not _has_surface(link):
            bones = list(_bones(geometry, i))
            placed = link.joint is None or not bones or max(_mass_along(link, *bone) for bone in bones) > 0.1
            if placed:
                scene.add(solid("mesh", link.centre, _extent(link)), tone, part=i, lift=lift)
            thickness, shade = (0.012 * size, BONE) if placed else (0.03 * size, tone)
            for start, end in bones:
                scene.add(rod(start, end, thickness), shade, part=i, lift=lift)
        if link.joint is not None:
            axle = 0.075 * size * link.joint.axis
            surface = rod(link.joint.position - axle, link.joint.position + axle, 0.022 * size)
            scene.add(surface, colors[link.joint.name], part=-2 - i, lift=lift, shining=True)
    return scene


def lightened(color: str) -> tuple[float, ...]:
    """
    :param color: as matplotlib understands it
    :return: a lighter tone
    """
    return tuple(0.5 + 0.5 * value for value in to_rgb(color))


def _extent(link: Link) -> np.ndarray:
    """Of a solid with the same inertia: between a box, which would have 3, and an ellipsoid, which would have 5."""
    return 3.5 * (np.trace(link.inertia) / 2 * np.eye(3) - link.inertia) / link.mass


def _has_surface(link: Link) -> bool:
    """Whether its shapes are more than points of contact."""
    return any(np.trace(shape.extent) > 0.3 * np.trace(_extent(link)) for shape in link.shapes)


def _bones(geometry: RobotGeometry, index: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """From a link's joint to those of its children, to where it is held to others, and to its points of contact."""
    link = geometry.links[index]
    start = link.centre if link.joint is None else link.joint.position
    ends = [child.joint.position for child in geometry.links if child.parent == index and child.joint is not None]
    ends += [closure.position for closure in geometry.closures if index in closure.links]
    for end in ends + [shape.position for shape in link.shapes]:
        if np.linalg.norm(end - start) > 0.02 * geometry.size:
            yield start, end


def _mass_along(link: Link, start: np.ndarray, end: np.ndarray) -> float:
    """Where along a bone the center of mass is; 0 where a description has left it at the joint."""
    return float((link.centre - start) @ (end - start) / ((end - start) @ (end - start)))
