"""rl_zoo3's experiment manager, for algorithms that mirror observations."""

from __future__ import annotations

from inspect import signature
from typing import Any

from rl_zoo3.exp_manager import ExperimentManager
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from sb3_memaug.common.environment_group import group_of_environment
from sb3_memaug.common.vec_normalize import SymmetricVecNormalize
from sb3_memaug.models import OURS


class SymmetricExperimentManager(ExperimentManager):
    """
    That of rl_zoo3, but ``normalize: True`` makes a :class:`~sb3_memaug.common.vec_normalize.SymmetricVecNormalize` for
    an algorithm that mirrors, and the ``env_kwargs`` of a file of hyperparameters are those of evaluation, too.
    """

    _mirrors = False

    def _preprocess_hyperparams(self, hyperparams: dict[str, Any]) -> tuple[Any, ...]:
        self._mirrors = self.algo in OURS and hyperparams.get("symmetry") is not False
        processed = super()._preprocess_hyperparams(hyperparams)
        self.eval_env_kwargs = self.eval_env_kwargs or self.env_kwargs
        return processed

    def _maybe_normalize(self, env: VecEnv, eval_env: bool) -> VecEnv:
        normalized = super()._maybe_normalize(env, eval_env)
        # One that was loaded is what it was when it was saved.
        plain = type(normalized) is VecNormalize and normalized.venv is env and normalized.norm_obs
        if not (self._mirrors and plain and group_of_environment(env) is not None):
            return normalized
        settings = {name: getattr(normalized, name) for name in signature(VecNormalize).parameters if name != "venv"}
        return SymmetricVecNormalize(env, **settings)
