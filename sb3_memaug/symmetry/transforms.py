"""How an element of a group acts on one space: signed permutations, permutations of labels, flips of images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar, cast

import numpy as np
import torch as th

from sb3_memaug.symmetry.arguments import bool_of, float_of, int_of, ints_of, list_of, shown

#: A numpy array or a torch tensor; what goes in comes out, with its dtype and device.
Array = TypeVar("Array", np.ndarray, th.Tensor)
#: Offsets are equal if they agree in so many decimals: composing them makes float errors, which are no difference.
OFFSET_DECIMALS = 9


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


class LabelPermutation(Transform):
    """
    Rename the labels of a ``Discrete`` space, ``apply(x) = labels[x]``, or of a ``MultiDiscrete`` one,
    ``apply(x)[..., i] = labels[i][x[..., permutation[i]]]``.

    >>> LabelPermutation([1, 0, 2]).apply(np.array([0, 2]))
    array([1, 2])

    :param labels: for each old label the new one; for ``MultiDiscrete``, one such list for each output component
    :param permutation: for ``MultiDiscrete``, the input component that each output component comes from
    :raises ValueError: if an argument is of another type, a list of labels is not a permutation, or components of
        different sizes are exchanged
    """

    def __init__(
        self, labels: Sequence[int] | Sequence[Sequence[int]], permutation: Sequence[int] | None = None
    ) -> None:
        given = list_of(labels, "`labels`")
        first = given[0] if given else None
        self.multi = getattr(first, "ndim", int(isinstance(first, list | tuple | range))) > 0
        self.labels = tuple(ints_of(row, "`labels`") for row in (given if self.multi else [given]))
        for row in self.labels:
            if not row or sorted(row) != list(range(len(row))):
                raise ValueError(
                    f"`labels` must hold each label from 0 to {max(len(row) - 1, 0)} exactly once, got {shown(row)}"
                )
        self.components = SignedPermutation(range(len(self.labels)) if permutation is None else permutation)
        if self.components.size != len(self.labels):
            raise ValueError(f"`permutation` must hold {len(self.labels)} components, got {permutation}")
        sizes = [len(row) for row in self.labels]
        if any(sizes[i] != sizes[j] for i, j in enumerate(self.components.permutation)):
            raise ValueError(f"`permutation` exchanges components with different numbers of labels: {sizes}")

        table = np.zeros((len(sizes), max(sizes)), dtype=np.int64)
        for i, row in enumerate(self.labels):
            table[i, : len(row)] = row
        self._table = table
        self._tensors: dict[th.device, th.Tensor] = {}

    @classmethod
    def from_numbers(cls, transform: SignedPermutation, sizes: Sequence[int]) -> LabelPermutation:
        """
        :param transform: of the labels of a ``MultiDiscrete`` space as numbers, which maps their ranges onto themselves
        :param sizes: number of labels of each component
        :return: the same as a permutation of labels
        :raises ValueError: if the numbers of a component are no permutation of its labels
        """
        offset = transform.offset or [0.0] * transform.size
        rows = [
            [sign * label + shift for label in range(sizes[source])]
            for source, sign, shift in zip(transform.permutation, transform.signs, offset, strict=True)
        ]
        return cls([[round(label) for label in row] for row in rows], transform.permutation)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of labels of each component."""
        return tuple(len(row) for row in self.labels)

    @property
    def is_identity(self) -> bool:
        return self.components.is_identity and all(row == tuple(range(len(row))) for row in self.labels)

    def apply(self, x: Array) -> Array:
        try:
            return self._renamed(x)
        except IndexError as error:
            raise ValueError(f"expected labels of components with {list(self.sizes)} labels, got {shown(x)}") from error

    def _renamed(self, x: Array) -> Array:
        if not self.multi:
            if isinstance(x, th.Tensor):
                return cast(Array, self._table_on(x.device)[0][x.long()].to(x.dtype))
            return cast(Array, self._table[0][np.asarray(x, dtype=np.int64)].astype(np.asarray(x).dtype))
        moved = self.components.apply(x)
        if isinstance(moved, th.Tensor):
            table = self._table_on(moved.device)
            return cast(Array, table[th.arange(len(table), device=moved.device), moved.long()].to(moved.dtype))
        return cast(Array, self._table[np.arange(len(self._table)), moved.astype(np.int64)].astype(moved.dtype))

    def _table_on(self, device: th.device) -> th.Tensor:
        if device not in self._tensors:
            self._tensors[device] = th.from_numpy(self._table).to(device)
        return self._tensors[device]

    def on_probabilities(self) -> SignedPermutation:
        """
        :return: the same map, acting on the probabilities of all labels, the components one after another
        """
        starts = np.concatenate(([0], np.cumsum(self.sizes)))
        permutation = np.empty(starts[-1], dtype=np.int64)
        for i, (row, source) in enumerate(zip(self.labels, self.components.permutation, strict=True)):
            permutation[starts[i] + np.array(row)] = starts[source] + np.arange(len(row))
        return SignedPermutation(permutation.tolist())

    def __matmul__(self, other: Transform) -> LabelPermutation:
        if not isinstance(other, LabelPermutation) or (other.sizes, other.multi) != (self.sizes, self.multi):
            raise ValueError(f"cannot compose {self!r} with {other!r}: they act on different spaces")
        rows = [
            [row[label] for label in other.labels[source]]
            for row, source in zip(self.labels, self.components.permutation, strict=True)
        ]
        return self._like(rows, self.components @ other.components)

    def inverse(self) -> LabelPermutation:
        components = self.components.inverse()
        rows = [np.argsort(self.labels[source]).tolist() for source in components.permutation]
        return self._like(rows, components)

    def _like(self, rows: list[list[int]], components: SignedPermutation) -> LabelPermutation:
        return LabelPermutation(rows if self.multi else rows[0], components.permutation)

    def _key(self) -> tuple[Any, ...]:
        return (self.labels if self.multi else self.labels[0]), self.components.permutation

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LabelPermutation) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple[Any, ...]:
        return LabelPermutation, self._key()

    def __repr__(self) -> str:
        labels, permutation = self._key()
        return f"LabelPermutation({labels}" + (f", permutation={permutation})" if self.multi else ")")


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
