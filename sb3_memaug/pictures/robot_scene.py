"""What a robot looks like, as far as its geometry tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.colors import to_rgb

from sb3_memaug.pictures.scene import Scene
from sb3_memaug.pictures.solids import rod, solid
from sb3_memaug.symmetry import Link, RobotGeometry

#: Of the base, and of the bones between joints.
BODY, BONE = "#c3ccd6", "#59626c"


def robot_scene(geometry: RobotGeometry, colours: Mapping[str, str]) -> Scene:
    """
    A robot's surfaces, with the axes of its joints as rods that stick out of them. Where a link has no surface, or only
    points of contact, a solid with the same inertia stands for it.

    :param geometry: of the robot
    :param colours: of the joints, and in a lighter tone of the links that they move
    :return: the scene
    """
    scene = Scene()
    size = geometry.size
    levels: list[int] = []
    for i, link in enumerate(geometry.links):
        levels.append(0 if link.joint is None else levels[link.parent] + 1)
        lift = 0.002 * size * levels[i]
        tone = BODY if link.joint is None else lightened(colours[link.joint.name])
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
            scene.add(surface, colours[link.joint.name], part=-2 - i, lift=lift, shining=True)
    return scene


def lightened(colour: str) -> tuple[float, ...]:
    """
    :param colour: as matplotlib understands it
    :return: a lighter tone
    """
    return tuple(0.5 + 0.5 * value for value in to_rgb(colour))


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
    """Where along a bone the centre of mass is; 0 where a description has left it at the joint."""
    return float((link.centre - start) @ (end - start) / ((end - start) @ (end - start)))
