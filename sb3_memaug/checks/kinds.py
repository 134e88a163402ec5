"""Which kind a term seems to be of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from sb3_memaug.symmetry import Reflection, SignedPermutation, Term

#: Kinds that are easily taken for one another.
KINDS = (
    *("scalar", "pseudoscalar", "vector", "axial_vector", "xy", "quaternion_wxyz", "quaternion_xyzw"),
    *("joints", "feet", "bodies", "feet_vectors"),
)


def fitting_kinds(term: Term, reflections: Sequence[Reflection], found: Mapping[int, tuple[int, int]]) -> list[str]:
    """
    :param term: of an observation
    :param reflections: under which it was looked at, the one that acts first before the others
    :param found: index and sign of what numbers of the term do mirror, in the term, where it is not what the term says
    :return: the kinds that say so and agree with it about all other numbers
    """
    wanted = [found.get(i, source) for i, source in enumerate(_sources(term, reflections))]
    kinds = []
    for kind in KINDS:
        try:
            same = _sources(Term(term.name, kind, term.size, term.names, term.shape), reflections) == wanted
        except ValueError:  # a kind that such a term cannot be of
            continue
        kinds += [kind] if same else []
    return kinds


def _sources(term: Term, reflections: Sequence[Reflection]) -> list[tuple[int, int]]:
    transforms = [transform for r in reflections if isinstance(transform := term.transform(r), SignedPermutation)]
    product = reduce(lambda first, then: then @ first, transforms)
    return list(zip(product.permutation, product.signs, strict=True))
