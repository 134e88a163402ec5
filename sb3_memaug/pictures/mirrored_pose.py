"""A robot in a pose and in the mirror image of that pose."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sb3_memaug.symmetry import Reflection, RobotGeometry
from sb3_memaug.symmetry.kinematics import posed


class MirroredPose:
    """
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
        centres = self._centres()
        #: What takes a reflected point of the original to its image: not zero where the mirror misses the origin, (3,).
        self.shift = np.where(self.axes < 0, np.mean(centres, axis=0) if len(centres) else 0.0, 0.0)
        #: Largest distance in m of a link's centre of mass from where the mirror shows that of its partner.
        self.error = float(np.linalg.norm(centres - self.shift, axis=1).max(initial=0.0))

    def _centres(self) -> np.ndarray:
        """Of each link with a mass, its distance from its partner's reflected centre of mass, (links, 3)."""
        originals = {link.joint.name: link.centre for link in self.original.links if link.joint is not None}
        partners = {name: partner for name, (partner, _) in self.reflection.joints.items()}
        distances = [
            link.centre - self.axes * originals[partners[link.joint.name]]
            for link in self.image.links
            if link.joint is not None and link.mass and link.joint.name in partners
        ]
        return np.reshape(distances, (-1, 3))
