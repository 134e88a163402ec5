"""Pictures of a robot in PyBullet."""

from __future__ import annotations

import numpy as np

from sb3_memaug.robots.bullet.robot import BulletRobot

from ..view import HEIGHT, OPENING, PITCH, WIDTH, YAW, Pace, View


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
