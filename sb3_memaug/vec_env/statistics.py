"""Running mean and variance over arrays and all their mirror images: on the host, on a device, and shared by ranks."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch as th
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug.symmetry import Transform
from sb3_memaug.vec_env.devices import long_float
from sb3_memaug.vec_env.distributed import all_sum


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
        # In float64: the square of a large float32 is none.
        super().update(np.concatenate([image.apply(arr) for image in self.images]).astype(np.float64))


def moments_of_orbit(
    mean: np.ndarray, variance: np.ndarray, count: float, images: list[Transform]
) -> tuple[np.ndarray, np.ndarray, float]:
    """
    :param mean: of some arrays
    :param variance: of the same
    :param count: their number
    :param images: transforms without offset that make their images, the identity among them
    :return: mean, variance and number of the arrays and all their images
    """
    means = np.stack([image.apply(np.asarray(mean)) for image in images])
    # A sign does not change a variance.
    within = np.mean([np.abs(image.apply(np.asarray(variance))) for image in images], axis=0)
    return means.mean(axis=0), within + means.var(axis=0), count * len(images)


class TensorOrbitMeanStd(RunningMeanStd):
    """
    The same on a device, without waiting for it; reading SB3's attributes ``mean``, ``var`` and ``count`` waits.

    :param images: transforms that make the images; none for statistics of the arrays alone
    :param shape: of one array
    """

    def __init__(self, images: list[Transform], shape: tuple[int, ...]) -> None:
        self.device = th.device("cpu")
        super().__init__(shape=shape)
        self.images = images

    @property
    def mean(self) -> np.ndarray:
        """On the host."""
        return self.centre.cpu().numpy()

    @mean.setter
    def mean(self, value: Any) -> None:
        self.centre = th.as_tensor(value, dtype=long_float(self.device), device=self.device)

    @property
    def var(self) -> np.ndarray:
        """On the host."""
        return self.variance.cpu().numpy()

    @var.setter
    def var(self, value: Any) -> None:
        self.variance = th.as_tensor(value, dtype=long_float(self.device), device=self.device)

    @property
    def count(self) -> float:
        """Number of arrays."""
        return self.weight.item()

    @count.setter
    def count(self, value: Any) -> None:
        self.weight = th.as_tensor(value, dtype=long_float(self.device), device=self.device)

    def to(self, device: th.device) -> None:
        """
        :param device: to live on from now on
        """
        self.device = device
        # By way of the host: not every device has the digits that another one has.
        self.mean, self.var, self.count = (x.cpu() for x in (self.centre, self.variance, self.weight))

    def update(self, arr: Any, counts: th.Tensor | None = None) -> None:
        """
        :param arr: arrays along the first axis
        :param counts: whether to learn from them, a scalar on the device; they do by default
        """
        x = th.as_tensor(arr, device=self.device)
        if self.images:
            x = th.cat([image.apply(x) for image in self.images])
        variance, mean = th.var_mean(x.to(self.centre.dtype), dim=0, unbiased=False)
        before = self.centre, self.variance, self.weight
        self.update_from_moments(mean, variance, len(x))
        if counts is not None:
            after = self.centre, self.variance, self.weight
            self.centre, self.variance, self.weight = (
                th.where(counts, new, old) for new, old in zip(after, before, strict=True)
            )

    def update_from_moments(self, batch_mean: Any, batch_var: Any, batch_count: Any) -> None:
        """
        :param batch_mean: of further arrays
        :param batch_var: of the same
        :param batch_count: their number
        """
        delta = batch_mean - self.centre
        count = self.weight + batch_count
        squares = self.variance * self.weight + batch_var * batch_count
        self.variance = (squares + delta**2 * self.weight * batch_count / count) / count
        self.centre = self.centre + delta * batch_count / count
        self.weight = count

    def combine(self, other: RunningMeanStd) -> None:
        """
        :param other: statistics of further arrays, on the host or on any device
        """
        moments = other.mean, other.var, other.count
        self.update_from_moments(*(th.as_tensor(x, dtype=long_float(self.device), device=self.device) for x in moments))

    def __getstate__(self) -> dict[str, Any]:
        # What was saved on one device must load on another.
        state = {name: x.cpu() if isinstance(x, th.Tensor) else x for name, x in self.__dict__.items()}
        return {**state, "device": th.device("cpu")}


def statistics_of(normalizer: VecNormalize) -> list[RunningMeanStd]:
    """
    :param normalizer: any
    :return: its statistics of observations, where it normalizes them, and of returns
    """
    observations = normalizer.obs_rms if normalizer.norm_obs else {}
    return [*(observations.values() if isinstance(observations, dict) else [observations]), normalizer.ret_rms]


class SharedStatistics:
    """
    Statistics of a normalizer that agree on all ranks and are those of all their environments: what each rank has seen
    since the last time is added up.

    :param normalizer: of this rank; all ranks start from the same statistics
    :param device: that the ranks communicate by
    """

    def __init__(self, normalizer: VecNormalize, device: th.device) -> None:
        self.normalizer = normalizer
        self._device = device
        self._agreed = [self._sums(statistics) for statistics in statistics_of(normalizer)]

    def _sums(self, statistics: RunningMeanStd) -> th.Tensor:
        """Number, sum and sum of squares: what can be added."""
        mean, var = (th.as_tensor(x, dtype=th.float64, device=self._device) for x in (statistics.mean, statistics.var))
        return statistics.count * th.stack((th.ones_like(mean), mean, var + mean**2))

    def share(self) -> None:
        """Add up what all ranks have seen."""
        for i, statistics in enumerate(statistics_of(self.normalizer)):
            agreed = self._agreed[i]
            agreed += all_sum(self._sums(statistics) - agreed)
            count, sums, squares = (x.cpu().numpy() for x in agreed)
            statistics.mean = sums / count
            statistics.var = squares / count - statistics.mean**2
            statistics.count = float(count.flat[0])
