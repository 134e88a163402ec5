"""The environments by their names, without Isaac Lab."""

from __future__ import annotations

import gymnasium as gym

ROBOTS = {"AnymalD": "anymal_d", "G1": "g1"}
GOALS = ("Velocity", "Position")
VARIATIONS = ("", "JointFailure", "Payload")


def register_isaaclab_envs() -> None:
    """
    Register ``MemAug/{robot}-{goal}-{variation}-v0`` with Gymnasium, for Isaac Lab's commands too.

    =========  ============================================================
    robot      ``AnymalD``, ``G1``
    goal       ``Velocity``, ``Position``
    variation  none, ``JointFailure`` (a dead motor), ``Payload`` (a weight)
    =========  ============================================================

    The arguments are those of :func:`sb3_memaug.envs.isaaclab.environment.make`.
    """
    for robot, module in ROBOTS.items():
        for goal in GOALS:
            for variation in VARIATIONS:
                env_id = "-".join(filter(None, ("MemAug/" + robot, goal, variation, "v0")))
                if env_id not in gym.registry:
                    gym.register(
                        env_id,
                        entry_point="sb3_memaug.envs.isaaclab.environment:make",
                        kwargs={
                            "env_cfg_entry_point": (
                                f"sb3_memaug.envs.isaaclab.config.{module}:{robot}{goal}{variation}EnvCfg"
                            ),
                            "rsl_rl_cfg_entry_point": f"sb3_memaug.envs.isaaclab.config.agents:{robot}{goal}AgentCfg",
                            "default_agent": "rsl_rl",
                        },
                        # It deals with all environments at once, whose number and end Isaac Lab keeps.
                        disable_env_checker=True,
                        order_enforce=False,
                    )
