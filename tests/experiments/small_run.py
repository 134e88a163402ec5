"""A run that takes a few seconds."""

from __future__ import annotations

from sb3_memaug.experiments.matrix import Matrix
from sb3_memaug.experiments.run import Evaluation, Run
from sb3_memaug.experiments.settings import check_policies

#: Steps of a rollout.
ROLLOUT = 4 * 24


def small_runs(
    policies=("memory-id",), seeds=(0,), env="MemAug/MinitaurVelocity-MuJoCo-v0", n_rollouts=8, **settings
) -> list[Run]:
    return Matrix(
        [env],
        check_policies(policies),
        list(seeds),
        n_timesteps=n_rollouts * ROLLOUT,
        settings={"n_envs": 4, "n_epochs": 1, **settings},
        evaluation=Evaluation(n_episodes=1, learning_points=4, learning_episodes=1, videos=0),
    ).runs()
