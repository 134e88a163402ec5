"""Training a run, from the start or from its latest checkpoint, with its status and learning curve on the way."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path
from typing import Any, cast

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.utils import safe_mean
from stable_baselines3.common.vec_env import VecEnv, VecNormalize, unwrap_vec_normalize

from sb3_memaug.evaluation.generalization import SplitEvaluator
from sb3_memaug.evaluation.tables import read_table, write_table
from sb3_memaug.evaluation.trials import Simulation
from sb3_memaug.experiments.checkpoints import latest_checkpoint, save_checkpoint, save_model, steps_of
from sb3_memaug.experiments.run import CONF_FILE, Run, Status
from sb3_memaug.vec_env.registry import vec_env_maker
from sb3_memaug.zoo import register
from sb3_memaug.zoo.experiment_manager import SymmetricExperimentManager


def train(run: Run, folder: Path) -> None:
    """
    Leaves ``learning.parquet`` and ``model.zip`` in the folder.

    :param run: to train
    :param folder: of the run, where a checkpoint may lie
    """
    import pandas as pd

    register()

    checkpoint = latest_checkpoint(folder)
    manager = RunManager(run, folder, checkpoint)
    built = manager.setup_experiment()
    assert built is not None  # as it is of a search for hyperparameters
    model = built[0]
    learning, lived = [], 0
    if checkpoint is not None:
        learning, lived = read_table(checkpoint / "learning.csv").to_dict("records"), steps_of(checkpoint)
    assert model.env is not None
    simulation = model.env.unwrapped if vec_env_maker(run.env) is not None else None
    watch = WatchTraining(run, folder, learning, cast(Simulation | None, simulation))
    try:
        model.learn(
            run.n_timesteps - lived, callback=CallbackList([*manager.callbacks, watch]), reset_num_timesteps=False
        )
    finally:
        model.env.close()
    write_table(pd.DataFrame(watch.learning), folder / "learning.parquet")
    save_model(model, folder)


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
            # Other episodes after an interruption: those of this seed have been collected already.
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


#: s, of training between two checkpoints at most.
CHECKPOINT_INTERVAL = 300.0


class WatchTraining(BaseCallback):
    """
    :param run: that is trained
    :param folder: of the run
    :param learning: rows of its learning curve that were measured before it was interrupted
    :param simulation: that it is trained in, where there can be no other beside it
    """

    def __init__(
        self, run: Run, folder: Path, learning: list[dict[str, Any]], simulation: Simulation | None = None
    ) -> None:
        super().__init__()
        self.run = run
        self.folder = folder
        self.learning = learning
        self.evaluator = SplitEvaluator(
            run.env, run.evaluation.learning_episodes, run.evaluation.seed, run.evaluation_kwargs, simulation
        )
        self._is_shared = simulation is not None
        #: s of training, without what this callback takes.
        self.seconds = learning[-1]["seconds"] if learning else 0.0
        self._since = self._saved = self._told = 0.0

    def _on_training_start(self) -> None:
        self._since = self._saved = time.monotonic()

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        now = time.monotonic()
        self.seconds += now - self._since
        interval = self.run.n_timesteps / self.run.evaluation.learning_points
        measured = self.learning[-1]["timesteps"] if self.learning else -1
        if measured < 0 or self.num_timesteps // interval > measured // interval:
            self._measure()
            self._begin_anew()
            self._save()
        elif now - self._saved > CHECKPOINT_INTERVAL:
            self._save()
        if now - self._told > 1:
            self._tell()
        self._since = time.monotonic()

    def _on_training_end(self) -> None:
        self.seconds += time.monotonic() - self._since
        if not self.learning or self.learning[-1]["timesteps"] < self.num_timesteps:
            self._measure()
        self._tell()
        self.evaluator.close()

    def _measure(self) -> None:
        returns = self.evaluator.mean_returns(self.model, self.model.get_vec_normalize_env())
        which = {"env": self.run.env, "policy": self.run.policy, "training_seed": self.run.training_seed}
        so_far = {"timesteps": self.num_timesteps, "seconds": round(self.seconds, 3)}
        self.learning += [
            {**which, **so_far, "split": split, "episode_return": value} for split, value in returns.items()
        ]

    def _begin_anew(self) -> None:
        """Training goes on with new episodes where evaluation has ended the old ones."""
        if self._is_shared:
            assert self.model.env is not None
            self.model._last_obs = self.model.env.reset()  # type: ignore[assignment]
            self.model._last_episode_starts = np.ones(self.model.n_envs, dtype=bool)

    def _save(self) -> None:
        save_checkpoint(self.model, self.learning, self.folder)
        self._saved = time.monotonic()

    def _tell(self) -> None:
        recent = [episode["r"] for episode in self.model.ep_info_buffer or ()]
        Status(
            "training",
            self.num_timesteps,
            round(self.seconds, 3),
            float(safe_mean(recent)) if recent else None,
        ).write(self.folder)
        self._told = time.monotonic()
