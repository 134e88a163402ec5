"""A body in PyBullet: how it is read, pushed and locked, whoever drives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sb3_memaug.robots.robot import Robot, RobotState, check_length
from sb3_memaug.robots.rotations import rotation_matrix
from sb3_memaug.symmetry.geometry import Actuator, RobotGeometry

#: N·m or N, by which a locked joint is held: Bullet's own idea of a motor without limits.
LOCK_FORCE = 1e5


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
        feet = feet or {}
        infos = [client.getJointInfo(body, i) for i in range(client.getNumJoints(body))]
        moving = [info for info in infos if info[2] in (client.JOINT_REVOLUTE, client.JOINT_PRISMATIC)]
        joints = {info[1].decode(): info[0] for info in moving}
        links = {info[12].decode(): info[0] for info in infos}
        motors = list(joints if motors is None else motors)
        for what, names, known in (
            ("joint", motors, joints),
            ("link", [link for group in feet.values() for link in group], links),
        ):
            missing = [name for name in names if name not in known]
            if missing:
                raise ValueError(f"the body has no {what} {missing[0]!r}; it has {sorted(known)}")
        super().__init__(list(joints), motors, list(feet))
        self._joints = list(joints.values())
        self._motors = [joints[name] for name in self.motor_names]
        self._foot_of_link = {links[link]: i for i, group in enumerate(feet.values()) for link in group}
        self._feet = [self._surfaces([links[link] for link in group]) for group in feet.values()]
        offset, (x, y, z, w) = client.getDynamicsInfo(body, -1)[3:5]
        # Bullet's base is the frame of its inertia, which the link's own frame need not be.
        self._centre = np.array(offset)
        self._turn = np.array((w, x, y, z))
        self._centred = not self._centre.any() and w == 1
        self._force: tuple[np.ndarray, np.ndarray] | None = None
        self._locked: set[int] = set()
        self._control = client.setJointMotorControl2

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
        released, self._locked = self._locked - chosen, chosen
        for joint in released:
            self._release(joint)
        for joint in chosen:
            self._control(
                self.body,
                joint,
                self.client.POSITION_CONTROL,
                targetPosition=self.client.getJointState(self.body, joint)[0],
                # Back within one step.
                positionGain=1,
                velocityGain=1,
                force=LOCK_FORCE,
            )

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
        from sb3_memaug.robots.bullet_geometry import bullet_geometry

        actuators = tuple(Actuator(name, name) for name in self.motor_names)
        return replace(bullet_geometry(self.client, self.body), actuators=actuators)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of two quaternions, scalar first: the rotation b, then a."""
    scalar, vector = a[0] * b[0] - a[1:] @ b[1:], a[0] * b[1:] + b[0] * a[1:] + np.cross(a[1:], b[1:])
    return np.array((scalar, *vector))
