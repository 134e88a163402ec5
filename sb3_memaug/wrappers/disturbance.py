"""The wrapper that applies a disturbance to the robot of a Gymnasium environment."""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import gymnasium as gym

from sb3_memaug.disturbances.base import Disturbance
from sb3_memaug.robots import Robot, find_robot
from sb3_memaug.robots.robot import name_changes


class DisturbanceWrapper(gym.Wrapper):
    """
    Applies a disturbance to the robot of an environment. A subclass says how, in :meth:`apply` and :meth:`restore`; and
    in :meth:`begin` and :meth:`before_step`, if it is not active from the first to the last step.

    :param env: of the robot
    :param disturbance: of it
    :raises NotImplementedError: if the robot's adapter cannot do it
    """

    #: It alters neither observations nor actions.
    commutes_with_mirrors = True

    def __init__(self, env: gym.Env, disturbance: Disturbance) -> None:
        gym.Wrapper.__init__(self, env)
        self.disturbance = disturbance
        #: What the next reset brings unless its options say something else, from :meth:`decide`.
        self.decision: Any = None
        #: What disturbs the robot in this episode, None if nothing does.
        self.drawn: Any = None
        #: Whether the robot is disturbed at present.
        self.active = False
        self._robot = find_robot(env)
        #: What ``info`` says of it.
        self._info: dict[str, Any] = {}
        # An adapter that cannot do it says so.
        self.restore(self._robot)

    def decide(self, given: Any) -> Any:
        """
        :param given: the value of the option
        :return: as by :meth:`~sb3_memaug.disturbances.base.Disturbance.decide`
        :raises ValueError: if it makes no sense for this robot
        """
        return self.disturbance.decide(given)

    def begin(self, drawn: Any) -> dict[str, Any]:
        """
        An episode begins.

        :param drawn: as by :meth:`~sb3_memaug.disturbances.base.Disturbance.draw`
        :return: what ``info`` says of it from now on
        """
        self.drawn = drawn
        if drawn is not None:
            self.activate()
        return {self.disturbance.option: drawn}

    def before_step(self) -> None:
        """A control step begins."""

    def apply(self, robot: Robot) -> None:
        """
        :param robot: to disturb by what was drawn
        """
        raise NotImplementedError("derive from DisturbanceWrapper, with `apply` and `restore`")

    def restore(self, robot: Robot) -> None:
        """
        :param robot: to leave as it was before, with its simulator, bit for bit
        """
        raise NotImplementedError("derive from DisturbanceWrapper, with `apply` and `restore`")

    def activate(self) -> None:
        """Disturb the robot from now on."""
        self.active = True
        self.apply(self._robot)

    def clear(self) -> None:
        """Disturb the robot no longer."""
        if self.active:
            self.restore(self._robot)
            self.active = False

    @property
    def robot(self) -> Robot:
        """The robot, as the environment simulates it at present."""
        self._follow()
        return self._robot

    def turn_to(self, robot: Robot) -> None:
        """
        :param robot: of the environment at present: where it is another object than before, this one is disturbed
            instead
        :raises ValueError: if it has other motors
        """
        before = self._robot
        if robot is before:
            return
        if robot.motor_names != before.motor_names:
            changes = name_changes("motors", before.motor_names, robot.motor_names)
            raise ValueError(f"the environment has another robot than when it was wrapped: {changes}")
        if self.active:
            self.restore(before)
        self._robot = robot
        if self.active:
            self.apply(robot)

    def _follow(self) -> None:
        self.turn_to(find_robot(self.env))

    def _follow_if_possible(self) -> None:
        # Between two assignments an environment may have half a simulation; errors that remain are raised at the end.
        with suppress(Exception):
            self._follow()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        options, option, decision = dict(options or {}), self.disturbance.option, self.decision
        if option in options:
            decision = self.decide(options.pop(option))
        # The environment may read and change its simulator at a reset, and shall find it as it has left it.
        self.clear()
        observation, info = self.env.reset(seed=seed, options=options or None)
        self._follow()
        self._info = self.begin(self.disturbance.draw(self.np_random, decision))
        return observation, {**info, **self._info}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        self._follow()
        self.before_step()
        if self.active:
            # An environment may make its simulation anew in the middle of a step.
            with assignments(self.env.unwrapped, self._follow_if_possible):
                result = self.env.step(action)
            self._robot.after_step()
            self._follow()
        else:
            result = self.env.step(action)
        result[4].update(self._info)
        return result

    def close(self) -> None:
        try:
            self.clear()
        finally:
            self.env.close()


#: What is called after an assignment, by the identity of the object.
_LISTENERS: dict[int, list[Callable[[], None]]] = {}


@contextmanager
def assignments(target: Any, listener: Callable[[], None]) -> Iterator[None]:
    """
    For the length of a ``with`` block, the object is of a subclass of its class that reports assignments. An object
    whose class does not allow that reports none.

    :param target: whose attributes are assigned
    :param listener: called after each assignment
    """
    before: Any = type(target)
    listeners = _LISTENERS.setdefault(id(target), [])
    if not listeners:
        # Not every class can be derived from, and not every object can change its own.
        with suppress(Exception):
            object.__setattr__(target, "__class__", _reporting(before))
    listeners.append(listener)
    try:
        yield
    finally:
        listeners.remove(listener)
        if not listeners:
            del _LISTENERS[id(target)]
            if type(target) is not before:
                object.__setattr__(target, "__class__", before)


def _new(kind: Any, *args: Any) -> Any:
    return kind.__new__(kind, *args)


@cache
def _reporting(kind: Any) -> Any:
    def __setattr__(self: Any, name: str, value: Any) -> None:
        super(reporting, self).__setattr__(name, value)
        for listener in tuple(_LISTENERS.get(id(self), ())):
            listener()

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        """A copy is of the class itself."""
        object.__setattr__(self, "__class__", kind)
        try:
            reduced = self.__reduce_ex__(protocol)
        finally:
            object.__setattr__(self, "__class__", reporting)
        # Pickle wants this function's object to be of the class that it makes.
        return (_new, *reduced[1:]) if reduced[0] is copyreg.__newobj__ else reduced  # type: ignore[attr-defined]

    namespace = {
        "__setattr__": __setattr__,
        "__reduce_ex__": __reduce_ex__,
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
    }
    reporting = type(kind)(kind.__name__, (kind,), namespace)
    return reporting
