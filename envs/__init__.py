"""The legged tasks, as Gymnasium environments ``MemAug/…``."""

from __future__ import annotations

import gymnasium as gym

from .isaaclab.registration import register_isaaclab_envs

#: Control steps of 0.04 s in an episode: of 5 s to track a velocity, of 8 s to reach a position.
MAX_EPISODE_STEPS = {"velocity": 125, "position": 200}
#: Control steps of 0.02 s of a robot from a file: of 20 s to track a velocity, of 8 s to reach a position.
LEGGED_MAX_EPISODE_STEPS = {"velocity": 1000, "position": 400}


def register_envs() -> None:
    """
    Register all environments with Gymnasium; importing the library has done it already.

    The minitaur is in ``MemAug/Minitaur{task}{variation}{simulator}-v0``:

    ==============  ========================================================================
    task            ``Velocity``, ``Position``
    variation       none, ``JointFailure`` (a dead motor), ``Payload`` (a mass on the base)
    simulator       none for PyBullet, ``-MuJoCo``
    ==============  ========================================================================

    The argument ``split`` (``"id"``, ``"ood"``, ``"all"``) says which motors fail, and where payloads lie.

    Any legged robot in an MJCF or URDF file is in ``MemAug/Legged{task}-MuJoCo-v0``, with the argument
    ``robot="path/to/my_robot.urdf"`` and those of :func:`sb3_memaug.envs.legged.tasks.legged`.
    """
    _register_minitaur()
    _register_legged()
    register_isaaclab_envs()


def _register_minitaur() -> None:
    for suffix, simulator in (("", "bullet"), ("-MuJoCo", "mujoco")):
        for goal, steps in MAX_EPISODE_STEPS.items():
            for variation, entry_point in (("", "minitaur"), ("JointFailure", "joint_failure"), ("Payload", "payload")):
                env_id = f"MemAug/Minitaur{goal.capitalize()}{variation}{suffix}-v0"
                if env_id not in gym.registry:
                    gym.register(
                        env_id,
                        entry_point=f"sb3_memaug.envs.minitaur.tasks:{entry_point}",
                        kwargs={"simulator": simulator, "goal": goal},
                        max_episode_steps=steps,
                    )


def _register_legged() -> None:
    for goal, steps in LEGGED_MAX_EPISODE_STEPS.items():
        env_id = f"MemAug/Legged{goal.capitalize()}-MuJoCo-v0"
        if env_id not in gym.registry:
            gym.register(
                env_id,
                entry_point="sb3_memaug.envs.legged.tasks:legged",
                kwargs={"goal": goal},
                max_episode_steps=steps,
            )


register_envs()
