"""Any legged robot as an environment."""

from __future__ import annotations

import copy
import math
from typing import Any

import mujoco
import numpy as np

from sb3_memaug.arguments import FINITE, NOT_NEGATIVE, checks_arguments
from sb3_memaug.robots import Motion, RobotState
from sb3_memaug.robots.mujoco.robot import MuJoCoRobot

from ..mujoco_rendering import MuJoCoCamera, MuJoCoWindow
from ..rendering import RenderedLeggedEnv, Renderer, View, check_render_mode
from ..tasks import Task
from .legged_model import GRAVITY, LeggedModel
from .scene import bottoms

#: Swings of a pendulum as long as the legs in one period of the gait clock: quadrupeds trot, and people walk, about so.
GAIT_SWINGS = 2.5


class LeggedRobotEnv(RenderedLeggedEnv):
    """
    A robot from its file, on flat ground.

    :param legged: the robot
    :param task: command and rewards
    :param render_mode: ``"rgb_array"`` for pictures by :meth:`render`, ``"human"`` for a window, None for neither
    :param control_dt: time between two actions in s, a multiple of the model's timestep
    :param action_scale: motor target per action in rad
    :param gait_frequency: of the clock that is observed as a sine and a cosine, in Hz; by default as fits the robot's
        height
    :param initial_spread: each motor starts within ± this angle of the default pose, in rad
    :param max_sinking: the robot counts as fallen when its base has come down by more than this part of the height that
        its hips have in the default pose
    :param kwargs: further arguments of :class:`~sb3_memaug.envs.legged_env.LeggedEnv`
    :raises ValueError: if the render mode is unknown, or ``control_dt`` is no multiple
    :raises RuntimeError: if a window is asked for, and there is no screen
    """

    @checks_arguments({"control_dt": FINITE, "initial_spread": NOT_NEGATIVE, "max_sinking": NOT_NEGATIVE})
    def __init__(
        self,
        legged: LeggedModel,
        task: Task,
        render_mode: str | None = None,
        control_dt: float = 0.02,
        action_scale: float = 0.5,
        gait_frequency: float | None = None,
        initial_spread: float = 0.1,
        max_sinking: float = 0.5,
        **kwargs: Any,
    ) -> None:
        check_render_mode(render_mode)
        # Motors that fail change their model.
        model = copy.copy(legged.model)
        timestep = float(model.opt.timestep)
        physics_steps = round(control_dt / timestep)
        if physics_steps < 1 or abs(control_dt - physics_steps * timestep) > 1e-9:
            raise ValueError(f"`control_dt` must be a multiple of {timestep} s, got {control_dt}")
        robot = MuJoCoRobot(model, mujoco.MjData(model), dict(legged.feet))
        if gait_frequency is None:
            gait_frequency = GAIT_SWINGS * math.sqrt(GRAVITY / legged.hip_height) / math.tau
        super().__init__(
            render_mode,
            robot=robot,
            task=task,
            reflections=legged.symmetry.reflections,
            default=np.array([legged.pose.get(name, 0.0) for name in robot.joint_names]),
            physics_steps=physics_steps,
            physics_dt=timestep,
            action_scale=action_scale,
            gait_frequency=gait_frequency,
            **kwargs,
        )
        self.legged = legged
        self.initial_spread = initial_spread
        self.min_height = legged.height - max_sinking * legged.hip_height

    def _initial_state(self) -> RobotState:
        robot = self.robot
        assert isinstance(robot, MuJoCoRobot)
        positions = self.default.copy()
        spread = self.initial_spread
        positions[robot.motor_indices] += self.np_random.uniform(-spread, spread, len(robot.motor_names))
        n_joints = len(positions)
        level = RobotState(
            np.zeros(3), np.array((1.0, 0, 0, 0)), np.zeros(3), np.zeros(3), positions, np.zeros(n_joints)
        )
        robot.set_state(level)
        deepest = min(bottoms(robot.model, robot.data).values())
        return level._replace(base_position=np.array((0.0, 0.0, -deepest)))

    def _has_fallen(self, motion: Motion) -> bool:
        return super()._has_fallen(motion) or motion.height < self.min_height

    def _make_renderer(self, render_mode: str) -> Renderer:
        size = max(self.legged.symmetry.geometry.size, self.legged.height)
        view = View(distance=3.0 * size, target_height=0.6 * self.legged.hip_height)
        if render_mode == "rgb_array":
            return MuJoCoCamera(self.robot, view)
        return MuJoCoWindow(self.robot, view, self.dt)
