"""The minitaur in PyBullet: the URDF of ``pybullet_data``, made symmetric as it loads, and pictures of it."""

from __future__ import annotations

import ctypes
import math
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pybullet
import pybullet_data
from pybullet_utils.bullet_client import BulletClient

from sb3_memaug.robots.bullet.robot import BulletRobot

from ..rendering import HEIGHT, OPENING, PITCH, WIDTH, YAW, Pace, View
from .anatomy import (
    BASE_INERTIA,
    FOOT_RADIUS,
    JOINT_DAMPING,
    LEGS,
    LOWER_INERTIA,
    LOWER_LENGTH,
    MOTOR_INERTIA,
    MOTOR_RANGE,
    MOTORS,
    PLATE_INERTIA,
    PLATE_MASS,
    PLATE_Y,
    ROTOR_INERTIA,
    SIDES,
    STANCE,
    START_HEIGHT,
    UPPER_INERTIA,
    outer_side,
)

#: m, from the layer of either lower link to the middle plane of its leg, in which they meet.
HALF_LAYER = 0.0075
#: A leg on the ground converges ninefold in 25 of them.
SOLVER_ITERATIONS = 75

#: kg·m² of each kind of link in its own frame, by how its name starts. A motor's frame has its axis along z.
INERTIAS = {
    "base": (
        BASE_INERTIA[0] - 2 * (PLATE_INERTIA[0] + PLATE_MASS * PLATE_Y**2),
        BASE_INERTIA[1] - 2 * PLATE_INERTIA[1],
        BASE_INERTIA[2] - 2 * (PLATE_INERTIA[2] + PLATE_MASS * PLATE_Y**2),
    ),
    "chassis": PLATE_INERTIA,
    "motor": (MOTOR_INERTIA[0], MOTOR_INERTIA[2], MOTOR_INERTIA[1] + ROTOR_INERTIA),
    "upper": UPPER_INERTIA,
    "lower": (LOWER_INERTIA[0], LOWER_INERTIA[1] + ROTOR_INERTIA, LOWER_INERTIA[2]),
}

#: The file rounds its angles.
_ANGLES = {1.57075: math.pi / 2, 3.141592: math.pi}


def make_bullet_minitaur(
    timestep: float, stiffness: float, damping: float, torque_limit: float, visuals: bool = False, window: bool = False
) -> BulletRobot:
    """
    Load the minitaur on a plane, in a physics client of its own.

    :param timestep: of the physics in s
    :param stiffness: of the motors' position control in N·m/rad
    :param damping: of the same in N·m·s/rad
    :param torque_limit: of a motor in N·m
    :param visuals: whether to load what a camera would see
    :param window: whether to open PyBullet's window
    :return: the robot, in its stance
    """
    with _silence():
        client = BulletClient(pybullet.GUI if window else pybullet.DIRECT)
    client.setGravity(0, 0, -9.81)
    client.setTimeStep(timestep)
    client.setPhysicsEngineParameter(
        numSolverIterations=SOLVER_ITERATIONS,
        # Stopping early leaves the first and the last leg of the list with errors of different size.
        solverResidualThreshold=0,
        deterministicOverlappingPairs=1,
    )
    _add_ground(client, visuals)
    body = _load(client, visuals)

    links = {client.getJointInfo(body, i)[12].decode(): i for i in range(client.getNumJoints(body))}
    for name, link in {"base": -1, **links}.items():
        client.changeDynamics(
            body,
            link,
            localInertiaDiagonal=next(value for prefix, value in INERTIAS.items() if name.startswith(prefix)),
            linearDamping=0,
            angularDamping=0,
            jointDamping=JOINT_DAMPING,
            lateralFriction=1,
            restitution=0,
        )
    robot = BulletRobot(
        client,
        body,
        motors=MOTORS,
        feet={leg: [_lower_link(leg, side) for side in SIDES] for leg in LEGS},
        stiffness=stiffness,
        damping=damping,
        torque_limit=torque_limit,
    )
    state = robot.get_state()
    robot.set_state(state._replace(joint_positions=np.array([STANCE[name] for name in robot.joint_names])))
    for leg in LEGS:
        ends = [links[_lower_link(leg, side)] for side in SIDES]
        foot = (0, HALF_LAYER, LOWER_LENGTH)
        client.createConstraint(body, ends[0], body, ends[1], client.JOINT_POINT2POINT, (0, 0, 0), foot, foot)
    return robot


@contextmanager
def _silence() -> Iterator[None]:
    """PyBullet's C code greets every client on standard output, through a buffer that Python does not flush."""
    sys.stdout.flush()
    saved, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
        if os.name == "posix":
            ctypes.CDLL(None).fflush(None)
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(nowhere)


def minitaur_urdf(visuals: bool) -> str:
    """
    The file of ``pybullet_data``, with what its mirrors and the MuJoCo model ask for.

    Its rounded angles become exact, its lower legs equally long, its knees turn about the axes of their motors, and the
    motors get their stops.
    Bullet would compute inertias from the collision shapes, of which one motor has none; they are set after loading
    instead, see :data:`INERTIAS`. What touches the ground is the hull, and one sphere for each foot in place of two
    boxes: on the outer of the two links, which is the outer one in every mirror. A box touches a plane with one, two
    or four corners, as rounding has it, and the force of two chains on one foot converges slowly.

    :param visuals: whether to keep what a camera would see
    :return: the repaired text
    """
    folder = os.path.join(pybullet_data.getDataPath(), "quadruped")
    root = ElementTree.parse(os.path.join(folder, "minitaur.urdf")).getroot()
    for origin in root.iter("origin"):
        angles = [float(angle) for angle in origin.get("rpy", "0 0 0").split()]
        origin.set("rpy", " ".join(repr(math.copysign(_ANGLES.get(abs(a), abs(a)), a)) for a in angles))
    for axis in root.iterfind("joint[@type='revolute']/axis"):
        axis.set("xyz", "0 -1 0")
    for joint in root.iterfind("joint[@type='continuous']"):
        stance, limit = STANCE[joint.get("name", "")], joint.find("limit")
        assert limit is not None
        joint.set("type", "revolute")
        limit.set("lower", repr(stance - MOTOR_RANGE))
        limit.set("upper", repr(stance + MOTOR_RANGE))
    for box in root.iterfind("link[contact]/visual/geometry/box"):
        box.set("size", f"0.01 0.01 {LOWER_LENGTH}")

    outer = {_lower_link(leg, outer_side(leg)) for leg in LEGS}
    for link in root.iter("link"):
        name = link.get("name", "")
        for mesh in link.iter("mesh"):
            mesh.set("filename", os.path.join(folder, mesh.get("filename", "")))
        for visual in [] if visuals else link.findall("visual"):
            link.remove(visual)
        if name == "base_chassis_link":
            continue
        for collision in link.findall("collision"):
            link.remove(collision)
        if name in outer:
            link.append(
                ElementTree.fromstring(
                    f'<collision><origin xyz="0 {HALF_LAYER} {LOWER_LENGTH}"/>'
                    f'<geometry><sphere radius="{FOOT_RADIUS}"/></geometry></collision>'
                )
            )
    return ElementTree.tostring(root, encoding="unicode")


def _load(client: Any, visuals: bool) -> int:
    # A closed file, because Windows lets no other process read an open one.
    with tempfile.NamedTemporaryFile("w", suffix=".urdf", delete=False) as file:
        file.write(minitaur_urdf(visuals))
    try:
        return int(client.loadURDF(file.name, (0, 0, START_HEIGHT)))
    finally:
        os.remove(file.name)


def _add_ground(client: Any, visuals: bool) -> None:
    shape = -1
    if visuals:
        shape = client.createVisualShape(
            client.GEOM_MESH, fileName=os.path.join(pybullet_data.getDataPath(), "plane100.obj")
        )
    ground = client.createMultiBody(0, client.createCollisionShape(client.GEOM_PLANE), shape)
    client.changeDynamics(ground, -1, lateralFriction=1, restitution=0)


def _lower_link(leg: str, side: str) -> str:
    return f"lower_leg_{leg}{side}_link"


class BulletCamera:
    """
    Draws with PyBullet's own renderer, which needs neither a screen nor a graphics card.

    :param robot: loaded with what a camera would see
    :param view: where from
    """

    def __init__(self, robot: BulletRobot, view: View) -> None:
        self._robot, self._view = robot, view
        self._projection = robot.client.computeProjectionMatrixFOV(OPENING, WIDTH / HEIGHT, 0.05, 20.0)

    def render(self) -> np.ndarray:
        client = self._robot.client
        view = client.computeViewMatrixFromYawPitchRoll(
            _target(self._robot, self._view), self._view.distance, YAW, PITCH, 0.0, 2
        )
        _, _, pixels, _, _ = client.getCameraImage(
            WIDTH,
            HEIGHT,
            view,
            self._projection,
            lightDirection=(0.6, -0.6, 2.0),
            shadow=1,
            lightAmbientCoeff=0.6,
            lightDiffuseCoeff=0.5,
            lightSpecularCoeff=0.1,
            renderer=client.ER_TINY_RENDERER,
            flags=client.ER_NO_SEGMENTATION_MASK,
        )
        return np.reshape(np.asarray(pixels, dtype=np.uint8), (HEIGHT, WIDTH, 4))[..., :3].copy()

    def close(self) -> None:
        """The robot's client holds all there is."""


class BulletWindow:
    """
    Lets the camera of PyBullet's window follow the robot.

    :param robot: loaded into a client with a window
    :param view: where from
    :param frame_time: in s
    """

    def __init__(self, robot: BulletRobot, view: View, frame_time: float) -> None:
        self._robot, self._view = robot, view
        self._pace = Pace(frame_time)
        robot.client.configureDebugVisualizer(robot.client.COV_ENABLE_GUI, 0)

    def render(self) -> None:
        self._robot.client.resetDebugVisualizerCamera(self._view.distance, YAW, PITCH, _target(self._robot, self._view))
        self._pace.wait()

    def close(self) -> None:
        """The window closes with the robot's client."""


def _target(robot: BulletRobot, view: View) -> tuple[float, float, float]:
    (x, y, _), _ = robot.client.getBasePositionAndOrientation(robot.body)
    return x, y, view.target_height
