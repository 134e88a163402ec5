"""The tables that runs leave behind, gathered from a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sb3_memaug.evaluation.table_files import SUFFIXES, read_table

if TYPE_CHECKING:
    import pandas as pd


class RunTables(NamedTuple):
    """
    Each row begins with ``env``, ``policy`` and ``training_seed``: which run it is of. A table that no run left is empty.

    :param episodes: a row for each episode of the evaluation, the fields of
        :class:`~sb3_memaug.evaluation.generalization.Result`
    :param learning: ``timesteps``, ``seconds``, ``split``, ``episode_return``: mean returns on none, ID and OOD tasks,
        measured now and then during training
    :param trajectories: ``split``, ``variation``, ``seed``, ``mirror``, ``time``, ``x``, ``y``, ``heading``, and for each
        foot ``contact_FOOT``, ``x_FOOT``, ``y_FOOT``, of one episode or a few for each variation
    :param latents: ``split``, ``variation``, ``seed``, ``mirror``, ``step``, ``pc1``, ``pc2``: outputs of the actor's LSTM
        on the two principal components of its run
    :param latent_symmetry: ``mirror``, ``asymmetry``, ``explained_variance``: of the clusters of latents
    :param settings: of each run, as it wrote them
    :param videos: paths, named ``ENV_POLICY_VARIATION.mp4``
    """

    episodes: pd.DataFrame
    learning: pd.DataFrame
    trajectories: pd.DataFrame
    latents: pd.DataFrame
    latent_symmetry: pd.DataFrame
    settings: list[dict[str, Any]]
    videos: list[Path]
