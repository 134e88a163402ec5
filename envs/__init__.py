"""The legged tasks, as Gymnasium environments ``MemAug/…``."""

from __future__ import annotations

import gymnasium as gym

#: Control steps of 0.04 s in an episode of 5 s.
MAX_EPISODE_STEPS = 125


def register_envs() -> None:
    """
    Register all environments with Gymnasium; importing the library has done it already.

    ====================================================  =========  ================================
    id                                                    simulator  variation
    ====================================================  =========  ================================
    ``MemAug/MinitaurVelocity-v0``                        PyBullet   none
    ``MemAug/MinitaurVelocity-MuJoCo-v0``                 MuJoCo     none
    ``MemAug/MinitaurVelocityJointFailure-v0``            PyBullet   a failed motor (``split``)
    ``MemAug/MinitaurVelocityJointFailure-MuJoCo-v0``     MuJoCo     a failed motor (``split``)
    ====================================================  =========  ================================
    """
    for suffix, simulator in (("", "bullet"), ("-MuJoCo", "mujoco")):
        for variation, entry_point in (("", "velocity"), ("JointFailure", "velocity_joint_failure")):
            env_id = f"MemAug/MinitaurVelocity{variation}{suffix}-v0"
            if env_id not in gym.registry:
                gym.register(
                    env_id,
                    entry_point=f"sb3_memaug.envs.minitaur.tasks:{entry_point}",
                    kwargs={"simulator": simulator},
                    max_episode_steps=MAX_EPISODE_STEPS,
                )


register_envs()
