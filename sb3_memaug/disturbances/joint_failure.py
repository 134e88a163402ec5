"""Motors that fail: which, how, when, and for how long."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sb3_memaug.disturbances.ranges import Range, as_number, as_range, draw
from sb3_memaug.robots import Robot
from sb3_memaug.symmetry.arguments import list_of, shown
from sb3_memaug.vec_env.numbers import POSITIVE
from sb3_memaug.wrappers.disturbance import Disturbance

MODES = ("weak", "locked")


def joints_of(joints: Any) -> list[Any]:
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


class MotorFailures(Disturbance):
    """
    Motors of a robot that fail in some episodes, as :class:`~sb3_memaug.wrappers.joint_failure.JointFailure` tells.

    :param robot: whose motors they are
    :param dt: length of a control step in s; None if it is not known
    :param joints: which may fail, or groups of them that fail together; None for every motor
    :param probability: that any fail in an episode
    :param strength: of failed motors
    :param mode: one of :data:`MODES`
    :param n_failures: how many of ``joints`` fail at once
    :param onset: in s
    :param duration: in s
    :raises ValueError: as the wrapper does
    """

    option = "failed_joint"

    def __init__(
        self,
        robot: Robot,
        dt: float | None,
        joints: Sequence[str | Sequence[str]] | None,
        probability: float,
        strength: Range,
        mode: str,
        n_failures: int | Sequence[int],
        onset: Range,
        duration: Range | None,
    ) -> None:
        super().__init__(robot)
        if not isinstance(mode, str) or mode not in MODES:
            raise ValueError(f"`mode` must be one of {list(MODES)}, got {shown(mode)}")
        self._locks = mode == "locked"
        entries = list(robot.motor_names) if joints is None else joints_of(joints)
        self._strength = as_range("strength", strength)
        self._groups = [self.decide(entry) for entry in entries]
        if not self._groups:
            raise ValueError("`joints` is empty: name at least one joint that may fail")
        if not all(self._groups):
            raise ValueError("`joints` holds an empty group: name at least one joint in each")
        self.joints = tuple(entry if isinstance(entry, str) else tuple(entry) for entry in entries)
        self._probability = as_number("probability", probability)
        if self._locks and self._strength != (0, 0):
            raise ValueError(f"a locked motor has no strength: leave `strength` at 0.0, got {strength}")
        # An adapter that cannot do it says so.
        self._recover()
        low, high = as_range("n_failures", n_failures, 1, len(self.joints))
        if low % 1 or high % 1:
            raise ValueError(f"`n_failures` must be whole numbers, got {n_failures}")
        self._n_failures = int(low), int(high)
        self._onset = as_range("onset", onset)
        self._duration = None if duration is None else as_range("duration", duration)
        if dt is None and (self._onset != (0, 0) or duration is not None):
            raise ValueError(
                "`onset` and `duration` are counted in control steps, whose length is not known: give the environment "
                "the attribute `env.unwrapped.dt`, in seconds"
            )
        # Only times are counted by it.
        timed = self._onset != (0, 0) or duration is not None
        self._dt = POSITIVE.check("env.unwrapped.dt", dt) if timed else 1.0
        self._events: dict[int, Callable[[], None]] = {}

    def decide(self, given: Any) -> tuple[int, ...]:
        names = [] if given is None else [given] if isinstance(given, str) else given
        if not isinstance(names, list | tuple):
            raise ValueError(f"expected the name of a joint, a list of names, or None, got {shown(given)}")
        motors = tuple(self._index(name) for name in names)
        if not self._locks:
            low, high = self._strength
            for strength in (low, (low + high) / 2):
                scale = np.ones(len(self.robot.motor_names))
                scale[list(motors)] = strength
                self.robot.check_motor_strength(scale)
        return motors

    def _index(self, joint: str) -> int:
        motors = self.robot.motor_names
        if not isinstance(joint, str) or joint not in motors:
            if isinstance(joint, str) and joint in self.robot.joint_names:
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

    def begin(self, rng: np.random.Generator, decision: tuple[int, ...] | None) -> None:
        groups = self._draw_groups(rng) if decision is None else [decision] if decision else []
        self._scale = np.ones(len(self.robot.motor_names))
        for group in groups:
            strength = draw(rng, self._strength)
            for motor in group:
                self._scale[motor] = min(self._scale[motor], strength)
        failed = sorted({motor for group in groups for motor in group})
        self._failed = np.isin(np.arange(len(self._scale)), failed)
        names = tuple(self.robot.motor_names[motor] for motor in failed)
        self.info = {
            "failed_joint": names if len(names) > 1 else names[0] if names else None,
            "failure_active": False,
        }
        if failed:
            self._schedule(rng)
            self._happen()

    def _draw_groups(self, rng: np.random.Generator) -> list[tuple[int, ...]]:
        if rng.random() >= self._probability:
            return []
        low, high = self._n_failures
        n, left = int(rng.integers(low, high + 1)) if low < high else low, list(self._groups)
        return [left.pop(int(rng.integers(len(left)))) for _ in range(n)]

    def _schedule(self, rng: np.random.Generator) -> None:
        dt = self._dt
        start = round(draw(rng, self._onset) / dt)
        self._step, self._events = 0, {start: self._fail}
        if self._duration is not None:
            self._events[start + max(1, round(draw(rng, self._duration) / dt))] = self.lift

    def before_step(self) -> None:
        if self._events:
            self._happen()
            self._step += 1

    def _happen(self) -> None:
        event = self._events.pop(self._step, None)
        if event is not None:
            event()

    def _fail(self) -> None:
        self.acts = self.info["failure_active"] = True
        self.act(True)

    def act(self, on: bool) -> None:
        if not self.acts:
            return
        if not on:
            self._recover()
        elif self._locks:
            self.robot.lock_motors(self._failed)
        else:
            self.robot.set_motor_strength(self._scale)

    def lift(self) -> None:
        if self.acts:
            self.act(False)
            self.acts = self.info["failure_active"] = False
        self._events.clear()

    def _recover(self) -> None:
        n = len(self.robot.motor_names)
        if self._locks:
            self.robot.lock_motors(np.zeros(n, dtype=bool))
        else:
            self.robot.set_motor_strength(np.ones(n))
