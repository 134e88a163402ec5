"""rl_zoo3's experiment manager for a run: it reads the settings and builds environments and model."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv, VecNormalize, unwrap_vec_normalize

from sb3_memaug.experiments.checkpoints import steps_of
from sb3_memaug.experiments.run import CONF_FILE, Run
from sb3_memaug.zoo.experiment_manager import SymmetricExperimentManager


class RunManager(SymmetricExperimentManager):
    """
    Leaves the files to the run, and starts from its checkpoint where there is one.

    :param run: to be trained
    :param folder: of the run
    :param checkpoint: to go on from
    """

    _evaluates = False

    def __init__(self, run: Run, folder: Path, checkpoint: Path | None) -> None:
        self.checkpoint = checkpoint
        lived = 0 if checkpoint is None else steps_of(checkpoint)
        super().__init__(
            Namespace(),
            run.algo,
            run.env,
            str(folder),
            n_timesteps=run.n_timesteps,
            eval_freq=-1,
            trained_agent="" if checkpoint is None else str(checkpoint / "model.zip"),
            # Another life after an interruption: the episodes of this seed have been lived already.
            seed=(run.training_seed + 7919 * lived) % 2**32,
            config=str(folder / CONF_FILE),
        )

    def _load_pretrained_agent(self, hyperparams: dict[str, Any], env: VecEnv) -> BaseAlgorithm:
        # Those of the run, with which the checkpoint was trained. Given again, they would begin its adaptive rate anew.
        return super()._load_pretrained_agent({"policy": hyperparams["policy"]}, env)

    def create_log_folder(self) -> None:
        """There is one."""

    def _save_config(self, saved_hyperparams: dict[str, Any]) -> None:
        """The run has been written."""

    def create_envs(self, n_envs: int, eval_env: bool = False, no_log: bool = False) -> VecEnv:
        return super().create_envs(n_envs, eval_env, no_log=True)

    def _maybe_normalize(self, env: VecEnv, eval_env: bool) -> VecEnv:
        env = super()._maybe_normalize(env, eval_env)
        normalizer = unwrap_vec_normalize(env)
        if self.checkpoint is None or normalizer is None:
            return env
        return VecNormalize.load(str(self.checkpoint / "vecnormalize.pkl"), normalizer.venv)
