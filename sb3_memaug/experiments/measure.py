"""What is measured of a trained policy: returns and gaits on all tasks, trajectories, latents, videos."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

from sb3_memaug.disturbances.variation import Variation, variations
from sb3_memaug.evaluation import evaluate_generalization
from sb3_memaug.evaluation.agents import has_memory
from sb3_memaug.evaluation.episodes import Episode
from sb3_memaug.evaluation.latents import record_latents
from sb3_memaug.evaluation.recorders import record_trajectories
from sb3_memaug.evaluation.tables import results_table, write_table
from sb3_memaug.evaluation.video import record_side_by_side
from sb3_memaug.experiments.run import Run
from sb3_memaug.experiments.settings import slug
from sb3_memaug.models import load_model
from sb3_memaug.vec_env.registry import vec_env_maker


def evaluate(run: Run, folder: Path) -> None:
    """
    Leaves ``trajectories.parquet``; where there is memory, ``latents.parquet`` and ``latent_symmetry.parquet``; and in
    the end ``episodes.parquet``.

    :param run: that was trained
    :param folder: of the run, where ``model.zip`` lies
    """
    _, model, normalizer = load_model(folder / "model.zip", run.algo)
    which = (model, run.env, run.policy)
    how: dict[str, Any] = {"env_kwargs": run.evaluation_kwargs, "normalizer": normalizer}
    write_table(record_trajectories(*which, run.training_seed, **how), folder / "trajectories.parquet")
    memories = ["kept"]
    if has_memory(model):
        memories.append("zeroed")
        latents, symmetry = record_latents(*which, run.training_seed, **how)
        write_table(latents, folder / "latents.parquet")
        write_table(symmetry, folder / "latent_symmetry.parquet")
    episodes = [
        result
        for memory, deterministic in product(memories, (True, False))
        for result in evaluate_generalization(
            *which, run.evaluation.n_episodes, deterministic, run.evaluation.seed, memory=memory, **how
        )
    ]
    table = results_table(episodes)
    table.insert(0, "env", table.pop("env"))
    table.insert(2, "training_seed", run.training_seed)
    write_table(table, folder / "episodes.parquet")


def film(run: Run, folder: Path) -> None:
    """
    Leaves ``ENV_POLICY_VARIATION.mp4`` of the first ID and the last OOD variation in the folder, where the environment
    can be drawn.

    :param run: that was trained
    :param folder: of the run, where ``model.zip`` lies
    """
    if vec_env_maker(run.env) is not None:
        print(f"no video: {run.env} is simulated without a renderer")
        return
    model = load_model(folder / "model.zip", run.algo).model
    for variation in _filmed(run):
        path = folder / f"{slug(run.env)}_{run.policy}_{variation.label}.mp4"
        if not path.exists():
            episode = Episode(run.evaluation.seed, variation.options(run.evaluation.seed))
            # Twelve pictures a second of a robot that is controlled at 25 Hz show all that there is to see.
            record_side_by_side({run.policy: model}, run.env, [episode], path, every=2)


def _filmed(run: Run) -> list[Variation]:
    found = variations(run.env, run.evaluation_kwargs)
    of_split = {variation.split: variation for variation in reversed(found) if variation.split == "id"}
    of_split |= {variation.split: variation for variation in found if variation.split == "ood"}
    return list(of_split.values()) or found[:1]
