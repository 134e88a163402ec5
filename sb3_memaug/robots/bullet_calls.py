"""What an environment in PyBullet says to its motors, on its way to the client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol


class MotorFunction(NamedTuple):
    """
    A function of PyBullet's by which motors are told what to do.

    :param name: of the function
    :param arguments: their names, in their order: body, joint or joints, and mode first
    :param one: the function that tells a single joint the same; the function itself for those
    """

    name: str
    arguments: tuple[str, ...]
    one: str

    @property
    def many(self) -> bool:
        """Whether it tells several joints at once, in lists."""
        return self.one != self.name

    def named(self, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        """
        :param args: by position
        :param kwargs: by name
        :return: all by name, in a dict of its own
        """
        given = dict(zip(self.arguments, args, strict=False)) | kwargs
        if "bodyIndex" in given:  # as it was once called
            given["bodyUniqueId"] = given.pop("bodyIndex")
        return given

    def for_one(self, given: dict[str, Any], k: int) -> dict[str, Any]:
        """
        :param given: to several joints, by name
        :param k: which of the joints
        :return: what the function for a single joint is given
        """
        # What is called otherwise there is a list here.
        lists = {many: one for many, one in zip(_MANY, _ONE, strict=True) if many != one}
        return {lists.get(name, name): value[k] if name in lists else value for name, value in given.items()}


_ONE = (
    "bodyUniqueId",
    "jointIndex",
    "controlMode",
    "targetPosition",
    "targetVelocity",
    "force",
    "positionGain",
    "velocityGain",
    "maxVelocity",
)
_MANY = (
    "bodyUniqueId",
    "jointIndices",
    "controlMode",
    "targetPositions",
    "targetVelocities",
    "forces",
    "positionGains",
    "velocityGains",
    "maxVelocities",
)
FUNCTIONS = {
    function.name: function
    for function in (
        MotorFunction("setJointMotorControl2", _ONE, "setJointMotorControl2"),
        MotorFunction("setJointMotorControlArray", _MANY, "setJointMotorControl2"),
        MotorFunction("setJointMotorControlMultiDof", _ONE, "setJointMotorControlMultiDof"),
        MotorFunction("setJointMotorControlMultiDofArray", _MANY, "setJointMotorControlMultiDof"),
    )
}


class Listener(Protocol):
    """Who stands between an environment and one body."""

    def told(self, function: MotorFunction, given: dict[str, Any]) -> bool:
        """
        :param function: which is called for the body
        :param given: its arguments by name, in a dict of its own
        :return: whether the listener has said something else instead
        """

    def before_physics(self) -> None:
        """A physics step begins."""

    def after_physics(self) -> None:
        """A physics step is over."""


class BulletCalls:
    """
    The functions of a client that command motors and advance the physics, with listeners in between, one for each body.
    A client looks each of its functions up whenever it is asked for it.

    :param client: ``pybullet_utils.bullet_client.BulletClient``
    """

    def __init__(self, client: Any) -> None:
        self.listeners: dict[int, Listener] = {}
        #: By body, the last call that a joint, or several, were told something that lasts.
        self.told: dict[int, dict[int | tuple[int, ...], tuple[MotorFunction, dict[str, Any]]]] = {}
        # These do for one physics step.
        self._passing = (client.TORQUE_CONTROL, client.STABLE_PD_CONTROL)
        names = (*FUNCTIONS, "stepSimulation", "resetSimulation", "removeBody")
        #: What is there without anybody in between.
        self.original: dict[str, Callable[..., Any]] = {name: getattr(client, name) for name in names}
        for function in FUNCTIONS.values():
            setattr(client, function.name, partial(self._tell, function))
        client.stepSimulation, client.resetSimulation, client.removeBody = self._step, self._reset, self._remove

    @classmethod
    def of(cls, client: Any) -> BulletCalls:
        """
        :param client: a physics client
        :return: who stands before it, the same at every call
        """
        calls = vars(client).get("_memaug_calls")
        if calls is None:
            calls = client._memaug_calls = cls(client)
        return calls

    def _tell(self, function: MotorFunction, *args: Any, **kwargs: Any) -> Any:
        given = function.named(args, kwargs)
        if not set(function.arguments[:3]) <= set(given):
            return self.original[function.name](*args, **kwargs)  # which says what is missing
        body, joints = given["bodyUniqueId"], given[function.arguments[1]]
        if given["controlMode"] not in self._passing:
            told = self.told.setdefault(body, {})
            key = tuple(joints) if function.many else joints
            told.pop(key, None)
            told[key] = function, given
        listener = self.listeners.get(body)
        if listener is None or not listener.told(function, dict(given)):
            return self.original[function.name](*args, **kwargs)
        return None

    def _step(self, *args: Any, **kwargs: Any) -> Any:
        for listener in self.listeners.values():
            listener.before_physics()
        result = self.original["stepSimulation"](*args, **kwargs)
        for listener in self.listeners.values():
            listener.after_physics()
        return result

    def _reset(self, *args: Any, **kwargs: Any) -> Any:
        # The bodies are gone, and their ids are given to others.
        self.listeners.clear()
        self.told.clear()
        return self.original["resetSimulation"](*args, **kwargs)

    def _remove(self, bodyUniqueId: int, *args: Any, **kwargs: Any) -> Any:
        self.listeners.pop(bodyUniqueId, None)
        self.told.pop(bodyUniqueId, None)
        return self.original["removeBody"](bodyUniqueId, *args, **kwargs)
