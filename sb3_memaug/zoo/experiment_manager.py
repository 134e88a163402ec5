"""rl_zoo3's experiment manager, for algorithms that mirror observations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from inspect import signature
from typing import Any

import gymnasium as gym
from rl_zoo3.exp_manager import ExperimentManager
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.save_util import load_from_zip_file
from stable_baselines3.common.utils import FloatSchedule, get_device
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from sb3_memaug.models import OURS
from sb3_memaug.vec_env.groups import group_of_environment
from sb3_memaug.vec_env.normalize import SymmetricVecNormalize
from sb3_memaug.vec_env.registry import VecEnvMaker, vec_env_maker
from sb3_memaug.zoo.python_values import python_settings


class SymmetricExperimentManager(ExperimentManager):
    """
    That of rl_zoo3, but ``normalize: True`` makes a
    :class:`~sb3_memaug.vec_env.normalize.SymmetricVecNormalize` for an algorithm that mirrors, and the
    ``env_kwargs`` of a file of hyperparameters are those of evaluation, too. Texts that stand for values of Python are
    read and not run where the algorithm is one of ours.

    Environments that are many in one simulation, as Isaac Lab's, are made at once; they can neither be evaluated during
    a training nor tuned, which would take a second simulation beside the first.
    """

    _mirrors = False
    #: Whether rl_zoo3 may evaluate what is written in a file.
    _evaluates = True

    def _preprocess_hyperparams(self, hyperparams: dict[str, Any]) -> tuple[Any, ...]:
        self._mirrors = self.algo in OURS and hyperparams.get("symmetry") is not False
        if self.algo in OURS or not self._evaluates:
            hyperparams = {**hyperparams, **python_settings(hyperparams, f"the settings of {self.algo}")}
        processed = super()._preprocess_hyperparams(hyperparams)
        self.eval_env_kwargs = self.eval_env_kwargs or self.env_kwargs
        return processed

    def _load_pretrained_agent(self, hyperparams: dict[str, Any], env: VecEnv) -> BaseAlgorithm:
        if self.algo in OURS:
            # A file of hyperparameters says where an adaptive rate started, not where the training has brought it.
            saved, _, _ = load_from_zip_file(self.trained_agent, device="cpu")
            rate = ("learning_rate", "desired_kl")
            if saved is not None and all(_is_same(saved.get(name), hyperparams.get(name)) for name in rate):
                hyperparams = {name: value for name, value in hyperparams.items() if name not in rate}
        return super()._load_pretrained_agent(hyperparams, env)

    def create_envs(self, n_envs: int, eval_env: bool = False, no_log: bool = False) -> VecEnv:
        maker = vec_env_maker(self.env_name.gym_id)
        if maker is not None:
            if eval_env or self.optimize_hyperparameters:
                raise ValueError(
                    f"{self.env_name.gym_id} is simulated once in a process, so there is no second one to evaluate in: "
                    "leave out -optimize, give --eval-freq -1, and call memaug evaluate afterwards or memaug experiment"
                )
            settings = {"device": get_device(self.device), "seed": self.seed, **self.env_kwargs}
            self.vec_env_class = partial(  # type: ignore[assignment]
                _at_once, maker, self.env_name.gym_id, settings
            )
        return super().create_envs(n_envs, eval_env, no_log)

    def _maybe_normalize(self, env: VecEnv, eval_env: bool) -> VecEnv:
        normalized = super()._maybe_normalize(env, eval_env)
        # One that was loaded is what it was when it was saved.
        plain = type(normalized) is VecNormalize and normalized.venv is env and normalized.norm_obs
        if not (self._mirrors and plain and group_of_environment(env) is not None):
            return normalized
        settings = {name: getattr(normalized, name) for name in signature(VecNormalize).parameters if name != "venv"}
        return SymmetricVecNormalize(env, **settings)


def _is_same(one: Any, other: Any) -> bool:
    """Numbers, None, or schedules, which rl_zoo3 makes of numbers."""

    def values(x: Any) -> list[float | None]:
        return [None if x is None else FloatSchedule(x)(progress) for progress in (1.0, 0.5, 0.0)]

    return values(one) == values(other)


def _at_once(
    maker: VecEnvMaker, env_id: str, settings: dict[str, Any], functions: Sequence[Callable[[], gym.Env]], **_: Any
) -> VecEnv:
    """rl_zoo3 offers functions that make one environment each, of which only the number is wanted."""
    return maker(env_id, num_envs=len(functions), **settings)
