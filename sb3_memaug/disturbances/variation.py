"""The tasks that a policy is evaluated on: nothing is wrong, a joint has failed, a payload lies on the robot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from sb3_memaug.symmetry import Reflection

#: What ``reset`` calls a variation, by the attribute of the wrapper that makes it.
OPTIONS = {"joints": "failed_joint", "sections": "payload"}

#: Ranges of x and y in m.
Section = tuple[tuple[float, float], tuple[float, float]]


class Variation(NamedTuple):
    """
    :param split: ``"none"``, ``"id"`` or ``"ood"``
    :param name: ``"none"``, the joint that has failed, or the section of the base that the payload lies in
    :param options: for ``reset``, by the seed of an episode
    """

    split: str
    name: str
    options: Callable[[int], dict[str, Any]]


def variations(env_id: str, env_kwargs: Mapping[str, Any] | None = None) -> list[Variation]:
    """
    :param env_id: of a registered environment that ``gymnasium.make`` makes one by one, with or without failing joints
        or payloads
    :param env_kwargs: for ``gymnasium.make``
    :return: as :func:`variations_of` lists them
    """
    kwargs = dict(env_kwargs or {})
    env = gym.make(env_id, **kwargs)
    varies = any(map(env.has_wrapper_attr, OPTIONS))
    env.close()
    disturbances = {}
    for split in ("id", "ood") if varies else ():
        env = gym.make(env_id, **{**kwargs, "split": split})
        disturbances[split] = {
            name: env.get_wrapper_attr(name) for name in (*OPTIONS, "mass") if env.has_wrapper_attr(name)
        }
        env.close()
    return variations_of(disturbances)


def variations_of(disturbances: Mapping[str, Mapping[str, Any]]) -> list[Variation]:
    """
    :param disturbances: what may happen to a robot, by split: ``"joints"`` that may fail; ``"sections"`` in which a
        payload may lie, with the range of its ``"mass"`` in kg
    :return: none, each joint that may fail and each section that a payload may lie in
    """
    sound: dict[str, Any] = {
        option: None for name, option in OPTIONS.items() if any(name in varied for varied in disturbances.values())
    }
    found = [Variation("none", "none", lambda _: sound)]
    for split, varied in disturbances.items():
        for joint in varied.get("joints", ()):
            name = joint if isinstance(joint, str) else "+".join(joint)
            found.append(Variation(split, name, partial(_failure, sound, joint)))
        for section in varied.get("sections", ()):
            draw = partial(_payload, sound, section, varied["mass"])
            found.append(Variation(split, section_name(section), draw))
    return found


def section_name(section: Section) -> str:
    """
    :param section: of the base
    :return: such as ``"payload_front_left"``
    """
    names = ["payload"]
    for (low, high), positive, negative in zip(section, ("front", "left"), ("back", "right"), strict=True):
        names += [positive] if low >= 0 else [negative] if high <= 0 else []
    return "_".join(names)


def _failure(sound: Mapping[str, Any], joint: str | Sequence[str], _: int) -> dict[str, Any]:
    return {**sound, "failed_joint": joint}


def _payload(sound: Mapping[str, Any], section: Section, mass: tuple[float, float], seed: int) -> dict[str, Any]:
    """
    As in training drawn from the section; but the same of the same seed, and in mirrored sections at mirrored places,
    which are counted from the end of the section that is nearer to the robot's middle.
    """
    # Not the numbers that an environment draws from the same seed.
    rng = np.random.default_rng((seed, 1))
    payload = {"mass": float(rng.uniform(*mass))}
    for axis, ends in zip("xy", section, strict=True):
        near, far = sorted(ends, key=abs)
        payload[axis] = near + (far - near) * float(rng.random())
    return {**sound, "payload": payload}


_OPPOSITES = ({"front": "back", "back": "front"}, {"left": "right", "right": "left"})


def mirrored_variations(names: Collection[str], factors: Sequence[Reflection]) -> dict[str, str]:
    """
    :param names: of variations, as :func:`~sb3_memaug.disturbances.variation.variations` names them: joints that fail,
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
