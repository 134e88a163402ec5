"""The minitaur as an environment, in one of its simulators."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sb3_memaug.arguments import FINITE, NOT_NEGATIVE, checks_arguments
from sb3_memaug.robots import Robot, RobotState
from sb3_memaug.robots.bullet.robot import BulletRobot

from ..rendering import RenderedLeggedEnv, Renderer, View, check_render_mode
from ..tasks import Task
from .anatomy import LEGS, REFLECTIONS, STANCE, standing_state


def make_robot(
    simulator: str,
    timestep: float,
    stiffness: float,
    damping: float,
    torque_limit: float,
    render_mode: str | None = None,
) -> Robot:
    """
    :param simulator: ``"bullet"`` or ``"mujoco"``
    :param timestep: of the physics in s
    :param stiffness: of the motors' position control in N·m/rad
    :param damping: of the same in N·m·s/rad
    :param torque_limit: of a motor in N·m
    :param render_mode: as of the environment; PyBullet has to know it when it loads the robot
    :return: the minitaur, in its stance, in a simulation of its own
    :raises ValueError: if there is no such simulator
    :raises ImportError: if the simulator is not installed, with how to install it
    """
    if simulator not in _MAKERS:
        raise ValueError(f"`simulator` must be one of {list(_MAKERS)}, got {simulator!r}")
    return _MAKERS[simulator](timestep, stiffness, damping, torque_limit, render_mode)


def _bullet(timestep: float, stiffness: float, damping: float, torque_limit: float, render_mode: str | None) -> Robot:
    try:
        from .bullet_model import make_bullet_minitaur
    except ImportError as error:
        raise ImportError(
            'the minitaur in PyBullet needs `pip install "sb3-memaug[bullet]"`. There are no wheels of PyBullet past '
            "Python 3.11; there the environments with `-MuJoCo-` in their names serve, and "
            '`pip install "sb3-memaug[mujoco]"`'
        ) from error
    return make_bullet_minitaur(
        timestep, stiffness, damping, torque_limit, visuals=render_mode is not None, window=render_mode == "human"
    )


def _mujoco(timestep: float, stiffness: float, damping: float, torque_limit: float, _: str | None) -> Robot:
    try:
        import mujoco
    except ImportError as error:
        raise ImportError('the minitaur in MuJoCo needs `pip install "sb3-memaug[mujoco]"`') from error
    from sb3_memaug.robots.mujoco.robot import MuJoCoRobot

    from .mujoco_model import minitaur_xml

    model = mujoco.MjModel.from_xml_string(minitaur_xml(timestep, stiffness, damping, torque_limit))
    return MuJoCoRobot(model, mujoco.MjData(model), {leg: [f"foot_{leg}"] for leg in LEGS})


_MAKERS: dict[str, Callable[[float, float, float, float, str | None], Robot]] = {"bullet": _bullet, "mujoco": _mujoco}


VIEW = View(distance=1.0, target_height=0.1)


def make_renderer(robot: Robot, render_mode: str, frame_time: float) -> Renderer:
    """
    :param robot: the minitaur in a simulator
    :param render_mode: ``"rgb_array"`` or ``"human"``
    :param frame_time: in s, which a window takes for each picture
    :return: what shows it
    """
    if isinstance(robot, BulletRobot):
        from .bullet_model import BulletCamera, BulletWindow

        return BulletCamera(robot, VIEW) if render_mode == "rgb_array" else BulletWindow(robot, VIEW, frame_time)
    from ..mujoco_rendering import MuJoCoCamera, MuJoCoWindow

    return MuJoCoCamera(robot, VIEW) if render_mode == "rgb_array" else MuJoCoWindow(robot, VIEW, frame_time)


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
