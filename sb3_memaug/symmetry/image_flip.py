"""Flips: how a mirror acts on an image."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import cast

import numpy as np
import torch as th

from sb3_memaug.symmetry.arguments import bool_of
from sb3_memaug.symmetry.transform import Array, Transform


@dataclass(frozen=True)
class ImageFlip(Transform):
    """
    Flip an image of shape ``(…, height, width, channels)``, or ``(…, channels, height, width)``.

    :param horizontal: exchange left and right
    :param vertical: exchange top and bottom
    :param channels_last: whether the channels are the last axis, as in most environments,
        or come before height and width, as SB3 hands images to its policies
    :raises ValueError: if one is neither True nor False
    """

    horizontal: bool = False
    vertical: bool = False
    channels_last: bool = True

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, bool_of(getattr(self, field.name), f"`{field.name}`"))

    @property
    def is_identity(self) -> bool:
        return not (self.horizontal or self.vertical)

    def apply(self, x: Array) -> Array:
        if getattr(x, "ndim", 0) < 3:
            raise ValueError(f"expected images of height, width and channels, got shape {tuple(np.shape(x))}")
        height = -3 if self.channels_last else -2
        axes = (height,) * self.vertical + (height + 1,) * self.horizontal
        return cast(Array, th.flip(x, axes) if isinstance(x, th.Tensor) else np.flip(x, axes).copy())

    def channels_first(self) -> ImageFlip:
        """
        :return: the same flip, for images whose channels were moved to the front
        """
        return replace(self, channels_last=False)

    def __matmul__(self, other: Transform) -> ImageFlip:
        if not isinstance(other, ImageFlip) or other.channels_last != self.channels_last:
            raise ValueError(f"cannot compose {self!r} with {other!r}: they act on different spaces")
        return replace(self, horizontal=self.horizontal != other.horizontal, vertical=self.vertical != other.vertical)

    def inverse(self) -> ImageFlip:
        return self
