"""The robot of a PyBullet environment that commands the motors and advances the physics by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import ismodule
from typing import Any, NamedTuple, Protocol

import numpy as np

from sb3_memaug.robots.bullet.robot import LOCK_FORCE, BulletBody
from sb3_memaug.robots.robot import check_length


class MotorFunction(NamedTuple):
    """
    A function of PyBullet's that commands motors.

    :param name: of the function
    :param arguments: their names, in their order: body, joint or joints, and mode first
    :param one: the function that commands a single joint the same; the function itself for those
    """

    name: str
    arguments: tuple[str, ...]
    one: str

    @property
    def many(self) -> bool:
        """Whether it commands several joints at once, in lists."""
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
        #: By body, the last call that commanded a joint, or several, something that lasts.
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


#: N·m or N that are nothing: Bullet goes on telling the torque before where the largest torque is 0.
_NOTHING = 1e-300


class BulletEnvironmentRobot(BulletBody):
    """
    Stands between the environment and its client: commands of motors that fail are weakened on their way, and what
    presses on the base is applied at each physics step. While nothing fails and nothing presses, all goes through as
    it comes.

    A motor's strength scales the torque in torque control and the largest torque in the others. Where none is given,
    it is that of the joint's description.

    :param client: ``pybullet_utils.bullet_client.BulletClient``, through whose attributes the environment calls
        ``setJointMotorControl2``, ``setJointMotorControlArray``, those for several degrees of freedom, and
        ``stepSimulation``
    :param body: id of the robot in it. Where the environment loads its robot anew or connects anew, a registered
        adapter is asked again
    :param motors: names of the actuated joints, in the order of the actions; every joint that moves by default
    :param feet: names of the links of each foot, by the foot's name
    :raises ValueError: if the client is the module ``pybullet``, or a joint or a link does not exist
    """

    def __init__(
        self,
        client: Any,
        body: int,
        motors: Sequence[str] | None = None,
        feet: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        if ismodule(client):
            raise ValueError(
                f"nobody can stand between an environment and the module `{client.__name__}`. Let the environment make "
                "a client and call its functions: `client = pybullet_utils.bullet_client.BulletClient(pybullet.DIRECT)`"
            )
        super().__init__(client, body, motors, feet)

    def _bind(self) -> None:
        super()._bind()
        client = self.client
        self._limits = {joint: client.getJointInfo(self.body, joint)[10] or LOCK_FORCE for joint in self._motors}
        strength = getattr(self, "_strength", {})
        self._strength = {joint: strength.get(joint, 1.0) for joint in self._motors}
        self._disturbed = False
        #: Joints without a command that are braked nevertheless, as Bullet does with new ones.
        self._braked: set[int] = set()
        self._looked = False
        #: Dead motors of which Bullet still reports the torque that they gave before.
        self._fading: set[int] = set()
        self._calls = BulletCalls.of(client)
        self._calls.listeners[self.body] = self
        self._disturb()

    def _act_again(self) -> None:
        for joint, strength in self._strength.items():
            if strength != 1:
                self._brake(joint)
        super()._act_again()

    def told(self, function: MotorFunction, given: dict[str, Any]) -> bool:
        if self._disturbed:
            if function.many:
                self._tell_many(function, given)
            else:
                self._tell(function, given["jointIndex"], given)
        return self._disturbed

    def _tell(self, function: MotorFunction, joint: int, given: dict[str, Any]) -> None:
        strength = self._strength.get(joint, 1.0)
        if strength != 1:
            force = given.get("force", self._limits[joint])
            given["force"] = self._share(joint, force, "MultiDof" in function.name)
        if joint not in self._locked:
            self._calls.original[function.name](**given)

    def _tell_many(self, function: MotorFunction, given: dict[str, Any]) -> None:
        joints, several = given["jointIndices"], "MultiDof" in function.name
        strengths = [self._strength.get(joint, 1.0) for joint in joints]
        if "forces" in given:
            forces = given["forces"]
        else:
            limits = [
                LOCK_FORCE if strength == 1 else self._limits[joint]
                for joint, strength in zip(joints, strengths, strict=True)
            ]
            forces = [[limit] if several else limit for limit in limits]
        given["forces"] = [
            force if strength == 1 else self._share(joint, force, several)
            for joint, strength, force in zip(joints, strengths, forces, strict=True)
        ]
        if self._locked:
            free = [k for k, joint in enumerate(joints) if joint not in self._locked]
            lists = set(given) & set(function.arguments) - {"bodyUniqueId", "controlMode"}
            given |= {name: [given[name][k] for k in free] for name in lists}
        self._calls.original[function.name](**given)

    def _share(self, joint: int, force: Any, several: bool) -> Any:
        """What a motor gives of a force, or of one for each degree of freedom."""
        forces = force if isinstance(force, Sequence | np.ndarray) else [force]
        shares = [_NOTHING if joint in self._fading else self._strength[joint] * each for each in forces]
        return shares if several else shares[0]

    def _tell_again(self, joint: int) -> bool:
        for key, (function, given) in reversed(self._told().items()):
            if key == joint:
                self._tell(function, joint, dict(given))
                return True
            if isinstance(key, tuple) and joint in key:
                self._tell(FUNCTIONS[function.one], joint, function.for_one(given, key.index(joint)))
                return True
        return False

    def _told(self) -> dict[int | tuple[int, ...], tuple[MotorFunction, dict[str, Any]]]:
        return self._calls.told.get(self.body, {})

    def _brake(self, joint: int) -> None:
        """Of a joint without a command: Bullet brakes it with an impulse of up to one in each step."""
        strength = self._strength.get(joint, 1.0)
        if strength == 0 or joint in self._braked:
            step = self.client.getPhysicsEngineParameters()["fixedTimeStep"]
            force = self._share(joint, 1 / step, False)
            self._control(self.body, joint, self.client.VELOCITY_CONTROL, force=force)

    def _look(self, joints: Sequence[int]) -> None:
        """Which of some joints are braked without a command."""
        told = {joint for key in self._told() for joint in (key if isinstance(key, tuple) else (key,))}
        self._braked |= {
            joint for joint in joints if joint not in told and self.client.getJointState(self.body, joint)[3] != 0
        }

    def before_physics(self) -> None:
        if self._force is not None:
            self._push(*self._force)

    def after_physics(self) -> None:
        faded, self._fading = self._fading, set()
        for joint in faded:
            self._tell_anew(joint)
        if not self._looked:
            self._look([joint for joint in self._motors if self._strength[joint] == 1 and joint not in self._locked])
            self._looked = True

    def after_step(self) -> None:
        super().after_step()
        # What gives torque nevertheless was commanded by somebody who does not call the client's functions.
        for name, joint in zip(self.motor_names, self._motors, strict=True):
            if self._strength[joint] == 0 and joint not in self._locked:
                torque = self.client.getJointState(self.body, joint)[3]
                if abs(torque) > _NOTHING and joint not in self._fading:
                    raise NotImplementedError(
                        f"the dead motor of joint {name!r} gives {torque:g} N·m: somebody commands it past the client. "
                        "Let the environment call `client.setJointMotorControl2` and its like, and none of the module "
                        "`pybullet`"
                    )

    def _control(self, *args: Any, **kwargs: Any) -> None:
        self._calls.original["setJointMotorControl2"](*args, **kwargs)

    def lock_motors(self, locked: np.ndarray) -> None:
        if self._is_there():
            self._look([joint for joint in self._motors if joint not in self._locked and self._strength[joint] == 1])
        super().lock_motors(locked)
        self._disturb()

    def _release(self, joint: int) -> None:
        if not self._tell_again(joint):
            super()._release(joint)
            self._brake(joint)

    def set_motor_strength(self, scale: np.ndarray) -> None:
        strengths = check_length("scale", scale, len(self.motor_names)).tolist()
        there, before = self._is_there(), self._strength
        if there:
            self._look([joint for joint in self._motors if before[joint] == 1 and joint not in self._locked])
        self._strength = dict(zip(self._motors, strengths, strict=True))
        for joint, strength in self._strength.items():
            if not there or strength == before[joint] or joint in self._locked:
                continue
            self._fading.discard(joint)
            if strength == 0 and self.client.getJointState(self.body, joint)[3] != 0:
                self._fading.add(joint)
            self._tell_anew(joint)
        self._disturb()

    def _tell_anew(self, joint: int) -> None:
        if not self._tell_again(joint):
            self._brake(joint)

    def _disturb(self) -> None:
        self._disturbed = bool(self._locked) or any(strength != 1 for strength in self._strength.values())

    def set_motor_targets(self, positions: np.ndarray) -> None:
        targets = check_length("positions", positions, len(self.motor_names)).tolist()
        limits = [self._limits[joint] for joint in self._motors]
        self.client.setJointMotorControlArray(
            self.body, self._motors, self.client.POSITION_CONTROL, targetPositions=targets, forces=limits
        )

    def advance(self, n_steps: int) -> None:
        for _ in range(n_steps):
            self.client.stepSimulation()
