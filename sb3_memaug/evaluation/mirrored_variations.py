"""Which variation of a task is the mirror image of which."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sb3_memaug.symmetry import Reflection

_OPPOSITES = ({"front": "back", "back": "front"}, {"left": "right", "right": "left"})


def mirrored_variations(names: Collection[str], factors: Sequence[Reflection]) -> dict[str, str]:
    """
    :param names: of variations, as :func:`~sb3_memaug.evaluation.variations.variations` names them: joints that fail,
        those that fail together with ``+`` between them, and sections of the base
    :param factors: reflections of the robot whose product the mirror is
    :return: for each variation its mirror image
    :raises ValueError: if a joint has no partner, or a mirror image is not among the names
    """
    known = {frozenset(name.split("+")): name for name in names}
    images = {}
    for name in names:
        parts = name.split("+")
        for reflection in reversed(factors):
            parts = [_image(part, reflection) for part in parts]
        if frozenset(parts) not in known:
            raise ValueError(
                f"the mirror image of the variation {name!r} is {'+'.join(parts)!r}, which is not among "
                f"{sorted(names)}: list both among those that may happen, in any of the splits"
            )
        images[name] = known[frozenset(parts)]
    return images


def _image(part: str, reflection: Reflection) -> str:
    if part in reflection.joints:
        return reflection.joints[part][0]
    kind, *where = part.split("_")
    if kind != "payload":
        raise ValueError(f"joint {part!r} has no partner in this reflection; known are {sorted(reflection.joints)}")
    for sign, opposites in zip(reflection.axes[:2], _OPPOSITES, strict=True):
        if sign < 0:
            where = [opposites.get(word, word) for word in where]
    return "_".join((kind, *where))
