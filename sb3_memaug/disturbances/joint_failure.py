"""Motors that fail: which, how strongly, when, and for how long."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sb3_memaug.arguments import POSITIVE
from sb3_memaug.disturbances.base import Disturbance
from sb3_memaug.disturbances.place import Places
from sb3_memaug.disturbances.ranges import Range, as_number, as_range, draw
from sb3_memaug.disturbances.variation import Variation
from sb3_memaug.symmetry import Term
from sb3_memaug.symmetry.arguments import list_of, shown

MODES = ("weak", "locked")


class Failure(NamedTuple):
    """
    What fails in an episode.

    :param motors: indices of the motors that fail, in their order
    :param strength: of each motor of the robot, 1 for healthy ones, (n_motors,)
    :param start: control step in which they fail
    :param end: control step in which they recover, None if they do not
    """

    motors: tuple[int, ...]
    strength: np.ndarray
    start: int
    end: int | None


class JointFailures(Disturbance):
    """
    Joints whose motors fail in some episodes, see :class:`~sb3_memaug.wrappers.joint_failure.JointFailure`.

    :param motor_names: of the robot, in their order
    :param joints: that may fail, or groups of them that fail together; None for every motor
    :param probability: that any fails in an episode
    :param strength: of failed motors
    :param mode: one of :data:`MODES`
    :param n_failures: how many of ``joints`` fail at once
    :param onset: in s
    :param duration: in s
    :param dt: length of a control step in s; None if it is not known
    :param joint_names: of the robot, those without a motor included
    :raises ValueError: if a joint is no motor of the robot, a number lies outside its bounds, or ``dt`` is needed and
        not known
    """

    kind = "joint_failure"

    def __init__(
        self,
        motor_names: Sequence[str],
        joints: Sequence[str | Sequence[str]] | None = None,
        probability: float = 0.8,
        strength: Range = 0.0,
        mode: str = "weak",
        n_failures: int | Sequence[int] = 1,
        onset: Range = (0.0, 0.0),
        duration: Range | None = None,
        dt: float | None = None,
        joint_names: Sequence[str] = (),
    ) -> None:
        self.motor_names, self._joint_names = tuple(motor_names), tuple(joint_names)
        if not isinstance(mode, str) or mode not in MODES:
            raise ValueError(f"`mode` must be one of {list(MODES)}, got {shown(mode)}")
        self.locks = mode == "locked"
        entries = list(motor_names) if joints is None else as_joints(joints)
        self.strength = as_range("strength", strength)
        #: Indices of the motors of each group.
        self.groups = [self.decide(entry) for entry in entries]
        if not self.groups:
            raise ValueError("`joints` is empty: name at least one joint that may fail")
        if not all(self.groups):
            raise ValueError("`joints` holds an empty group: name at least one joint in each")
        self.joints = tuple(entry if isinstance(entry, str) else tuple(entry) for entry in entries)
        self.probability = as_number("probability", probability)
        if self.locks and self.strength != (0, 0):
            raise ValueError(f"a locked motor has no strength: leave `strength` at 0.0, got {strength}")
        low, high = as_range("n_failures", n_failures, 1, len(self.joints))
        if low % 1 or high % 1:
            raise ValueError(f"`n_failures` must be whole numbers, got {n_failures}")
        self.n_failures = int(low), int(high)
        self.onset = as_range("onset", onset)
        self.duration = None if duration is None else as_range("duration", duration)
        timed = self.onset != (0, 0) or duration is not None
        if dt is None and timed:
            raise ValueError(
                "`onset` and `duration` are counted in control steps, whose length is not known: give the environment "
                "the attribute `env.unwrapped.dt`, in seconds"
            )
        # Only times are counted by it.
        self._dt = POSITIVE.check("env.unwrapped.dt", dt) if timed else 1.0

    def decide(self, given: Any) -> tuple[int, ...]:
        """
        :param given: name of a joint, names of several that fail together, or None
        :return: indices of their motors
        :raises ValueError: if it is something else, or one is no motor
        """
        names = [] if given is None else [given] if isinstance(given, str) else given
        if not isinstance(names, list | tuple):
            raise ValueError(f"expected the name of a joint, a list of names, or None, got {shown(given)}")
        return tuple(self._index(name) for name in names)

    def _index(self, joint: str) -> int:
        motors = self.motor_names
        if not isinstance(joint, str) or joint not in motors:
            if isinstance(joint, str) and joint in self._joint_names:
                raise ValueError(
                    f"{joint!r} is no motor of the robot: it is a joint that no actuator is on, even if some move it "
                    f"by a tendon or otherwise. Its motors are {list(motors)}"
                )
            near = difflib.get_close_matches(shown(joint), motors, n=3, cutoff=0.3)
            raise ValueError(
                f"{shown(joint)} is no motor of the robot"
                + (f"; did you mean {' or '.join(map(repr, near))}?" if near else ".")
                + f" Its motors are {list(motors)}"
            )
        return motors.index(joint)

    def draw(self, rng: np.random.Generator, decision: tuple[int, ...] | None) -> Failure | None:
        groups = self._draw_groups(rng) if decision is None else [decision] if decision else []
        if not groups:
            return None
        scale = np.ones(len(self.motor_names))
        for group in groups:
            strength = draw(rng, self.strength)
            for motor in group:
                scale[motor] = min(scale[motor], strength)
        start, end = round(draw(rng, self.onset) / self._dt), None
        if self.duration is not None:
            end = start + max(1, round(draw(rng, self.duration) / self._dt))
        return Failure(tuple(sorted({motor for group in groups for motor in group})), scale, start, end)

    def _draw_groups(self, rng: np.random.Generator) -> list[tuple[int, ...]]:
        if rng.random() >= self.probability:
            return []
        low, high = self.n_failures
        n, left = int(rng.integers(low, high + 1)) if low < high else low, list(self.groups)
        return [left.pop(int(rng.integers(len(left)))) for _ in range(n)]

    def variations(self, split: str, places: Places) -> list[Variation]:
        found = []
        for group in self.groups:
            joints = tuple(self.motor_names[motor] for motor in group)
            found.append(Variation(split, self.kind, joints, label="+".join(joints), place=places.of_joints(joints)))
        return found

    @property
    def terms(self) -> tuple[Term, ...]:
        """One number for each motor, whose sign does not matter: not 0 if it has failed."""
        return (Term("failed", "joints", len(self.motor_names), self.motor_names),)


def as_joints(joints: Any) -> list[Any]:
    """
    :param joints: an argument
    :return: its entries
    :raises ValueError: if it is no list
    """
    if isinstance(joints, str):
        raise ValueError(
            f"`joints` must be a list of names and groups of names, and {joints!r} alone is no motor in one"
        )
    return list_of(joints, "`joints`")
