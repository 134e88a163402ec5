"""The shape of clusters in a latent space: seen on a plane, and compared with its mirror images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


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
