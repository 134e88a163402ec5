"""Training a run, from the start or from its latest checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from stable_baselines3.common.callbacks import CallbackList

from sb3_memaug.evaluation.simulation import Simulation
from sb3_memaug.evaluation.table_files import read_table, write_table
from sb3_memaug.experiments.checkpoints import latest_checkpoint, save_model, steps_of
from sb3_memaug.experiments.run import Run
from sb3_memaug.experiments.watch_training import WatchTraining
from sb3_memaug.vec_env.registry import vec_env_maker
from sb3_memaug.zoo import register


def train(run: Run, folder: Path) -> None:
    """
    Leaves ``learning.parquet`` and ``model.zip`` in the folder.

    :param run: to train
    :param folder: of the run, where a checkpoint may lie
    """
    import pandas as pd

    register()
    from sb3_memaug.experiments.run_manager import RunManager

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
