"""A body in PyBullet: how it is read, pushed and locked; and a robot with motors that hold a target angle."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sb3_memaug.robots.robot import Robot, RobotState, check_length, rotation_matrix
from sb3_memaug.symmetry.derivation.geometry import Actuator, RobotGeometry

#: N·m or N, by which a locked joint is held: Bullet's own idea of a motor without limits.
LOCK_FORCE = 1e5
#: The key of user data at a body.
_MARK = "sb3_memaug"


class BulletBody(Robot):
    """
    A body in a physics client.

    :param client: ``pybullet_utils.bullet_client.BulletClient``, or the module ``pybullet``
    :param body: id of the robot in it
    :param motors: names of the actuated joints, in the order of the actions
    :param feet: names of the links of each foot, by the foot's name
    :raises ValueError: if a joint or a link does not exist
    """

    def __init__(
        self, client: Any, body: int, motors: Sequence[str] | None, feet: Mapping[str, Sequence[str]] | None
    ) -> None:
        self.client, self.body = client, body
        self._foot_links = {foot: tuple(links) for foot, links in (feet or {}).items()}
        joints = _moving(client, body)
        motors = list(joints if motors is None else motors)
        for name in motors:
            if name not in joints:
                raise ValueError(f"the body has no joint {name!r}; it has {sorted(joints)}")
        super().__init__(list(joints), motors, list(self._foot_links))
        self._force: tuple[np.ndarray, np.ndarray] | None = None
        self._locked: dict[int, float] = {}
        #: As which attributes an environment has the client.
        self._client_names: tuple[str, ...] | None = None
        self._copied = False
        self._bind()

    def _bind(self) -> None:
        """What is known of the body, which may have been loaded anew."""
        client, body = self.client, self.body
        joints = _moving(client, body)
        self._joints = [joints[name] for name in self.joint_names]
        self._motors = [joints[name] for name in self.motor_names]
        infos = [client.getJointInfo(body, i) for i in range(client.getNumJoints(body))]
        links = {info[12].decode(): info[0] for info in infos}
        for link in (link for group in self._foot_links.values() for link in group):
            if link not in links:
                raise ValueError(f"the body has no link {link!r}; it has {sorted(links)}")
        groups = [[links[link] for link in group] for group in self._foot_links.values()]
        self._foot_of_link = {link: i for i, group in enumerate(groups) for link in group}
        self._feet = [self._surfaces(group) for group in groups]
        offset, (x, y, z, w) = client.getDynamicsInfo(body, -1)[3:5]
        # Bullet's base is the frame of its inertia, which the link's own frame need not be.
        self._centre = np.array(offset)
        self._turn = np.array((w, x, y, z))
        self._centred = not self._centre.any() and w == 1
        # It is gone with the body, whose id may be given to another one.
        client.addUserData(body, _MARK, "1")

    def _is_there(self) -> bool:
        """Whether the body is still the one that is known."""
        return not self._copied and bool(self.client.isConnected()) and self.client.getUserDataId(self.body, _MARK) >= 0

    def __deepcopy__(self, memo: dict[int, Any]) -> BulletBody:
        """
        A simulation of Bullet's cannot be copied: a copy of its client is another hand on the same simulation, and
        would end it with its own end. So a copy of the robot is one that is not there.
        """
        twin = memo[id(self)] = copy.copy(self)
        twin._copied = True
        return twin

    def follow(self, env: Any) -> bool:
        if self._client_names is None:
            self._client_names = tuple(name for name, value in vars(env).items() if value is self.client)
        if self._copied or any(getattr(env, name, None) is not self.client for name in self._client_names):
            return False
        if self._is_there():
            return True
        # An adapter knows what the environment's body is now; a robot of the environment's own is asked no more.
        if getattr(env, "robot", None) is not self or not self.client.isConnected():
            return False
        if tuple(_moving(self.client, self.body)) != self.joint_names:
            return False
        self._bind()
        self._act_again()
        return True

    def after_step(self) -> None:
        if not self._is_there():
            raise NotImplementedError(
                f"the body {self.body} is gone or was loaded anew within a step, which could not be followed: failures "
                "and payloads did not act on it. Load it at a reset, or let client and body be attributes of the "
                "environment"
            )

    def _act_again(self) -> None:
        """Let what is set act on a body that was loaded anew."""
        for joint, angle in self._locked.items():
            self._hold(joint, angle)

    def get_state(self) -> RobotState:
        position, orientation = self._base_pose()
        linear, angular = map(np.array, self.client.getBaseVelocity(self.body))
        if not self._centred:
            linear -= np.cross(angular, rotation_matrix(orientation) @ self._centre)
        positions, velocities, _, _ = zip(*self.client.getJointStates(self.body, self._joints), strict=True)
        return RobotState(
            base_position=position,
            base_orientation=orientation,
            base_linear_velocity=linear,
            base_angular_velocity=angular,
            joint_positions=np.array(positions),
            joint_velocities=np.array(velocities),
        )

    def _base_pose(self) -> tuple[np.ndarray, np.ndarray]:
        centre, (x, y, z, w) = self.client.getBasePositionAndOrientation(self.body)
        position, orientation = np.array(centre), np.array((w, x, y, z))
        if not self._centred:
            orientation = _product(orientation, self._turn * (1, -1, -1, -1))
            position -= rotation_matrix(orientation) @ self._centre
        return position, orientation

    def set_state(self, state: RobotState) -> None:
        client, body = self.client, self.body
        arm = rotation_matrix(state.base_orientation) @ self._centre
        w, x, y, z = _product(state.base_orientation, self._turn).tolist()
        velocity = state.base_linear_velocity + np.cross(state.base_angular_velocity, arm)
        client.resetBasePositionAndOrientation(body, (state.base_position + arm).tolist(), (x, y, z, w))
        client.resetBaseVelocity(body, velocity.tolist(), state.base_angular_velocity.tolist())
        client.resetJointStatesMultiDof(
            body, self._joints, state.joint_positions[:, None].tolist(), state.joint_velocities[:, None].tolist()
        )
        # Else the contacts would still be those of the episode before.
        client.performCollisionDetection()

    def foot_contacts(self) -> np.ndarray:
        touching = np.zeros(len(self.foot_names), dtype=bool)
        for _, body_a, body_b, link, _, _, _, _, distance, force, *_ in self.client.getContactPoints(self.body):
            foot = self._foot_of_link.get(link)
            # Bullet lists what comes near, too; a hard contact rests at a distance of about zero.
            if foot is not None and body_a != body_b and (distance <= 0 or force > 0):
                touching[foot] = True
        return touching

    def foot_positions(self) -> np.ndarray:
        return np.array([np.mean([self._place(*part) for part in foot], axis=0) for foot in self._feet]).reshape(-1, 3)

    def _surfaces(self, links: Sequence[int]) -> list[tuple[int, np.ndarray]]:
        """Link and centre of each collision shape, in the frame of the link's inertia; without any, of the links."""
        shapes = [(link, shape[5]) for link in links for shape in self.client.getCollisionShapeData(self.body, link)]
        return [(link, np.array(centre)) for link, centre in shapes or [(link, (0, 0, 0)) for link in links]]

    def _place(self, link: int, point: np.ndarray) -> np.ndarray:
        # A physics step leaves the poses of links where they were before it.
        centre, (x, y, z, w) = self.client.getLinkState(self.body, link, computeForwardKinematics=True)[:2]
        return np.array(centre) + rotation_matrix(np.array((w, x, y, z))) @ point

    def lock_motors(self, locked: np.ndarray) -> None:
        held = check_length("locked", locked, len(self.motor_names)) > 0
        chosen = {joint for joint, hold in zip(self._motors, held.tolist(), strict=True) if hold}
        released = [joint for joint in self._locked if joint not in chosen]
        if not self._is_there():
            self._locked = {}
            return
        self._locked = {joint: self.client.getJointState(self.body, joint)[0] for joint in sorted(chosen)}
        for joint in released:
            self._release(joint)
        for joint, angle in self._locked.items():
            self._hold(joint, angle)

    def _hold(self, joint: int, angle: float) -> None:
        self._control(
            self.body,
            joint,
            self.client.POSITION_CONTROL,
            targetPosition=angle,
            # Back within one step.
            positionGain=1,
            velocityGain=1,
            force=LOCK_FORCE,
        )

    def _control(self, *args: Any, **kwargs: Any) -> None:
        self.client.setJointMotorControl2(*args, **kwargs)

    def _release(self, joint: int) -> None:
        """No motor of Bullet's acts on the joint any more."""
        self._control(self.body, joint, self.client.VELOCITY_CONTROL, force=0)

    def set_base_force(self, force: np.ndarray, point: np.ndarray) -> None:
        force, point = check_length("force", force, 3), check_length("point", point, 3)
        self._force = (force.copy(), point.copy()) if force.any() else None

    def _push(self, force: np.ndarray, point: np.ndarray) -> None:
        """Bullet forgets a force at the end of each physics step."""
        position, orientation = self._base_pose()
        where = position + rotation_matrix(orientation) @ point
        self.client.applyExternalForce(self.body, -1, force.tolist(), where.tolist(), self.client.WORLD_FRAME)

    def gravity(self) -> np.ndarray:
        parameters = self.client.getPhysicsEngineParameters()
        return np.array([parameters[f"gravityAcceleration{axis}"] for axis in "XYZ"])

    def geometry(self) -> RobotGeometry:
        from sb3_memaug.robots.bullet.geometry import bullet_geometry

        actuators = tuple(Actuator(name, name) for name in self.motor_names)
        return replace(bullet_geometry(self.client, self.body), actuators=actuators)


def _moving(client: Any, body: int) -> dict[str, int]:
    """Indices of the joints with one degree of freedom, by their names."""
    infos = (client.getJointInfo(body, i) for i in range(client.getNumJoints(body)))
    kinds = client.JOINT_REVOLUTE, client.JOINT_PRISMATIC
    return {info[1].decode(): info[0] for info in infos if info[2] in kinds}


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of two quaternions, scalar first: the rotation b, then a."""
    scalar, vector = a[0] * b[0] - a[1:] @ b[1:], a[0] * b[1:] + b[0] * a[1:] + np.cross(a[1:], b[1:])
    return np.array((scalar, *vector))


class BulletRobot(BulletBody):
    """
    A body in a physics client, with the motor model ``strength · clip(kp · (target - q) - kd · q̇, ±limit)``
    evaluated at every physics step, as MuJoCo's position actuators do.

    The robot owns the client: :meth:`close` disconnects it.

    :param client: ``pybullet_utils.bullet_client.BulletClient``, or the module ``pybullet``
    :param body: id of the robot in it
    :param motors: names of the actuated joints, in the order of the actions
    :param feet: names of the links of each foot, by the foot's name
    :param stiffness: ``kp`` in N·m/rad
    :param damping: ``kd`` in N·m·s/rad
    :param torque_limit: in N·m
    :raises ValueError: if a joint or a link does not exist
    """

    def __init__(
        self,
        client: Any,
        body: int,
        motors: Sequence[str],
        feet: dict[str, Sequence[str]],
        stiffness: float,
        damping: float,
        torque_limit: float,
    ) -> None:
        super().__init__(client, body, motors, feet)
        self.stiffness, self.damping, self.torque_limit = stiffness, damping, torque_limit
        self._targets = [0.0] * len(self._motors)
        self._strength = [1.0] * len(self._motors)

    def _bind(self) -> None:
        super()._bind()
        client, joints = self.client, self._joints
        # Bullet gives each joint a velocity motor, which would act as friction.
        client.setJointMotorControlArray(self.body, joints, client.VELOCITY_CONTROL, forces=[0.0] * len(joints))

    def set_motor_targets(self, positions: np.ndarray) -> None:
        self._targets = check_length("positions", positions, len(self.motor_names)).tolist()

    def set_motor_strength(self, scale: np.ndarray) -> None:
        self._strength = check_length("scale", scale, len(self.motor_names)).tolist()

    def advance(self, n_steps: int) -> None:
        client, body, motors, mode = self.client, self.body, self._motors, self.client.TORQUE_CONTROL
        # Asked for once: a client looks each of its functions up and binds itself to it.
        read, drive, step = client.getJointStates, client.setJointMotorControlArray, client.stepSimulation
        for _ in range(n_steps):
            drive(body, motors, mode, forces=self._torques(read(body, motors)))
            if self._force is not None:
                self._push(*self._force)
            step()

    def _torques(self, joints: Sequence[tuple[float, float, Any, Any]]) -> list[float]:
        """In plain floats: with ``min`` and ``max``, or in arrays, they take two to four times as long."""
        stiffness, damping, limit = self.stiffness, self.damping, self.torque_limit
        torques = []
        for (position, velocity, _, _), target, strength in zip(joints, self._targets, self._strength, strict=True):
            torque = stiffness * (target - position) - damping * velocity
            if torque > limit:
                torque = limit
            elif torque < -limit:
                torque = -limit
            torques.append(strength * torque)
        return torques

    def close(self) -> None:
        if self.client.isConnected():
            self.client.disconnect()
