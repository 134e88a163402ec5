"""Checkpoints of a training: what it needs to go on after it was killed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from stable_baselines3.common.base_class import BaseAlgorithm

from sb3_memaug.evaluation.tables import write_table
from sb3_memaug.files import atomic_write
from sb3_memaug.vec_env.finite import refuse_non_finite_policy, refuse_non_finite_statistics

_PREFIX = "checkpoint_"
_NAME = re.compile(rf"{_PREFIX}(?:0|[1-9][0-9]{{0,17}})")


def save_checkpoint(model: BaseAlgorithm, learning: list[dict], folder: Path) -> None:
    """
    Everything in one folder, which appears complete or not at all; older ones go after it has appeared.

    :param model: in training
    :param learning: rows of the learning curve so far
    :param folder: of the run
    :raises ValueError: as :func:`save_model`; the older ones stay
    """
    import pandas as pd

    older = _checkpoints(folder)
    complete = folder / f"{_PREFIX}{model.num_timesteps}"
    if complete in older:
        return
    with atomic_write(complete) as part:
        part.mkdir()
        save_model(model, part)
        if learning:
            write_table(pd.DataFrame(learning), part / "learning.csv")
    for path in older:
        shutil.rmtree(path)


def save_model(model: BaseAlgorithm, folder: Path) -> None:
    """
    :param model: in training
    :param folder: where ``model.zip`` is written, and ``vecnormalize.pkl`` where observations are normalised
    :raises ValueError: if the policy, or the statistics of the normalizer, are not finite; nothing is written
    """
    normalizer = model.get_vec_normalize_env()
    refuse_non_finite_policy(model)
    if normalizer is not None:
        refuse_non_finite_statistics(normalizer)
        normalizer.save(str(folder / "vecnormalize.pkl"))
    with atomic_write(folder / "model.zip") as part:
        model.save(part)


def latest_checkpoint(folder: Path) -> Path | None:
    """
    :param folder: of a run
    :return: its latest checkpoint, None where there is none
    """
    return max(_checkpoints(folder), key=steps_of, default=None)


def remove_checkpoints(folder: Path) -> None:
    """
    :param folder: of a run, which has been trained
    """
    for checkpoint in _checkpoints(folder):
        shutil.rmtree(checkpoint)


def _checkpoints(folder: Path) -> list[Path]:
    """One, or two where the older one could not be removed any more. What is named otherwise is somebody else's."""
    named = [path for path in folder.glob(f"{_PREFIX}*") if _NAME.fullmatch(path.name)]
    return [path for path in named if path.is_dir() and not path.is_symlink()]


def steps_of(checkpoint: Path) -> int:
    """
    :param checkpoint: of a run
    :return: steps that had been trained when it was saved
    :raises ValueError: if its name does not tell
    """
    if not _NAME.fullmatch(checkpoint.name):
        raise ValueError(f"expected a folder {_PREFIX}STEPS, got {checkpoint.name!r}")
    return int(checkpoint.name.removeprefix(_PREFIX))
