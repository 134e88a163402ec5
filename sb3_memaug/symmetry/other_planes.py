"""Which other plane fits a robot that has no left and right along the axes along which it was looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from sb3_memaug.symmetry.base_axes import BaseAxes
from sb3_memaug.symmetry.derived_symmetry import DerivedReflection
from sb3_memaug.symmetry.geometry import RobotGeometry
from sb3_memaug.symmetry.side_names import side

#: Finds what left and right become along given axes.
Derivation = Callable[[BaseAxes], DerivedReflection]


def other_planes(
    candidates: Mapping[str, DerivedReflection], geometry: RobotGeometry, axes: BaseAxes, derive: Derivation
) -> tuple[str, ...]:
    """
    Planes across an axis of the base's frame, through its origin or beside it.

    :param candidates: what was found along the axes, by the names of the mirrors
    :param geometry: of the robot, in its base's frame
    :param axes: along which it was looked at
    :param derive: finds what left and right become along other axes
    :return: for each plane that fits better, what to pass for it, in words
    """
    left_right, front_back = candidates["left_right"], candidates["front_back"]
    exists = left_right.reflection is not None and left_right.moves
    if exists and any(residual.quantity == "plane" for residual in left_right.breaks):
        return _beside(left_right, axes)
    if front_back.reflection is not None and (front_back.holds or not left_right.holds):
        across = _across(front_back, geometry, axes.forward)
        if across:
            return _told(BaseAxes.with_left(across, axes.up, axes.origin), derive)
    if left_right.holds:
        return ()
    up, sideways = _highest(geometry, [axes.forward, axes.left]), axes.up.removeprefix("-")
    tried = BaseAxes.with_left(sideways, up, axes.origin)
    found = derive(tried)
    if found.reflection is None or not found.moves:
        return ()
    left = _across(found, geometry, sideways)
    if exists and not left:
        return ()
    if not left:
        # As good as any: forward is forward rather than backward.
        left = tried.left if not tried.forward.startswith("-") else f"-{sideways}"
    return _told(BaseAxes.with_left(left, up, axes.origin), derive)


def _beside(found: DerivedReflection, axes: BaseAxes) -> tuple[str, ...]:
    """Of a plane beside the origin."""
    moved = _through(found, axes)
    return (
        f"another plane fits: {_plane(moved)} of the base's frame. If the robot is told where a point of that plane is "
        f"and how it moves, pass axes={moved.plain}; else move the base's frame there",
    )


def _told(axes: BaseAxes, derive: Derivation) -> tuple[str, ...]:
    """Of a plane across another axis."""
    found = derive(axes)
    if any(residual.quantity == "plane" for residual in found.breaks):
        axes = _through(found, axes)
        found = derive(axes)
    but = f", but for what breaks it: {found.breaks[0]}" if found.breaks else ""
    return (
        f"another plane fits: {_plane(axes)} of the base's frame{but}. Where {_axis(axes.left)} points sideways, pass "
        f"axes={axes.plain}",
    )


def _through(found: DerivedReflection, axes: BaseAxes) -> BaseAxes:
    """The same axes in a point of the plane."""
    point = np.array(axes.origin) + axes.rotation.T @ np.array(found.offset)
    x, y, z = (point.round(6) + 0.0).tolist()
    return replace(axes, origin=(x, y, z))


def _plane(axes: BaseAxes) -> str:
    axis = _axis(axes.left)
    return f"{axis} = {axes.origin['xyz'.index(axis)]:.4g} m"


def _axis(name: str) -> str:
    return name.removeprefix("-")


def _across(found: DerivedReflection, geometry: RobotGeometry, axis: str) -> str:
    """The direction of an axis in which the parts lie that are called left; empty where names do not tell."""
    assert found.reflection is not None
    k = "xyz".index(_axis(axis))
    places = {joint.name: float(joint.position[k]) for joint in geometry.joints}
    swapped = [(a, b) for a, (b, _) in found.reflection.joints.items() if a != b]
    sides = [(side(a), places[a] - places[b]) for a, b in swapped if side(a) and side(a) == -side(b)]
    towards = sum(way * distance for way, distance in sides)
    if 2 * len(sides) <= len(swapped) or not sides:
        return ""
    return _axis(axis) if towards >= 0 else f"-{_axis(axis)}"


def _highest(geometry: RobotGeometry, axes: list[str]) -> str:
    """Of some axes the one along which the robot's limbs lie on one side of its base, and along which it is long."""
    points = np.array([link.centre for link in geometry.links] + [joint.position for joint in geometry.joints])
    inner = {link.parent for link in geometry.links}
    ends = np.array([link.centre for i, link in enumerate(geometry.links) if i not in inner])
    scores = np.abs(ends.mean(axis=0) - geometry.links[0].centre) + 0.1 * np.ptp(points, axis=0)
    up = _axis(max(axes, key=lambda name: float(scores["xyz".index(_axis(name))])))
    heights = points[:, "xyz".index(up)]
    # Below a floating base hang its legs.
    return f"-{up}" if geometry.floating and heights.min() > -1e-3 and heights.max() > 1e-3 else up
