"""Signed permutations: how a mirror acts on a vector of physical quantities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np
import torch as th

from sb3_memaug.symmetry.arguments import float_of, int_of, ints_of, list_of, shown
from sb3_memaug.symmetry.transform import Array, Transform

#: Offsets are equal if they agree in so many decimals: composing them makes float errors, which are no difference.
OFFSET_DECIMALS = 9


class SignedPermutation(Transform):
    """
    Reorder the entries of the last axis and flip some signs:
    ``apply(x)[..., i] = signs[i] * x[..., permutation[i]] + offset[i]``.

    The offset is only needed where a quantity is measured from a pose that is not itself symmetric;
    without it, applying a signed permutation and then its inverse gives the input back bit for bit.

    >>> swap = SignedPermutation([1, 0], [1, -1])
    >>> swap.apply(np.array([2.0, 3.0]))
    array([ 3., -2.])
    >>> swap @ swap.inverse() == SignedPermutation.identity(2)
    True

    :param permutation: for each output entry, the index of the input entry it comes from
    :param signs: ``+1`` or ``-1`` for each output entry; all ``+1`` by default
    :param offset: added to each output entry; none by default
    :raises ValueError: if an argument is of another type, ``permutation`` is not a permutation, or the lengths or signs
        do not fit
    """

    def __init__(
        self,
        permutation: Sequence[int],
        signs: Sequence[float] | None = None,
        offset: Sequence[float] | None = None,
    ) -> None:
        self.permutation = ints_of(permutation, "`permutation`")
        size = len(self.permutation)
        if sorted(self.permutation) != list(range(size)):
            raise ValueError(
                f"`permutation` must hold each index from 0 to {size - 1} exactly once, "
                f"got {shown(list(self.permutation))}"
            )
        self.signs = (1,) * size if signs is None else ints_of(signs, "`signs`")
        if len(self.signs) != size or any(sign not in (1, -1) for sign in self.signs):
            raise ValueError(f"`signs` must hold {size} entries, each +1 or -1, got {shown(signs)}")
        given = [0.0] * size if offset is None else list_of(offset, "`offset`")
        moved = [float_of(value, "each of `offset`") for value in given]
        if len(moved) != size:
            raise ValueError(f"`offset` must hold {size} finite entries, got {shown(offset)}")
        rounded = tuple(round(value, OFFSET_DECIMALS) for value in moved)
        self.offset = tuple(moved) if any(rounded) else None
        self._value = self.permutation, self.signs, rounded if any(rounded) else None

        self._indices = np.array(self.permutation, dtype=np.intp)
        self._tensors: dict[tuple[th.device, th.dtype], tuple[th.Tensor, ...]] = {}

    @classmethod
    def identity(cls, size: int) -> SignedPermutation:
        """
        :param size: number of entries
        :return: the map that changes nothing
        """
        return cls(range(int_of(size, "`size`")))

    @classmethod
    def concatenate(cls, blocks: Iterable[SignedPermutation]) -> SignedPermutation:
        """
        Let each block act on its own stretch of a longer vector.

        :param blocks: maps of consecutive stretches, in order
        :return: the map of the whole vector
        """
        start, placed = 0, []
        for block in list_of(blocks, "the maps of consecutive stretches"):
            if not isinstance(block, SignedPermutation):
                raise ValueError(f"expected a SignedPermutation of each stretch, got {shown(block)}")
            placed.append((range(start, start + block.size), block))
            start += block.size
        return cls.assemble(placed)

    @classmethod
    def assemble(cls, blocks: Iterable[tuple[Sequence[int], SignedPermutation]]) -> SignedPermutation:
        """
        Let each block act on its own entries of a longer vector.

        :param blocks: the entries of each, which together are all entries of the vector, and its map of them
        :return: the map of the whole vector
        """
        blocks = list(blocks)
        size = sum(block.size for _, block in blocks)
        permutation, signs, offset = [0] * size, [1] * size, [0.0] * size
        for entries, block in blocks:
            for i, source, sign, shift in zip(
                entries, block.permutation, block.signs, block.offset or [0.0] * block.size, strict=True
            ):
                permutation[i], signs[i], offset[i] = entries[source], sign, shift
        return cls(permutation, signs, offset)

    @property
    def size(self) -> int:
        """Number of entries of the vectors this map acts on."""
        return len(self.permutation)

    @property
    def is_identity(self) -> bool:
        return self == SignedPermutation.identity(self.size)

    def apply(self, x: Array) -> Array:
        if getattr(x, "shape", ())[-1:] != (self.size,):
            given = f"shape {tuple(x.shape)}" if hasattr(x, "shape") else shown(x)
            raise ValueError(f"expected an array whose last axis has {self.size} entries, got {given}")
        if isinstance(x, th.Tensor):
            indices, signs, *offset = self._on(x.device, x.dtype)
            y = x.index_select(-1, indices) * signs
            return cast(Array, y + offset[0] if offset else y)
        z = x[..., self._indices] * np.asarray(self.signs, dtype=x.dtype)
        return cast(Array, z if self.offset is None else z + np.asarray(self.offset, dtype=x.dtype))

    def _on(self, device: th.device, dtype: th.dtype) -> tuple[th.Tensor, ...]:
        """Constants as tensors, made once for each device and dtype: ``apply`` runs in the training loop."""
        key = (device, dtype)
        if key not in self._tensors:
            rows = [th.tensor(self.signs, device=device, dtype=dtype)]
            if self.offset is not None:
                rows.append(th.tensor(self.offset, device=device, dtype=dtype))
            self._tensors[key] = (th.tensor(self.permutation, device=device), *rows)
        return self._tensors[key]

    def __matmul__(self, other: Transform) -> SignedPermutation:
        if not isinstance(other, SignedPermutation) or other.size != self.size:
            raise ValueError(f"cannot compose {self!r} with {other!r}: they act on different spaces")
        inner_offset = other.offset or [0.0] * self.size
        outer_offset = self.offset or [0.0] * self.size
        sources = list(zip(self.permutation, self.signs, strict=True))
        return SignedPermutation(
            [other.permutation[i] for i, _ in sources],
            [sign * other.signs[i] for i, sign in sources],
            [sign * inner_offset[i] + outer for (i, sign), outer in zip(sources, outer_offset, strict=True)],
        )

    def inverse(self) -> SignedPermutation:
        order = np.argsort(self._indices)
        offset = self.offset or [0.0] * self.size
        return SignedPermutation(
            order.tolist(),
            [self.signs[i] for i in order],
            [-self.signs[i] * offset[i] for i in order],
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SignedPermutation) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[Any, ...]:
        # The tensors stay behind: a model saved on one device must load on another.
        return SignedPermutation, (self.permutation, self.signs, self.offset)

    def __repr__(self) -> str:
        signed = ["-" * (sign < 0) + str(i) for i, sign in zip(self.permutation, self.signs, strict=True)]
        offset = "" if self.offset is None else f", offset={list(self.offset)}"
        return f"SignedPermutation([{', '.join(signed)}]{offset})"
