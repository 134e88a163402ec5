"""Rigid motions: where a body's points come to lie, or what they are from another frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class RigidMotion(NamedTuple):
    """
    A rotation and then a translation. That of a body's frame takes what is told in that frame to the frame around it.

    :param rotation: (3, 3); of a body's frame, its axes in the columns
    :param translation: in m, (3,); of a body's frame, its origin
    """

    rotation: np.ndarray
    translation: np.ndarray

    @classmethod
    def identity(cls) -> RigidMotion:
        """
        :return: what leaves everything where it is
        """
        return cls(np.eye(3), np.zeros(3))

    def point(self, point: np.ndarray) -> np.ndarray:
        """
        :param point: (3,)
        :return: where it comes to lie, (3,)
        """
        return self.rotation @ point + self.translation

    def vector(self, vector: np.ndarray) -> np.ndarray:
        """
        :param vector: a direction or a distance, (3,)
        :return: the same, turned, (3,)
        """
        return self.rotation @ vector

    def tensor(self, tensor: np.ndarray) -> np.ndarray:
        """
        :param tensor: an inertia about the centre of mass or an extent, (3, 3)
        :return: the same, turned, (3, 3)
        """
        return self.rotation @ tensor @ self.rotation.T

    def after(self, first: RigidMotion) -> RigidMotion:
        """
        :param first: another motion
        :return: that one and then this one
        """
        return RigidMotion(self.rotation @ first.rotation, self.point(first.translation))

    def inverse(self) -> RigidMotion:
        """
        :return: what undoes it
        """
        return RigidMotion(self.rotation.T, -self.rotation.T @ self.translation)
