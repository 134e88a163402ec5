"""The robot of a PyBullet environment that commands the motors and advances the physics by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import ismodule
from typing import Any

import numpy as np

from sb3_memaug.robots.bullet_body import LOCK_FORCE, BulletBody
from sb3_memaug.robots.robot import check_length

#: Arguments of ``setJointMotorControl2`` and ``setJointMotorControlArray``, in their order.
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
)
#: Those that are lists, with what they are for one joint.
_OF_ONE = {many: one for many, one in zip(_MANY, _ONE, strict=False) if many != one}


class BulletEnvironmentRobot(BulletBody):
    """
    Stands between the environment and its client: what is told to motors that fail is weakened on its way, and what
    presses on the base is applied at each physics step. While nothing fails and nothing presses, all goes through as
    it comes.

    A motor's strength scales the torque in torque control and the largest torque in the others. Where none is given,
    it is that of the joint's description.

    :param client: ``pybullet_utils.bullet_client.BulletClient``, through whose attributes the environment calls
        ``setJointMotorControl2``, ``setJointMotorControlArray`` and ``stepSimulation``
    :param body: id of the robot in it, which stays the same as long as the environment lives
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
        self._limits = {joint: client.getJointInfo(body, joint)[10] or LOCK_FORCE for joint in self._motors}
        self._strength = dict.fromkeys(self._motors, 1.0)
        self._disturbed = False
        #: The last call that a joint, or several, were told something that lasts; a torque does for one physics step.
        self._told: dict[Any, tuple[Sequence[str], tuple[Any, ...], dict[str, Any]]] = {}
        # A client looks each of its functions and constants up whenever it is asked for them.
        self._torque_control = client.TORQUE_CONTROL
        self._control_array, self._step = client.setJointMotorControlArray, client.stepSimulation
        client.setJointMotorControl2 = self._pass_one
        client.setJointMotorControlArray = self._pass_many
        client.stepSimulation = self._pass_step

    def _pass_one(self, *args: Any, **kwargs: Any) -> None:
        body, joint, mode = args[:3] if len(args) > 2 else _head(_ONE, args, kwargs)
        if body == self.body:
            if mode != self._torque_control:
                self._told.pop(joint, None)
                self._told[joint] = _ONE, args, kwargs
            if self._disturbed:
                self._tell(joint, _named(_ONE, args, kwargs))
                return
        self._control(*args, **kwargs)

    def _pass_many(self, *args: Any, **kwargs: Any) -> None:
        body, joints, mode = args[:3] if len(args) > 2 else _head(_MANY, args, kwargs)
        if body == self.body:
            if mode != self._torque_control:
                key = tuple(joints)
                self._told.pop(key, None)
                self._told[key] = _MANY, args, kwargs
            if self._disturbed:
                self._tell_many(_named(_MANY, args, kwargs))
                return
        self._control_array(*args, **kwargs)

    def _tell(self, joint: int, given: dict[str, Any]) -> None:
        strength = self._strength.get(joint, 1.0)
        if strength != 1:
            given["force"] = strength * given.get("force", self._limits[joint])
        if joint not in self._locked:
            self._control(**given)

    def _tell_many(self, given: dict[str, Any]) -> None:
        joints = given["jointIndices"]
        strengths = [self._strength.get(joint, 1.0) for joint in joints]
        if "forces" not in given:
            given["forces"] = [
                LOCK_FORCE if strength == 1 else self._limits[joint]
                for joint, strength in zip(joints, strengths, strict=True)
            ]
        given["forces"] = [strength * force for strength, force in zip(strengths, given["forces"], strict=True)]
        if self._locked:
            free = [k for k, joint in enumerate(joints) if joint not in self._locked]
            given |= {name: [given[name][k] for k in free] for name in _OF_ONE if name in given}
        self._control_array(**given)

    def _tell_again(self, joint: int) -> bool:
        for key, (names, args, kwargs) in reversed(self._told.items()):
            if key == joint:
                self._tell(joint, _named(names, args, kwargs))
                return True
            if isinstance(key, tuple) and joint in key:
                given, k = _named(names, args, kwargs), key.index(joint)
                self._tell(joint, {_OF_ONE.get(n, n): v[k] if n in _OF_ONE else v for n, v in given.items()})
                return True
        return False

    def _pass_step(self, *args: Any, **kwargs: Any) -> Any:
        if self._force is not None:
            self._push(*self._force)
        return self._step(*args, **kwargs)

    def lock_motors(self, locked: np.ndarray) -> None:
        super().lock_motors(locked)
        self._disturb()

    def _release(self, joint: int) -> None:
        if not self._tell_again(joint):
            super()._release(joint)

    def set_motor_strength(self, scale: np.ndarray) -> None:
        strengths = check_length("scale", scale, len(self.motor_names)).tolist()
        before, self._strength = self._strength, dict(zip(self._motors, strengths, strict=True))
        for joint, strength in self._strength.items():
            if strength != before[joint]:
                self._tell_again(joint)
        self._disturb()

    def _disturb(self) -> None:
        self._disturbed = bool(self._locked) or any(strength != 1 for strength in self._strength.values())

    def set_motor_targets(self, positions: np.ndarray) -> None:
        targets = check_length("positions", positions, len(self.motor_names)).tolist()
        limits = [self._limits[joint] for joint in self._motors]
        self._pass_many(self.body, self._motors, self.client.POSITION_CONTROL, targetPositions=targets, forces=limits)

    def advance(self, n_steps: int) -> None:
        for _ in range(n_steps):
            self._pass_step()


def _head(names: Sequence[str], args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Body, joints and mode, of which all may come by name."""
    body = args[0] if args else kwargs.get("bodyUniqueId", kwargs.get("bodyIndex"))
    return body, args[1] if len(args) > 1 else kwargs[names[1]], kwargs["controlMode"]


def _named(names: Sequence[str], args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    given = dict(zip(names, args, strict=False)) | kwargs
    if "bodyIndex" in given:  # as it was once called
        given["bodyUniqueId"] = given.pop("bodyIndex")
    return given
