"""What every map of an observation or an action can do, whatever the space it acts on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TypeVar

import numpy as np
import torch as th

#: A numpy array or a torch tensor; what goes in comes out, with its dtype and device.
Array = TypeVar("Array", np.ndarray, th.Tensor)


class Transform(ABC):
    """
    An invertible map of arrays, as one element of a symmetry group acts on one space.

    Transforms are immutable values: each class compares and hashes them by what they do, and they pickle and compose.
    """

    @abstractmethod
    def apply(self, x: Array) -> Array:
        """
        Map an array batched over any leading axes.

        :param x: numpy array or torch tensor
        :return: an array of the same type, shape, dtype and device
        """

    @abstractmethod
    def __matmul__(self, other: Transform) -> Transform:
        """``(a @ b).apply(x)`` equals ``a.apply(b.apply(x))``."""

    @abstractmethod
    def inverse(self) -> Transform:
        """
        :return: the transform that undoes this one
        """

    @property
    @abstractmethod
    def is_identity(self) -> bool:
        """Whether this transform changes nothing."""
