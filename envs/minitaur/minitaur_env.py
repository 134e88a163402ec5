"""The minitaur as an environment."""

from __future__ import annotations

import numpy as np

from sb3_memaug.arguments import FINITE, NOT_NEGATIVE, checks_arguments
from sb3_memaug.robots import RobotState

from ..rendered_env import RenderedLeggedEnv
from ..task import Task
from ..view import Renderer, check_render_mode
from .anatomy import REFLECTIONS, STANCE, standing_state
from .rendering import make_renderer
from .simulators import make_robot

#: N·m/rad, N·m·s/rad and N·m, of a motor.
STIFFNESS, DAMPING, TORQUE_LIMIT = 8.0, 0.2, 3.5
#: s.
PHYSICS_DT = 0.004


class MinitaurEnv(RenderedLeggedEnv):
    """
    The minitaur, with eight motors on four closed legs, on flat ground.

    Both simulators have the same masses, motors and angles. In PyBullet a mirrored episode agrees with its original
    within what Bullet's solver leaves unsolved; in MuJoCo within rounding, and it is several times faster.

    :param simulator: ``"bullet"`` or ``"mujoco"``
    :param task: command and rewards
    :param render_mode: ``"rgb_array"`` for pictures by :meth:`render`, ``"human"`` for a window, None for neither
    :param control_dt: time between two actions in s, a multiple of :data:`PHYSICS_DT`
    :param action_scale: motor target per action in rad
    :param gait_frequency: of the clock that is observed as a sine and a cosine, in Hz
    :param initial_spread: each motor starts within ± this angle of the stance, in rad
    :raises ValueError: if the simulator or the render mode is unknown, or ``control_dt`` is no multiple
    :raises ImportError: if the simulator is not installed
    :raises RuntimeError: if a window is asked for, and there is no screen
    """

    @checks_arguments({"control_dt": FINITE, "initial_spread": NOT_NEGATIVE})
    def __init__(
        self,
        simulator: str,
        task: Task,
        render_mode: str | None = None,
        control_dt: float = 0.04,
        action_scale: float = 0.8,
        gait_frequency: float = 2.0,
        initial_spread: float = 0.1,
    ) -> None:
        check_render_mode(render_mode)
        physics_steps = round(control_dt / PHYSICS_DT)
        if physics_steps < 1 or abs(control_dt - physics_steps * PHYSICS_DT) > 1e-9:
            raise ValueError(f"`control_dt` must be a multiple of {PHYSICS_DT} s, got {control_dt}")
        robot = make_robot(simulator, PHYSICS_DT, STIFFNESS, DAMPING, TORQUE_LIMIT, render_mode)
        super().__init__(
            render_mode,
            robot=robot,
            task=task,
            reflections=REFLECTIONS,
            default=np.array([STANCE[name] for name in robot.joint_names]),
            physics_steps=physics_steps,
            physics_dt=PHYSICS_DT,
            action_scale=action_scale,
            gait_frequency=gait_frequency,
        )
        self.initial_spread = initial_spread

    def _initial_state(self) -> RobotState:
        return standing_state(self.robot.joint_names, self.np_random, self.initial_spread)

    def _make_renderer(self, render_mode: str) -> Renderer:
        return make_renderer(self.robot, render_mode, self.dt)
