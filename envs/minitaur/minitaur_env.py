"""The minitaur as an environment."""

from __future__ import annotations

from typing import Any

import numpy as np

from sb3_memaug.robots import RobotState

from ..legged_env import LeggedEnv
from ..task import Task
from .anatomy import REFLECTIONS, STANCE, standing_state
from .simulators import make_robot

STIFFNESS, DAMPING, TORQUE_LIMIT = 8.0, 0.2, 3.5
PHYSICS_DT = 0.004


class MinitaurEnv(LeggedEnv):
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
        robot = make_robot(simulator)
        super().__init__(
            robot, task, REFLECTIONS, np.array([STANCE[n] for n in robot.joint_names]),
            physics_steps=round(control_dt / PHYSICS_DT), physics_dt=PHYSICS_DT,
            action_scale=action_scale, gait_frequency=gait_frequency,
        )
        self.render_mode = render_mode
        self.initial_spread = initial_spread

    def _initial_state(self) -> RobotState:
        return standing_state(self.robot.joint_names, self.np_random, self.initial_spread)
