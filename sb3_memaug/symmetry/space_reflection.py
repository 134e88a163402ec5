"""How a reflection in a vertical plane acts on points, vectors, axes and tensors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sb3_memaug.symmetry.reflection import PLANES


@dataclass(frozen=True, eq=False)
class SpaceReflection:
    """
    A reflection of space, or the half turn about a vertical axis.

    :param plane: ``"sagittal"``, ``"transverse"`` or ``"half_turn"``
    :param offset: of the plane from the origin, or of the axis of the half turn, in m, (3,)
    """

    plane: str
    offset: np.ndarray

    @cached_property
    def axes(self) -> np.ndarray:
        """Signs of the x, y and z components of a vector, (3,)."""
        return np.array(PLANES[self.plane], dtype=np.float64)

    def point(self, point: np.ndarray) -> np.ndarray:
        """
        :param point: in m, (3,)
        :return: its mirror image
        """
        return self.offset + self.axes * (point - self.offset)

    def vector(self, vector: np.ndarray) -> np.ndarray:
        """
        :param vector: a displacement or a force, (3,)
        :return: its mirror image
        """
        return self.axes * vector

    def axial_vector(self, vector: np.ndarray) -> np.ndarray:
        """
        :param vector: an axis of rotation or a torque, (3,)
        :return: its mirror image
        """
        return self.axes.prod() * self.axes * vector

    def tensor(self, tensor: np.ndarray) -> np.ndarray:
        """
        :param tensor: of inertia or extent, (3, 3)
        :return: its mirror image
        """
        return np.outer(self.axes, self.axes) * tensor
