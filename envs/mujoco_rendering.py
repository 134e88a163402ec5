"""Pictures of a robot in MuJoCo."""

from __future__ import annotations

import os
import sys
from typing import Any

import mujoco
import numpy as np

from sb3_memaug.robots import Robot
from sb3_memaug.robots.mujoco.robot import MuJoCoRobot

from .rendering import HEIGHT, OPENING, PITCH, WIDTH, YAW, Pace, View

#: Of the scene beside the geoms of the model: lights and shadows of what else there is to see.
SPARE_GEOMS = 100


class MuJoCoCamera:
    """
    Draws without a window.

    ``mujoco.Renderer`` would do the same, but in the OpenGL that was chosen when MuJoCo was imported, which may have
    been long before anybody wanted a picture, and without a screen the default one fails.

    :param robot: to look at
    :param view: where from
    """

    def __init__(self, robot: Robot, view: View) -> None:
        assert isinstance(robot, MuJoCoRobot)
        self._robot, self._view = robot, view
        self._context = _opengl(WIDTH, HEIGHT)
        self._context.make_current()
        self._scene = mujoco.MjvScene(robot.model, maxgeom=robot.model.ngeom + SPARE_GEOMS)
        self._drawing = mujoco.MjrContext(robot.model, mujoco.mjtFontScale.mjFONTSCALE_100)
        self._area = mujoco.MjrRect(0, 0, WIDTH, HEIGHT)
        self._camera = mujoco.MjvCamera()
        self._options = mujoco.MjvOption()
        robot.model.vis.global_.fovy = OPENING

    def render(self) -> np.ndarray:
        picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
        self._context.make_current()
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._drawing)
        _aim(self._camera, self._robot, self._view)
        mujoco.mjv_updateScene(
            self._robot.model,
            self._robot.data,
            self._options,
            None,
            self._camera,
            mujoco.mjtCatBit.mjCAT_ALL,
            self._scene,
        )
        mujoco.mjr_render(self._area, self._scene, self._drawing)
        mujoco.mjr_readPixels(picture, None, self._area, self._drawing)
        return np.flipud(picture).copy()

    def close(self) -> None:
        # What was drawn with goes first, while its OpenGL context is still there.
        self._context.make_current()
        self._drawing.free()
        self._context.free()


class MuJoCoWindow:
    """
    MuJoCo's viewer, following the robot.

    :param robot: to look at
    :param view: where from
    :param frame_time: in s
    """

    def __init__(self, robot: Robot, view: View, frame_time: float) -> None:
        assert isinstance(robot, MuJoCoRobot)
        import mujoco.viewer

        self._robot, self._view = robot, view
        self._pace = Pace(frame_time)
        self._viewer = mujoco.viewer.launch_passive(robot.model, robot.data, show_left_ui=False, show_right_ui=False)

    def render(self) -> None:
        with self._viewer.lock():
            _aim(self._viewer.cam, self._robot, self._view)
        self._viewer.sync()
        self._pace.wait()

    def close(self) -> None:
        self._viewer.close()


def _aim(camera: Any, robot: MuJoCoRobot, view: View) -> None:
    x, y, _ = robot.data.xpos[robot.base_body]
    camera.lookat = (x, y, view.target_height)
    # MuJoCo counts from the x axis.
    camera.distance, camera.azimuth, camera.elevation = view.distance, YAW + 90.0, PITCH


def _opengl(width: int, height: int) -> Any:
    """Of the kind that MUJOCO_GL names; without a screen, that of the graphics driver alone."""
    screenless = sys.platform == "linux" and not os.environ.get("DISPLAY")
    kind = os.environ.get("MUJOCO_GL", "").lower() or ("egl" if screenless else "")
    if kind == "egl":
        from mujoco.egl import GLContext
    elif kind == "osmesa":
        from mujoco.osmesa import GLContext
    elif sys.platform == "darwin":
        from mujoco.cgl import GLContext
    else:
        from mujoco.glfw import GLContext
    return GLContext(width, height)
