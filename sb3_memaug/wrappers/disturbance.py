"""Being told when an object is given other attributes."""

from __future__ import annotations

import copyreg
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import gymnasium as gym
import numpy as np

from sb3_memaug.robots import Robot, find_robot
from sb3_memaug.robots.robot import name_changes

#: Whom to tell, by the identity of the object.
_LISTENERS: dict[int, list[Callable[[], None]]] = {}


@contextmanager
def assignments(target: Any, listener: Callable[[], None]) -> Iterator[None]:
    """
    For the length of a ``with`` block, the object is of a subclass of its class that tells of assignments. An object
    whose class does not allow that stays silent.

    :param target: whose attributes are assigned
    :param listener: called after each assignment
    """
    before: Any = type(target)
    listeners = _LISTENERS.setdefault(id(target), [])
    if not listeners:
        # Not every class can be derived from, and not every object can change its own.
        with suppress(Exception):
            object.__setattr__(target, "__class__", _telling(before))
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
def _telling(kind: Any) -> Any:
    def __setattr__(self: Any, name: str, value: Any) -> None:
        super(telling, self).__setattr__(name, value)
        for listener in tuple(_LISTENERS.get(id(self), ())):
            listener()

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        """A copy is of the class itself."""
        object.__setattr__(self, "__class__", kind)
        try:
            reduced = self.__reduce_ex__(protocol)
        finally:
            object.__setattr__(self, "__class__", telling)
        # Pickle wants this function's object to be of the class that it makes.
        return (_new, *reduced[1:]) if reduced[0] is copyreg.__newobj__ else reduced  # type: ignore[attr-defined]

    namespace = {
        "__setattr__": __setattr__,
        "__reduce_ex__": __reduce_ex__,
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
    }
    telling = type(kind)(kind.__name__, (kind,), namespace)
    return telling


class Disturbance(ABC):
    """
    Something that befalls a robot in some episodes.

    :param robot: whom it befalls
    """

    #: The key of ``reset(options=…)`` by which it is decided.
    option: str

    def __init__(self, robot: Robot) -> None:
        self.robot = robot
        #: Whether anything is the matter with the robot at present.
        self.acts = False
        #: What ``info`` tells of it.
        self.info: dict[str, Any] = {}

    @abstractmethod
    def decide(self, given: Any) -> Any:
        """
        :param given: the value of the option
        :return: the same, as :meth:`begin` takes it; not None
        :raises ValueError: if it makes no sense
        """

    @abstractmethod
    def begin(self, rng: np.random.Generator, decision: Any) -> None:
        """
        An episode begins.

        :param rng: of the environment
        :param decision: what befalls the robot, from :meth:`decide`; None leaves it to chance
        """

    def before_step(self) -> None:
        """A control step begins."""

    def turn_to(self, robot: Robot) -> None:
        """
        :param robot: of the environment at present: where it is another object, what is the matter with the one before
            is the matter with this one
        :raises ValueError: if it has other motors
        """
        before = self.robot
        if robot is before:
            return
        if robot.motor_names != before.motor_names:
            changes = name_changes("motors", before.motor_names, robot.motor_names)
            raise ValueError(f"the environment has another robot than when it was wrapped: {changes}")
        self.act(False)
        self.robot = robot
        self.act(True)

    @abstractmethod
    def act(self, on: bool) -> None:
        """
        Let what is the matter at present, if anything, act on the robot.

        :param on: or not, which leaves the robot and its simulator as they were before
        """

    @abstractmethod
    def lift(self) -> None:
        """Leave the robot and its simulator as they were before, bit for bit."""


class DisturbanceWrapper(gym.Wrapper):
    """
    Lets a disturbance befall the robot of an environment.

    :param env: of the robot
    :param disturbance: of it
    """

    #: It alters neither observations nor actions.
    commutes_with_mirrors = True

    def __init__(self, env: gym.Env, disturbance: Disturbance) -> None:
        gym.Wrapper.__init__(self, env)
        self.disturbance = disturbance
        #: What the next reset brings unless its options say something else, from :meth:`Disturbance.decide`.
        self.decision: Any = None

    @property
    def robot(self) -> Robot:
        """Whom it befalls, as the environment simulates it at present."""
        self._follow()
        return self.disturbance.robot

    def _follow(self) -> None:
        self.disturbance.turn_to(find_robot(self.env))

    def _follow_if_possible(self) -> None:
        # Between two assignments an environment may have half a simulation; what is wrong at the end, is told then.
        with suppress(Exception):
            self._follow()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        options, disturbance = dict(options or {}), self.disturbance
        decision = self.decision
        if disturbance.option in options:
            decision = disturbance.decide(options.pop(disturbance.option))
        # The environment may read and change its simulator at a reset, and shall find it as it has left it.
        disturbance.lift()
        observation, info = self.env.reset(seed=seed, options=options or None)
        self._follow()
        disturbance.begin(self.np_random, decision)
        return observation, {**info, **disturbance.info}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        disturbance = self.disturbance
        self._follow()
        disturbance.before_step()
        if disturbance.acts:
            # An environment may make its simulation anew in the middle of a step.
            with assignments(self.env.unwrapped, self._follow_if_possible):
                result = self.env.step(action)
            disturbance.robot.after_step()
            self._follow()
        else:
            result = self.env.step(action)
        result[4].update(disturbance.info)
        return result

    def close(self) -> None:
        try:
            self.disturbance.lift()
        finally:
            self.env.close()
