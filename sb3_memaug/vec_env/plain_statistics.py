"""Statistics of a normaliser that learns from numbers before anybody can look at them."""

from __future__ import annotations

import numpy as np
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper, VecNormalize

from sb3_memaug.vec_env.finite_check import NotFiniteError, by_name, refuse_non_finite
from sb3_memaug.vec_env.running_statistics import statistics_of
from sb3_memaug.vec_env.vec_normalize import SymmetricVecNormalize


class PlainStatistics:
    """
    A plain ``VecNormalize`` takes one environment's number that is not finite into its statistics, and every
    environment's numbers are none from then on. Here the one is found, and the statistics are put back.

    :param env: of an algorithm, wrapped or not
    """

    def __init__(self, env: VecEnv) -> None:
        self._normalizers = []
        while isinstance(env, VecEnvWrapper):
            if isinstance(env, VecNormalize) and not isinstance(env, SymmetricVecNormalize):
                self._normalizers.append(env)
            env = env.venv
        self.keep()

    def keep(self) -> None:
        """Remember the statistics. SB3 puts new arrays in their place, and never writes into the old ones."""
        self._kept = [(x, x.mean, x.var, x.count) for each in self._normalizers for x in statistics_of(each)]

    def refuse_non_finite(self, stepped: bool) -> None:
        """
        :param stepped: whether the environments were stepped, and not reset, so that there are rewards
        :raises NotFiniteError: if a number that was to be normalised is not finite; the statistics are then those that
            were kept
        """
        for normalizer in reversed(self._normalizers):
            if not hasattr(normalizer, "old_obs"):
                continue  # it has not been reset
            rewards = {"reward": normalizer.old_reward} if stepped else {}
            try:
                refuse_non_finite(by_name("observation", normalizer.old_obs) | rewards)
            except NotFiniteError:
                self._put_back()
                raise
        self.keep()

    def _put_back(self) -> None:
        for statistics, mean, var, count in self._kept:
            statistics.mean, statistics.var, statistics.count = mean, var, count
        for normalizer in self._normalizers:
            normalizer.returns = np.where(np.isfinite(normalizer.returns), normalizer.returns, 0.0)
