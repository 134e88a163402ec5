"""Outputs of a recurrent policy's LSTM in each variation, and how symmetric their clusters are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug.disturbances.variation import mirror_images
from sb3_memaug.evaluation.agents import has_memory
from sb3_memaug.evaluation.episodes import Episode
from sb3_memaug.evaluation.tables import VARIATION_COLUMNS
from sb3_memaug.evaluation.trials import Trial, open_trials

if TYPE_CHECKING:
    import pandas as pd


def on_principal_components(points: np.ndarray, of: np.ndarray, n: int = 2) -> tuple[np.ndarray, float]:
    """
    :param points: (points, dimensions)
    :param of: points whose principal components are meant, (others, dimensions)
    :param n: number of components
    :return: coordinates on the components, (points, n), from the mean of the others; zero where there are fewer
        components. And which share of the variance of the points is seen on these, NaN where there is none
    """
    coordinates = np.zeros((len(points), n))
    if not len(points):
        return coordinates, math.nan
    _, spread, axes = np.linalg.svd(of - of.mean(axis=0), full_matrices=False)
    axes = axes[:n][spread[:n] > 1e-9 * max(1.0, np.abs(of).max())]
    coordinates[:, : len(axes)] = (points - of.mean(axis=0)) @ axes.T
    total = float(points.var(axis=0).sum())
    return coordinates, float(coordinates.var(axis=0).sum()) / total if total else math.nan


def asymmetry(centroids: np.ndarray, partners: Sequence[int]) -> float:
    """
    How far clusters are from lying as their mirror images lie: ``‖D - P D Pᵀ‖ / (√2 ‖D‖)``, with the matrix ``D`` of
    the Euclidean distances between the clusters' centroids, the permutation ``P`` of the clusters by a mirror, and
    Frobenius norms.

    It is 0 where an isometry of the latent space does what the mirror does to the clusters, as for any policy that is
    equivariant up to one. Since no distance is negative it is at most 1, where only such clusters lie apart whose
    mirror images lie in one point. It does not depend on scale. The paper only shows the picture (section 5.2.1); the
    measure is ours.

    :param centroids: (clusters, dimensions); NaN of a cluster without points
    :param partners: index of the mirror image of each cluster
    :return: the asymmetry; NaN where a centroid is, or there are fewer than two
    """
    if len(centroids) < 2:
        return math.nan
    distances = np.linalg.norm(centroids[:, None] - centroids[None], axis=-1)
    scale = math.sqrt(2) * np.linalg.norm(distances)
    if scale == 0:
        return 0.0
    return float(np.linalg.norm(distances - distances[np.ix_(partners, partners)]) / scale)


def record_latents(
    model: BaseAlgorithm,
    env_id: str,
    policy: str,
    training_seed: int,
    seeds: Sequence[int] = (1000, 1001),
    from_step: int = 25,
    every: int = 5,
    env_kwargs: Mapping[str, Any] | None = None,
    normalizer: VecNormalize | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Run an episode of each variation, and of none, from each seed under every mirror, with mean actions, and gather what
    the last layer of the actor's LSTM puts out (the paper's section 5.2.1).

    Most of that follows the command and the phase of the gait, which are the same in all variations: what they have
    in common at the same step from the same start is subtracted, and what is left is seen on the principal components
    of the means of the variations, the plane on which these lie farthest apart.

    :param model: with a recurrent policy
    :param env_id: of a registered environment
    :param policy: what to call the model
    :param training_seed: that it was trained with
    :param seeds: of the episodes
    :param from_step: first control step to look at, from 0: earlier ones tell the policy too little about the variation
    :param every: so many control steps one is looked at
    :param env_kwargs: for ``gymnasium.make``
    :param normalizer: of the observations that the model was trained on
    :return: two tables, whose rows begin with ``env``, ``policy``, ``training_seed``. Of the latents: ``split``,
        ``kind``, ``variation``, ``joints``, ``place``, ``seed``, ``mirror``, ``step``, and ``pc1``, ``pc2``.
        Of their symmetry, a row for each ``mirror`` but the identity: the ``asymmetry`` of the clusters of the
        variations but none, as :func:`~sb3_memaug.evaluation.latents.asymmetry` defines it, in the full latent space,
        NaN where all episodes of a variation ended before ``from_step``; ``explained_variance``, the share of the
        variance of what is left of the latents that is seen on the two components; and ``pairs``, the variations that
        the mirror exchanges, as ``"a:b;c:d"``
    :raises ValueError: if the policy has no memory, or the mirror image of a variation is none of them
    """
    import pandas as pd

    if not has_memory(model):
        raise ValueError(
            f"the policy of this {type(model).__name__} has no LSTM, whose outputs could be recorded; train one of "
            "MemAugRecurrentPPO or RecurrentPPO"
        )
    which = {"env": env_id, "policy": policy, "training_seed": training_seed}
    rows: list[dict[str, Any]] = []
    latents: list[np.ndarray] = []
    with open_trials(env_id, env_kwargs) as trials:
        varied = [variation for variation in trials.variations if variation.split != "none"]
        names = [variation.label for variation in varied]
        # By each mirror but the identity, the index of every variation's mirror image.
        partners = {
            mirror: mirror_images(varied, [reflection])
            for mirror, reflection in trials.reflections.items()
            if mirror != "identity"
        }
        chosen = [Trial(*trial) for trial in product(trials.variations, seeds, trials.mirrors)]
        for batch in trials.batches(chosen):
            watcher = _LatentRecorder(from_step, every)
            trials.run(model, batch, normalizer=normalizer, watchers=(watcher,))
            for (variation, seed, mirror), found in zip(batch, watcher.latents, strict=True):
                where = {**variation.columns(), "seed": seed, "mirror": mirror}
                rows += [{**which, **where, "step": step} for step in found]
                latents += found.values()
    columns = [*which, *VARIATION_COLUMNS, "seed", "mirror", "step"]
    table = pd.DataFrame(rows, columns=columns)
    points = np.array(latents, dtype=np.float64) if rows else np.zeros((0, 1))
    if names:
        points -= pd.DataFrame(points).groupby([table[by] for by in ("seed", "mirror", "step")]).transform("mean")
    points = np.asarray(points)
    means = pd.DataFrame(points).groupby(table["variation"]).mean()
    coordinates, explained = on_principal_components(points, means.to_numpy() if names else points)
    table = table.assign(pc1=coordinates[:, 0], pc2=coordinates[:, 1])
    # A variation whose episodes all ended early has none.
    centroids = means.reindex(names).to_numpy()
    symmetry = [
        {
            **which,
            "mirror": mirror,
            "asymmetry": asymmetry(centroids, indices),
            "explained_variance": explained,
            "pairs": ";".join(f"{names[i]}:{names[j]}" for i, j in enumerate(indices) if i < j),
        }
        for mirror, indices in partners.items()
    ]
    return table, pd.DataFrame(symmetry, columns=[*which, "mirror", "asymmetry", "explained_variance", "pairs"])


class _LatentRecorder:
    def __init__(self, from_step: int, every: int) -> None:
        self._from_step, self._every = from_step, every

    def begin(self, envs: Sequence[Any], episodes: Sequence[Episode]) -> None:
        self._steps = [0] * len(envs)
        #: Of each episode, by step.
        self.latents: list[dict[int, np.ndarray]] = [{} for _ in envs]

    def after_step(self, index: int, memory: tuple[np.ndarray, ...] | None) -> None:
        step = self._steps[index]
        self._steps[index] += 1
        if step >= self._from_step and (step - self._from_step) % self._every == 0:
            assert memory is not None
            # Of an LSTM the hidden state, beside that of its cells.
            hidden = memory[0]
            self.latents[index][step] = hidden[-1, index].copy()
