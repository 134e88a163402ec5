"""Observation normalisation that commutes with the mirrors."""

from __future__ import annotations

from typing import Any

import numpy as np
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from sb3_memaug.symmetry import SignedPermutation, SymmetryGroup, Transform, check_group_fits


class SymmetricVecNormalize(VecNormalize):
    """
    ``VecNormalize`` whose observation statistics are those of the observations *and* all their mirror images, so that
    normalising and mirroring commute to float error.

    Statistics of the observations alone would not: a robot that only ever drags its left leg has another mean, and
    another variance, for the left knee than for the right one.

    :param venv: to wrap
    :param symmetry: the group to average over; that of the environment's ``MirrorSpec`` by default
    :param args: as for ``VecNormalize``
    :param kwargs: as for ``VecNormalize``
    :raises ValueError: if there is no group, it does not fit the spaces, or one of its mirrors has an offset
    """

    def __init__(self, venv: VecEnv, *args: Any, symmetry: SymmetryGroup | None = None, **kwargs: Any) -> None:
        super().__init__(venv, *args, **kwargs)
        if symmetry is None and venv.has_attr("symmetry_group"):
            symmetry = venv.get_attr("symmetry_group")[0]
        if symmetry is None:
            raise ValueError(
                "SymmetricVecNormalize needs a symmetry group: wrap the environments in sb3_memaug.MirrorSpec, pass "
                "`symmetry=`, or use stable-baselines3's VecNormalize"
            )
        check_group_fits(symmetry, venv.observation_space, venv.action_space)
        self.symmetry_group = symmetry
        if not self.norm_obs:
            return
        if any(_moves_the_origin(transform) for mirror in symmetry for transform in mirror.by_key().values()):
            raise ValueError(
                "a mirror with an offset does not commute with any normalisation: measure joints from a symmetric "
                "default pose, so that the mirror is linear, or use SymmetricVecNormalize(…, norm_obs=False)"
            )
        if isinstance(self.obs_rms, dict):
            for key, statistics in self.obs_rms.items():
                self.obs_rms[key] = OrbitMeanStd([mirror.by_key()[key] for mirror in symmetry], statistics.mean.shape)
        else:
            self.obs_rms = OrbitMeanStd([mirror.by_key()[""] for mirror in symmetry], self.obs_rms.mean.shape)


def _moves_the_origin(transform: Transform) -> bool:
    return isinstance(transform, SignedPermutation) and transform.offset is not None


class OrbitMeanStd(RunningMeanStd):
    """
    Running mean and variance over arrays and their images.

    :param images: transforms that make the images, the identity among them
    :param shape: of one array
    """

    def __init__(self, images: list[Transform], shape: tuple[int, ...]) -> None:
        super().__init__(shape=shape)
        self.images = images

    def update(self, arr: np.ndarray) -> None:
        """
        :param arr: arrays along the first axis
        """
        super().update(np.concatenate([image.apply(arr) for image in self.images]))
