"""The simulators that the minitaur lives in, imported when they are asked for."""

from __future__ import annotations

from collections.abc import Callable

from sb3_memaug.robots import Robot

from .anatomy import LEGS


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
