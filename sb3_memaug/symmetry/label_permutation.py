"""Label permutations: how a mirror acts on discrete actions and observations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch as th

from sb3_memaug.symmetry.arguments import ints_of, list_of, shown
from sb3_memaug.symmetry.signed_permutation import SignedPermutation
from sb3_memaug.symmetry.transform import Array, Transform


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
