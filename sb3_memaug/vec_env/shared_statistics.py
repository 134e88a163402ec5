"""Running statistics that several ranks gather together."""

from __future__ import annotations

import torch as th
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug.vec_env.distributed import all_sum
from sb3_memaug.vec_env.running_statistics import statistics_of


class SharedStatistics:
    """
    What each rank has seen since the last time is added up, so that the statistics of a normaliser agree on all ranks
    and are those of all their environments.

    :param normalizer: of this rank; all ranks start from the same statistics
    :param device: that the ranks talk to one another on
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
