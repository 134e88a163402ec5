"""Whether a group fits the spaces of an environment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from gymnasium import spaces

from sb3_memaug.symmetry.group import Mirror, SymmetryGroup
from sb3_memaug.symmetry.transforms import ImageFlip, LabelPermutation, SignedPermutation, Transform


def check_group_fits(group: SymmetryGroup, observation_space: spaces.Space, action_space: spaces.Space) -> None:
    """
    Refuse a group that cannot act on the spaces: sizes, keys and bounds must all agree.

    A bound that is not symmetric would be clipped on one side of the mirror only, which breaks the symmetry.

    :param group: the symmetry group
    :param observation_space: of the environment
    :param action_space: of the environment; arrays of actions are taken as flattened
    :raises ValueError: naming the space, the mirror and the first entry that does not fit
    """
    check_observations_fit(group, observation_space)
    check_actions_fit(group, action_space)


def check_observations_fit(group: SymmetryGroup, space: spaces.Space) -> None:
    """
    :param group: the symmetry group
    :param space: of observations
    :raises ValueError: as :func:`check_group_fits`
    """
    for name, mirror in group.generators.items():
        if isinstance(mirror.observation, Transform):
            _check(mirror.observation, space, f"the observation of mirror {name!r}")
        else:
            _check_keys(mirror.observation, space, name)


def check_actions_fit(group: SymmetryGroup, space: spaces.Space) -> None:
    """
    :param group: the symmetry group
    :param space: of actions
    :raises ValueError: as :func:`check_group_fits`
    """
    for name, mirror in group.generators.items():
        _check(mirror.action, _flattened(space), f"the action of mirror {name!r}")


def with_labels(group: SymmetryGroup, observation_space: spaces.Space, action_space: spaces.Space) -> SymmetryGroup:
    """
    What a group that was made of terms means where the spaces count labels: the labels of each component stand for
    values of its term in their order, such as backwards, at rest, forwards, so that a change of sign reverses them.

    :param group: the symmetry group
    :param observation_space: of the environment
    :param action_space: of the environment
    :return: the group that acts on labels; the same one where there are none, or where sizes do not fit
    """

    def of_mirror(mirror: Mirror) -> Mirror:
        keys = observation_space.spaces if isinstance(observation_space, spaces.Dict) else {}
        observation = (
            _of_labels(mirror.observation, observation_space)
            if isinstance(mirror.observation, Transform)
            else {key: _of_labels(t, keys.get(key)) for key, t in mirror.observation.items()}
        )
        return Mirror(observation, _of_labels(mirror.action, action_space))

    return group.with_mirrors(of_mirror)


def _of_labels(transform: Transform, space: spaces.Space | None) -> Transform:
    sizes = _label_counts(space)
    if not isinstance(transform, SignedPermutation) or len(sizes) != transform.size or transform.offset is not None:
        return transform
    offset = [n - 1.0 if sign < 0 else 0.0 for n, sign in zip(sizes, transform.signs, strict=True)]
    reversing = SignedPermutation(transform.permutation, transform.signs, offset)
    if isinstance(space, spaces.MultiBinary) or any(
        n != sizes[i] for n, i in zip(sizes, transform.permutation, strict=True)
    ):
        return reversing
    labels = LabelPermutation.from_numbers(reversing, sizes)
    return LabelPermutation(labels.labels[0]) if isinstance(space, spaces.Discrete) else labels


def _label_counts(space: spaces.Space | None) -> list[int]:
    """Of each component of a space that counts labels from 0; none of other spaces."""
    if isinstance(space, spaces.Discrete):
        return [int(space.n)] if space.start == 0 else []
    if isinstance(space, spaces.MultiDiscrete) and space.nvec.ndim == 1 and not np.any(space.start):
        return [int(n) for n in space.nvec]
    if isinstance(space, spaces.MultiBinary) and len(space.shape) == 1:
        return [2] * space.shape[0]
    return []


def _flattened(space: spaces.Space) -> spaces.Space:
    if not isinstance(space, spaces.Box):
        return space
    return spaces.Box(space.low.ravel(), space.high.ravel(), dtype=space.dtype.type)


def _check_keys(transforms: Mapping[str, Transform], space: spaces.Space, name: str) -> None:
    keys = list(space.spaces) if isinstance(space, spaces.Dict) else None
    if keys is None or set(keys) != set(transforms):
        raise ValueError(
            f"the observation of mirror {name!r} has the keys {sorted(transforms)}, the observation space "
            + ("is no Dict" if keys is None else f"has {sorted(keys)}")
        )
    for key, transform in transforms.items():
        _check(transform, space[key], f"the observation {key!r} of mirror {name!r}")  # type: ignore[index]


def _check(transform: Transform, space: spaces.Space, what: str) -> None:
    if isinstance(transform, SignedPermutation):
        _check_vector(transform, space, what)
    elif isinstance(transform, LabelPermutation):
        if isinstance(space, spaces.Discrete):
            sizes = None if transform.multi else (int(space.n),)
        else:
            sizes = tuple(space.nvec.tolist()) if isinstance(space, spaces.MultiDiscrete) and transform.multi else None
        if sizes != transform.sizes:
            raise ValueError(f"{what} permutes {transform.sizes} labels, which does not fit the space {space}")
        if np.any(space.start):  # type: ignore[attr-defined]
            raise ValueError(f"{what} permutes labels that count from 0, which does not fit the space {space}")
    elif isinstance(transform, ImageFlip) and not (isinstance(space, spaces.Box) and len(space.shape) == 3):
        raise ValueError(f"{what} flips an image, but the space {space} has not the shape (height, width, channels)")


def _check_vector(transform: SignedPermutation, space: spaces.Space, what: str) -> None:
    labels = isinstance(space, spaces.MultiBinary | spaces.MultiDiscrete)
    if labels and np.any(getattr(space, "start", 0)):
        raise ValueError(f"{what} permutes labels that count from 0, which does not fit the space {space}")
    if isinstance(space, spaces.MultiBinary):
        low, high = np.zeros(space.shape), np.ones(space.shape)
    elif isinstance(space, spaces.MultiDiscrete):
        low, high = np.zeros(space.shape), space.nvec - 1.0
    elif isinstance(space, spaces.Box):
        low, high = space.low.astype(np.float64), space.high.astype(np.float64)
    else:
        hint = ": give a LabelPermutation" if isinstance(space, spaces.Discrete) else ""
        raise ValueError(f"{what} is a signed permutation, which cannot act on the space {space}{hint}")
    if low.shape != (transform.size,):
        more = low.size - transform.size
        hint = f": {more} are not described" if more > 0 else f": {-more} are too many" if more < 0 else ""
        raise ValueError(f"{what} has {transform.size} entries, but the space {space} has the shape {low.shape}{hint}")
    ends = transform.apply(low), transform.apply(high)
    mirrored_low, mirrored_high = np.minimum(*ends), np.maximum(*ends)
    wrong = ~(np.isclose(mirrored_low, low) & np.isclose(mirrored_high, high))
    if wrong.any():
        i = int(np.argmax(wrong))
        remedy = (
            "give mirrored components as many labels, and reversed labels an offset, or use a LabelPermutation"
            if labels
            else "give mirrored entries the same bounds, or none"
        )
        raise ValueError(
            f"{what} maps entry {transform.permutation[i]} onto entry {i}, whose bounds [{low[i]:g}, {high[i]:g}] "
            f"would become [{mirrored_low[i]:g}, {mirrored_high[i]:g}]: {remedy}"
        )
