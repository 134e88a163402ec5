"""The tasks that a policy is evaluated on: no disturbance, a failed joint, a payload in one section of the base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import gymnasium as gym
import numpy as np

from sb3_memaug.disturbances.place import Places, reflected, section_signs, words
from sb3_memaug.robots import Robot, find_robot
from sb3_memaug.symmetry import BaseAxes, Reflection

#: The kinds of disturbances in the order in which a task's variations are listed, and the option of ``reset`` of each.
OPTIONS = {"joint_failure": "failed_joint", "payload": "payload"}

#: Ranges of x and y in m.
Section = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Variation:
    """
    One way in which a task is disturbed, or that it is not.

    :param split: ``"none"``, ``"id"`` or ``"ood"``
    :param kind: ``"none"``, ``"joint_failure"`` or ``"payload"``
    :param joints: names of the joints that fail together
    :param section: of the base that the payload lies in: ranges of x and of y in m in the base frame
    :param mass: of the payload: lowest and highest one in kg
    :param label: a name of it that no other one in the task has
    :param place: where on the robot it is, by the robot's geometry: ``"front left"``, ``"left"``; empty where neither
        applies
    :param absent: options of ``reset`` for the other disturbances of the task, none of which is active
    """

    split: str
    kind: str
    joints: tuple[str, ...] = ()
    section: Section | None = None
    mass: tuple[float, float] | None = None
    label: str = ""
    place: str = ""
    absent: tuple[str, ...] = ()

    def options(self, seed: int) -> dict[str, Any]:
        """
        :param seed: of an episode
        :return: for ``reset``. A payload is drawn from its section as in training; but it is the same of the same
            seed, and in mirrored sections at mirrored places, which are counted from the end of the section that is
            nearer to the robot's middle
        """
        options: dict[str, Any] = dict.fromkeys(self.absent)
        if self.kind in OPTIONS:
            options[OPTIONS[self.kind]] = self._drawn(seed)
        return options

    def _drawn(self, seed: int) -> Any:
        """What the option of its kind takes."""
        if self.section is None or self.mass is None:
            return self.joints[0] if len(self.joints) == 1 else self.joints
        # Not the numbers that an environment draws from the same seed.
        rng = np.random.default_rng((seed, 1))
        payload = {"mass": float(rng.uniform(*self.mass))}
        for axis, ends in zip("xy", self.section, strict=True):
            near, far = sorted(ends, key=abs)
            payload[axis] = near + (far - near) * float(rng.random())
        return payload

    def mirrored(self, reflection: Reflection) -> Variation:
        """
        :param reflection: of the robot
        :return: the mirror image, of the same split; see :func:`mirror_images` for the one that a task lists
        :raises ValueError: if a joint has no partner
        """
        place = reflected(self.place, (reflection.forward, reflection.lateral))
        if self.joints:
            joints = tuple(_partner(joint, reflection) for joint in self.joints)
            return replace(self, joints=joints, label="+".join(joints), place=place)
        if self.section is None:
            return self
        x, y = (_signed(ends, sign) for ends, sign in zip(self.section, reflection.axes[:2], strict=True))
        return replace(self, section=(x, y), label=section_label((x, y)), place=place)

    def is_like(self, other: Variation) -> bool:
        """
        :param other: of the same task
        :return: whether the same happens to the robot, whatever the split, the label and the order of joints
        """
        if self.kind != other.kind or set(self.joints) != set(other.joints):
            return False
        return np.allclose(_numbers(self), _numbers(other), rtol=0, atol=1e-6)

    def columns(self) -> dict[str, str]:
        """
        :return: what tables tell of it, by the names of their columns
        """
        return {
            "split": self.split,
            "kind": self.kind,
            "variation": self.label,
            "joints": "+".join(self.joints),
            "place": self.place,
        }


class Disturbs(Protocol):
    """What lists its variations: a :class:`~sb3_memaug.disturbances.base.Disturbance`."""

    kind: str

    def variations(self, split: str, places: Places) -> list[Variation]:
        """Those of one split."""


def variations(env_id: str, env_kwargs: Mapping[str, Any] | None = None) -> list[Variation]:
    """
    :param env_id: of a registered environment that ``gymnasium.make`` makes one by one, with or without wrappers that
        disturb its robot
    :param env_kwargs: for ``gymnasium.make``
    :return: as :func:`variations_of` lists them
    """
    kwargs = dict(env_kwargs or {})
    with gym.make(env_id, **kwargs) as env:
        varies = bool(_disturbances(env))
        places = _places(env) if varies else Places()
    disturbances = {}
    for split in ("id", "ood") if varies else ():
        with gym.make(env_id, **{**kwargs, "split": split}) as env:
            disturbances[split] = _disturbances(env)
    return variations_of(disturbances, places)


def variations_of(disturbances: Mapping[str, Sequence[Disturbs]], places: Places) -> list[Variation]:
    """
    :param disturbances: of a task, by split
    :param places: of the robot's joints and sections
    :return: none, and each way in which one of the disturbances is active: each joint that may fail, each section that
        a payload may lie in
    """
    kinds = {disturbance.kind for of_split in disturbances.values() for disturbance in of_split}
    absent = tuple(option for kind, option in OPTIONS.items() if kind in kinds)
    found = [Variation("none", "none", label="none", absent=absent)]
    for split, of_split in disturbances.items():
        for disturbance in sorted(of_split, key=lambda disturbance: list(OPTIONS).index(disturbance.kind)):
            for variation in disturbance.variations(split, places):
                found.append(replace(variation, label=_unique(variation, found), absent=absent))
    return found


def places_of(robot: Robot, reflections: Mapping[str, Reflection]) -> Places:
    """
    :param robot: that is looked at
    :param reflections: of it, which say which axes of its base point forward and up; may be empty
    :return: where its joints and sections are; of joints unknown where its simulator does not describe its geometry
    """
    base = next((reflection.base for reflection in reflections.values()), BaseAxes())
    try:
        return Places(robot.geometry(), base)
    except NotImplementedError:
        return Places(None, base)


def section_label(section: Section) -> str:
    """
    :param section: of the base
    :return: such as ``"payload_front_left"``
    """
    return "_".join(("payload", *words(section_signs(section)).split()))


def mirror_images(variations: Sequence[Variation], factors: Sequence[Reflection]) -> list[int]:
    """
    :param variations: of a task
    :param factors: reflections of the robot whose product the mirror is
    :return: for each variation the index of its mirror image
    :raises ValueError: if a joint has no partner, or a mirror image is not among them
    """
    return [_image(variation, variations, factors) for variation in variations]


def _image(variation: Variation, variations: Sequence[Variation], factors: Sequence[Reflection]) -> int:
    image = variation
    for reflection in reversed(factors):
        image = image.mirrored(reflection)
    for i, other in enumerate(variations):
        if image.is_like(other):
            return i
    raise ValueError(
        f"the mirror image of the variation {variation.label!r} is {image.label!r}, which is not among "
        f"{sorted(other.label for other in variations)}: list both among those that may happen, in any of the splits"
    )


def _disturbances(env: gym.Env) -> list[Disturbs]:
    """Those of its wrappers; where there are several of a kind, that of the outermost one, which reads the options."""
    found: dict[str, Disturbs] = {}
    while isinstance(env, gym.Wrapper):
        disturbance = getattr(env, "disturbance", None)
        if disturbance is not None:
            found.setdefault(disturbance.kind, disturbance)
        env = env.env
    return list(found.values())


def _places(env: gym.Env) -> Places:
    reflections = env.get_wrapper_attr("reflections") if env.has_wrapper_attr("reflections") else {}
    return places_of(find_robot(env), reflections)


def _partner(joint: str, reflection: Reflection) -> str:
    if joint not in reflection.joints:
        raise ValueError(f"joint {joint!r} has no partner in this reflection; known are {sorted(reflection.joints)}")
    return reflection.joints[joint][0]


def _signed(ends: tuple[float, float], sign: int) -> tuple[float, float]:
    low, high = ends
    # Not -0.0, which would be shown.
    return (low, high) if sign > 0 else (0.0 - high, 0.0 - low)


def _numbers(variation: Variation) -> list[float]:
    x, y = variation.section or ((0.0, 0.0), (0.0, 0.0))
    return [*x, *y, *(variation.mass or (0.0, 0.0))]


def _unique(variation: Variation, others: Sequence[Variation]) -> str:
    """Its label, with a number behind it where others of the same name are something else."""
    taken = {other.label for other in others if not variation.is_like(other)}
    label, number = variation.label, 2
    while label in taken:
        label, number = f"{variation.label}_{number}", number + 1
    return label
