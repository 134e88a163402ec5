"""What happens besides learning during a training: its status, its learning curve, its checkpoints."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.utils import safe_mean

from sb3_memaug.evaluation.simulation import Simulation
from sb3_memaug.evaluation.split_evaluator import SplitEvaluator
from sb3_memaug.experiments.checkpoints import save_checkpoint
from sb3_memaug.experiments.run import Run
from sb3_memaug.experiments.status import Status

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
