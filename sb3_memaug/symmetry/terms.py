"""Observations and actions as physical terms, and how a reflection acts on each of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sb3_memaug.symmetry.arguments import int_of, ints_of, list_of, mapping_of, shown, text_of, texts_of
from sb3_memaug.symmetry.group import Mirror, SymmetryGroup
from sb3_memaug.symmetry.reflection import Reflection
from sb3_memaug.symmetry.transforms import ImageFlip, SignedPermutation, Transform

#: Entries of a term at most, but for images: their permutation is written out.
MAX_SIZE = 1_000_000


@dataclass(frozen=True)
class Term:
    """
    A stretch of an observation or an action with one physical meaning.

    =================== ========================================================================================
    kind                meaning (in the base frame)
    =================== ========================================================================================
    ``vector``          x, y, z of a velocity, force, gravity direction …; several in a row are allowed
    ``axial_vector``    x, y, z of an angular velocity or a torque; roll, pitch and yaw angles
    ``xy``              x, y of a planar velocity command or target; the two axes that do not point up, where
                        another one than z does
    ``forward``         x alone of a vector: a forward speed, or a command of one
    ``lateral``         y alone of a vector: a speed to the left
    ``roll``            an angle about x, or its rate; also x alone of an axial vector
    ``pitch``           an angle about y, or its rate; also y alone of an axial vector
    ``scalar``          what no reflection changes: a speed, a height, a phase, the time left
    ``pseudoscalar``    what changes sign when left and right, or front and back, change places: a yaw rate
    ``quaternion_wxyz`` orientation relative to a world whose axes are mirrored too, scalar first
    ``quaternion_xyzw`` the same, scalar last
    ``rotation_matrix`` the same as a matrix of nine numbers, row by row or column by column; row by row, where the
                        base's frame has other axes than x forward and z up
    ``rotation_6d``     two columns of it, or two rows, the first and the second, one after the other; two columns,
                        where the base's frame has other axes
    ``joints``          a value for each joint of ``names``: angle from the default pose, velocity, torque
    ``joint_positions`` the absolute angle of each joint of ``names``
    ``action``          a value for each actuated joint of ``names``
    ``actuators``       the control of each actuator of ``names``
    ``feet``            a value for each foot of ``names``: contact, height, air time
    ``feet_vectors``    x, y, z for each foot of ``names``
    ``bodies``          a value for each body of ``names``
    ``spatial_vectors`` an angular and then a linear part for each body of ``names``: a torque and a force, or
                        velocities
    ``inertias``        the ten numbers of MuJoCo's ``cinert`` for each body of ``names``: xx, yy, zz, xy, xz and yz of
                        the inertia, mass times centre of mass, mass
    ``grid``            a height scan of ``shape`` (points along x, points along y), centred on the base; neighbors
                        along y stand side by side
    ``transposed_grid`` the same, neighbors along x stand side by side
    ``image``           an image of ``shape`` (height, width, channels), alone under its key; rows run along x and
                        columns along y
    =================== ========================================================================================

    A quantity may be spread over a vector: terms of the same ``name`` and ``kind`` are parts of one quantity, and a
    joint of one of them may have its partner in another. So angles and velocities that stand side by side, joint by
    joint, are described by a term for each entry, all angles with one name and all velocities with another; or, where
    both are measured from the default pose, by one term whose ``names`` list each joint twice. Of a joint that a
    quantity lists several times, the first entry mirrors the first one of its partner, and so on.

    :param name: what it is called
    :param kind: how a reflection acts on it, see above
    :param size: number of entries
    :param names: for kinds about joints, actuators, feet and bodies, which ones, in order
    :param shape: for ``grid`` and ``transposed_grid``, its two dimensions; for ``image``, its three
    :raises ValueError: if an argument is of another type, the kind is unknown, or ``size``, ``names`` and ``shape`` do
        not agree with it
    """

    name: str
    kind: str
    size: int
    names: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        term = f"term {text_of(self.name, '`name` of a term')!r}"
        if not isinstance(self.kind, str) or self.kind not in (*_KINDS, *_SHAPED_KINDS):
            raise ValueError(f"{term}: `kind` must be one of {[*_KINDS, *_SHAPED_KINDS]}, got {shown(self.kind)}")
        object.__setattr__(self, "names", texts_of(self.names, f"{term}: `names`"))
        object.__setattr__(self, "shape", ints_of(self.shape, f"{term}: `shape`"))
        object.__setattr__(self, "size", int_of(self.size, f"{term}: `size`"))
        dimensions, _ = _SHAPED_KINDS.get(self.kind, (len(self.shape), None))
        if len(self.shape) != dimensions:
            raise ValueError(
                f"term {self.name!r} of kind {self.kind!r} needs a `shape` of {dimensions} dimensions, "
                f"got {shown(self.shape)}"
            )
        unit, _ = _KINDS.get(self.kind, (1, None))
        count = default_size(self.kind, self.names, self.shape)
        if self.kind in (*_COUNTED, *_SHAPED_KINDS) and self.size != count:
            raise ValueError(
                f"term {self.name!r} of kind {self.kind!r} has size {shown(self.size)}, "
                f"but its names {list(self.names)} and shape {shown(self.shape)} make {shown(count)}"
            )
        if self.size <= 0 or self.size % unit:
            raise ValueError(
                f"term {self.name!r} of kind {self.kind!r} needs a positive multiple of {unit} entries, "
                f"got {shown(self.size)}"
            )
        if (self.size > MAX_SIZE and self.kind != "image") or min(self.shape, default=1) < 1:
            raise ValueError(
                f"{term} of kind {self.kind!r} must have at most {MAX_SIZE} entries, and no empty dimension; got size "
                f"{shown(self.size)} and shape {shown(self.shape)}"
            )

    def transform(self, reflection: Reflection) -> Transform:
        """
        :param reflection: of the robot
        :return: how it acts on this term
        :raises ValueError: if it is none, or does not know a joint, an actuator, a foot or a body of the term
        """
        if not isinstance(reflection, Reflection):
            raise ValueError(f"term {self.name!r} is transformed by a Reflection, got {shown(reflection)}")
        _, act = _KINDS.get(self.kind) or _SHAPED_KINDS[self.kind]
        return act(reflection, self)


def default_size(kind: str, names: Sequence[str] = (), shape: Sequence[int] = ()) -> int:
    """
    :param kind: of a term
    :param names: of its joints, actuators, feet or bodies
    :param shape: of a grid or an image
    :return: as many entries as names and shape make; for the other kinds, those of one quantity
    :raises ValueError: if names or shape are no lists of such
    """
    if isinstance(kind, str) and kind in _SHAPED_KINDS:
        return math.prod(ints_of(shape, "`shape`"))
    unit, _ = _KINDS.get(kind, (0, None)) if isinstance(kind, str) else (0, None)
    return unit * len(texts_of(names, "`names`")) if unit and kind in _COUNTED else unit


def observation_transform(
    terms: Sequence[Term] | Mapping[str, Sequence[Term]], reflection: Reflection
) -> Transform | dict[str, Transform]:
    """
    :param terms: the terms of an observation in their order; by key for dict observations
    :param reflection: of the robot
    :return: how the reflection acts on the observation
    :raises ValueError: if an image does not stand alone
    """
    if isinstance(terms, Mapping):
        return {key: vector_transform(group, reflection) for key, group in terms.items()}
    return vector_transform(terms, reflection)


def vector_transform(terms: Sequence[Term], reflection: Reflection) -> Transform:
    """
    :param terms: the terms of a vector in their order, or a single image
    :param reflection: of the robot
    :return: how the reflection acts on them together
    :raises ValueError: if something is no term, or an image does not stand alone
    """
    terms = list_of(terms, "the terms of a vector")
    for term in terms:
        if not isinstance(term, Term):
            raise ValueError(f"expected a Term, got {shown(term)}")
    if len(terms) == 1:
        return terms[0].transform(reflection)
    blocks = []
    for term, entries in quantities(terms):
        block = term.transform(reflection)
        if not isinstance(block, SignedPermutation):
            raise ValueError(f"term {term.name!r} is an image and cannot share a vector with others: give it a key")
        blocks.append((entries, block))
    return SignedPermutation.assemble(blocks)


def quantities(terms: Sequence[Term]) -> list[tuple[Term, list[int]]]:
    """
    :param terms: the terms of a vector in their order
    :return: the same, those that are parts of one quantity joined, each with the entries of the vector that it is about
    """
    found: dict[Any, tuple[Term, list[int]]] = {}
    start = 0
    for i, term in enumerate(terms):
        entries = list(range(start, start + term.size))
        start += term.size
        # Only parts that have partners can have them elsewhere.
        key = (term.name, term.kind) if term.names else i
        if key in found:
            first, before = found[key]
            term = Term(term.name, term.kind, first.size + term.size, first.names + term.names)
            entries = before + entries
        found[key] = term, entries
    return list(found.values())


def group_of_terms(
    reflections: Mapping[str, Reflection],
    observation: Sequence[Term] | Mapping[str, Sequence[Term]],
    action: Sequence[Term],
) -> SymmetryGroup:
    """
    Compose the mirrors of an environment from its terms, and close them to a group.

    :param reflections: the robot's reflections by name
    :param observation: terms of the observation; by key for dict observations
    :param action: terms of the action
    :return: the group that the reflections generate
    :raises ValueError: if something is no reflection or no term, or the mirrors make no group
    """
    for name, reflection in mapping_of(reflections, "`reflections`").items():
        if not isinstance(reflection, Reflection):
            raise ValueError(f"reflection {name!r} must be a Reflection, got {shown(reflection)}")
    return SymmetryGroup(
        {
            name: Mirror(observation_transform(observation, reflection), vector_transform(action, reflection))
            for name, reflection in reflections.items()
        },
        reflections,
    )


def _componentwise(signs: Callable[[Reflection], Sequence[int]]) -> Callable[[Reflection, Term], SignedPermutation]:
    """A kind whose entries stay in place and pick up signs, over and over for several quantities in a row."""

    def act(reflection: Reflection, term: Term) -> SignedPermutation:
        unit = signs(reflection)
        return SignedPermutation(range(term.size), list(unit) * (term.size // len(unit)))

    return act


def _axial(reflection: Reflection) -> tuple[int, ...]:
    return tuple(reflection.determinant * sign for sign in reflection.axes)


def _rotation(reflection: Reflection) -> tuple[int, ...]:
    """Row by row, ``W R M`` of the rotation ``R`` from base to world, ``M`` and ``W`` being what mirrors the two."""
    return tuple(row * column for row in reflection.world_axes for column in reflection.axes)


def _two_columns(reflection: Reflection) -> tuple[int, ...]:
    """The first two columns of it, one after the other."""
    return tuple(row * column for column in reflection.axes[:2] for row in reflection.world_axes)


def _joints(reflection: Reflection, term: Term) -> SignedPermutation:
    return reflection.joint_map(term.names)


def _feet(reflection: Reflection, term: Term) -> SignedPermutation:
    return reflection.foot_map(term.names)


def _joint_positions(reflection: Reflection, term: Term) -> SignedPermutation:
    return reflection.joint_position_map(term.names)


def _actuators(reflection: Reflection, term: Term) -> SignedPermutation:
    return reflection.actuator_map(term.names)


def _bodies(reflection: Reflection, term: Term) -> SignedPermutation:
    return reflection.body_map(term.names)


def _feet_vectors(reflection: Reflection, term: Term) -> SignedPermutation:
    return _blockwise(reflection.foot_map(term.names), reflection.axes)


def _spatial_vectors(reflection: Reflection, term: Term) -> SignedPermutation:
    return _blockwise(reflection.body_map(term.names), (*_axial(reflection), *reflection.axes))


def _inertias(reflection: Reflection, term: Term) -> SignedPermutation:
    x, y, z = reflection.axes
    return _blockwise(reflection.body_map(term.names), (1, 1, 1, x * y, x * z, y * z, x, y, z, 1))


def _blockwise(parts: SignedPermutation, signs: Sequence[int]) -> SignedPermutation:
    """Parts that change places, each with several entries that pick up signs."""
    size = len(signs)
    return SignedPermutation(
        [size * i + k for i in parts.permutation for k in range(size)], list(signs) * len(parts.permutation)
    )


def _repeated(one: SignedPermutation, term: Term) -> SignedPermutation:
    """The same for several quantities in a row."""
    return SignedPermutation.concatenate([one] * (term.size // len(one.permutation)))


#: Takes a quaternion with its scalar first to one that has it last.
_SCALAR_LAST = SignedPermutation([1, 2, 3, 0])


def _grid(reflection: Reflection, term: Term) -> SignedPermutation:
    points = np.arange(term.size).reshape(term.shape)
    return SignedPermutation(_flipped(points, reflection).ravel().tolist())


def _transposed_grid(reflection: Reflection, term: Term) -> SignedPermutation:
    points = np.arange(term.size).reshape(term.shape[::-1]).T
    return SignedPermutation(_flipped(points, reflection).T.ravel().tolist())


def _flipped(points: np.ndarray, reflection: Reflection) -> np.ndarray:
    return np.flip(points, tuple(axis for axis, sign in enumerate(reflection.horizontal) if sign < 0))


def _image(reflection: Reflection, term: Term) -> ImageFlip:
    rows, columns = reflection.horizontal
    return ImageFlip(horizontal=columns < 0, vertical=rows < 0)


#: For each kind, the number of entries of one quantity and how a reflection acts on the term.
_KINDS: dict[str, tuple[int, Callable[[Reflection, Term], Transform]]] = {
    "vector": (3, _componentwise(lambda r: r.axes)),
    "axial_vector": (3, _componentwise(_axial)),
    "xy": (2, _componentwise(lambda r: r.horizontal)),
    "forward": (1, _componentwise(lambda r: (r.forward,))),
    "lateral": (1, _componentwise(lambda r: (r.lateral,))),
    "roll": (1, _componentwise(lambda r: (r.determinant * r.forward,))),
    "pitch": (1, _componentwise(lambda r: (r.determinant * r.lateral,))),
    "scalar": (1, _componentwise(lambda r: (1,))),
    "pseudoscalar": (1, _componentwise(lambda r: (r.determinant,))),
    "quaternion_wxyz": (4, lambda r, term: _repeated(r.orientation, term)),
    "quaternion_xyzw": (4, lambda r, term: _repeated(_SCALAR_LAST @ r.orientation @ _SCALAR_LAST.inverse(), term)),
    "rotation_matrix": (9, _componentwise(_rotation)),
    "rotation_6d": (6, _componentwise(_two_columns)),
    "joints": (1, _joints),
    "joint_positions": (1, _joint_positions),
    "action": (1, _joints),
    "actuators": (1, _actuators),
    "feet": (1, _feet),
    "feet_vectors": (3, _feet_vectors),
    "bodies": (1, _bodies),
    "spatial_vectors": (6, _spatial_vectors),
    "inertias": (10, _inertias),
}

#: Of kinds whose size follows from their shape, its number of dimensions and how a reflection acts on the term.
_SHAPED_KINDS: dict[str, tuple[int, Callable[[Reflection, Term], Transform]]] = {
    "grid": (2, _grid),
    "transposed_grid": (2, _transposed_grid),
    "image": (3, _image),
}

#: Kinds whose size follows from their names.
_COUNTED = (
    *("joints", "joint_positions", "action", "actuators"),
    *("feet", "feet_vectors", "bodies", "spatial_vectors", "inertias"),
)
