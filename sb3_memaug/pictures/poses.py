"""Poses of a robot to be drawn: a random one that is unlike its mirror image, and both of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sb3_memaug.symmetry import Joint, Reflection, RobotGeometry
from sb3_memaug.symmetry.derivation.geometry import posed

#: How far hinges are drawn from the middle, in rad; and slides, relative to the robot's size.
SPREAD, SLIDE_SPREAD = 0.5, 0.1
#: Number of random poses to choose from.
POSES = 32


class MirroredPose:
    """
    A robot in a pose and in the mirror image of that pose.

    Joints that the reflection leaves out keep their angle.

    :param geometry: of a robot, seen with x forward and z up
    :param reflection: of it
    :param angles: absolute ones in rad or m, by joint; those of others are the reflection's pose, else 0
    :raises ValueError: if a joint is unknown
    """

    def __init__(self, geometry: RobotGeometry, reflection: Reflection, angles: Mapping[str, float]) -> None:
        self.geometry, self.reflection = geometry, reflection
        names = list(reflection.joints)
        whole = {**dict.fromkeys(names, 0.0), **reflection.pose, **angles}
        self.original = posed(geometry, whole)
        images = reflection.joint_position_map(names).apply(np.array([whole[name] for name in names]))
        self.image = posed(self.original, dict(zip(names, images.tolist(), strict=True)))
        self.axes = np.array(reflection.world_axes, dtype=np.float64)
        centers = self._centers()
        #: What takes a reflected point of the original to its image: not zero where the mirror misses the origin, (3,).
        self.shift = np.where(self.axes < 0, np.mean(centers, axis=0) if len(centers) else 0.0, 0.0)
        #: Largest distance in m of a link's center of mass from where the mirror shows that of its partner.
        self.error = float(np.linalg.norm(centers - self.shift, axis=1).max(initial=0.0))

    def _centers(self) -> np.ndarray:
        """Of each link with a mass, its distance from its partner's reflected center of mass, (links, 3)."""
        originals = {link.joint.name: link.centre for link in self.original.links if link.joint is not None}
        partners = {name: partner for name, (partner, _) in self.reflection.joints.items()}
        distances = [
            link.centre - self.axes * originals[partners[link.joint.name]]
            for link in self.image.links
            if link.joint is not None and link.mass and link.joint.name in partners
        ]
        return np.reshape(distances, (-1, 3))


def random_pose(
    geometry: RobotGeometry, reflection: Reflection, fixed: Mapping[str, float], seed: int
) -> dict[str, float]:
    """
    Of some random poses, the one that is least like its mirror image.

    :param geometry: of a robot, in a pose in which its chains are closed
    :param reflection: of it, around whose pose its joints are drawn; those that it leaves out stay as they are
    :param fixed: angles of joints that are not drawn
    :param seed: of the pose
    :return: angles of all joints, within their limits but for what it takes to keep closed chains closed
    :raises ValueError: if a joint is unknown
    """
    rng = np.random.default_rng(seed)
    mirrored = [joint for joint in geometry.joints if joint.name in reflection.joints]
    names = [joint.name for joint in mirrored]
    image = reflection.joint_position_map(names)
    poses = np.stack([_drawn(joint, reflection, fixed, geometry.size, rng) for joint in mirrored], axis=1)
    chosen = poses[np.argmax(np.linalg.norm(poses - image.apply(poses), axis=1))]
    angles = {joint.name: joint.angle for joint in geometry.joints}
    angles |= dict(zip(names, chosen.tolist(), strict=True)) | dict(fixed)
    return _closed(geometry, angles, [name for name in names if name not in fixed])


def _drawn(
    joint: Joint, reflection: Reflection, fixed: Mapping[str, float], size: float, rng: np.random.Generator
) -> np.ndarray:
    """Angles of a joint in each of the poses."""
    if joint.name in fixed:
        return np.full(POSES, fixed[joint.name])
    low, high = joint.limits
    middle = float(np.clip(reflection.pose.get(joint.name, 0.0), low, high))
    spread = SPREAD if joint.kind == "hinge" else SLIDE_SPREAD * size
    return rng.uniform(max(low, middle - spread), min(high, middle + spread), POSES)


def _closed(geometry: RobotGeometry, angles: dict[str, float], free: list[str]) -> dict[str, float]:
    """The same, with free joints moved until they close all chains, as far as they can: Gauss and Newton's method."""
    values = np.array([angles[name] for name in free])

    def gaps(values: np.ndarray) -> np.ndarray:
        return _gaps(geometry, {**angles, **dict(zip(free, values.tolist(), strict=True))})

    for _ in range(20 if geometry.closures and free else 0):
        gap = gaps(values)
        jacobian = np.stack([(gaps(values + step) - gap) / 1e-6 for step in 1e-6 * np.eye(len(free))], axis=1)
        values = values - np.clip(np.linalg.lstsq(jacobian, gap, rcond=1e-6)[0], -0.2, 0.2)
    return {**angles, **dict(zip(free, values.tolist(), strict=True))}


def _gaps(geometry: RobotGeometry, angles: Mapping[str, float]) -> np.ndarray:
    """Between the two links that each closure holds together, flat."""
    closures = posed(geometry, angles).closures
    return np.concatenate([c.position - (c.position if c.end is None else c.end) for c in closures])
