"""Normalization that commutes with the mirrors, and a check of plain normalizers for numbers that are not finite."""

from __future__ import annotations

import pickle
from inspect import signature
from typing import Any

import numpy as np
import torch as th
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper, VecNormalize
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from sb3_memaug.arguments import FLAG, FRACTION, POSITIVE, Allowed, Check, check_arguments
from sb3_memaug.files import InputError
from sb3_memaug.symmetry import SignedPermutation, SymmetryGroup, Transform, check_group_fits
from sb3_memaug.symmetry.arguments import shown
from sb3_memaug.vec_env.distributed import rank
from sb3_memaug.vec_env.equivariance import check_wrappers, wrapper_chain
from sb3_memaug.vec_env.finite import (
    NotFiniteError,
    all_finite,
    by_name,
    finite_or,
    last_observations,
    refuse_non_finite,
    refuse_non_finite_statistics,
    refuse_non_finite_step,
)
from sb3_memaug.vec_env.groups import PLAIN_REFUSED, group_of_environment
from sb3_memaug.vec_env.statistics import OrbitMeanStd, TensorOrbitMeanStd, moments_of_orbit, statistics_of
from sb3_memaug.vec_env.tensor_vec_env import TensorObs, TensorStep, TensorVecEnv


class SymmetricVecNormalize(VecNormalize):
    """
    ``VecNormalize`` whose observation statistics are those of the observations *and* all their mirror images, so that
    normalizing and mirroring commute to float error.

    Statistics of the observations alone would not: a robot that only ever drags its left leg has another mean, and
    another variance, for the left knee than for the right one.

    Numbers that are not finite are refused before anything is learned from them.

    Around a :class:`~sb3_memaug.vec_env.tensor_vec_env.TensorVecEnv` it is a :class:`SymmetricTensorVecNormalize`.

    :param venv: to wrap
    :param symmetry: the group to average over; that of the environment's ``MirrorSpec`` by default
    :param args: as for ``VecNormalize``
    :param kwargs: as for ``VecNormalize``
    :raises ValueError: if there is no group, it does not fit the spaces, one of its mirrors has an offset, or a number
        makes no sense; if a plain ``VecNormalize``, or a wrapper that does not commute with the mirrors, lies inside
    """

    _statistics: type[OrbitMeanStd] | type[TensorOrbitMeanStd] = OrbitMeanStd

    def __new__(cls, venv: VecEnv | None = None, *args: Any, **kwargs: Any) -> SymmetricVecNormalize:
        on_device = cls is SymmetricVecNormalize and isinstance(venv, TensorVecEnv)
        return super().__new__(SymmetricTensorVecNormalize if on_device else cls)

    def __init__(self, venv: VecEnv, *args: Any, symmetry: SymmetryGroup | None = None, **kwargs: Any) -> None:
        if not isinstance(venv, VecEnv):
            raise ValueError(
                f"SymmetricVecNormalize wraps a VecEnv, such as DummyVecEnv([make_env]), got {shown(venv)}"
            )
        # VecNormalize itself takes any.
        check_arguments(_ARGUMENTS, signature(VecNormalize).bind(venv, *args, **kwargs).arguments)
        super().__init__(venv, *args, **kwargs)
        symmetry = symmetry or group_of_environment(venv)
        if symmetry is None:
            raise ValueError(
                "SymmetricVecNormalize needs a symmetry group: wrap the environments in sb3_memaug.MirrorSpec, pass "
                "`symmetry=`, or use stable-baselines3's VecNormalize"
            )
        for each in wrapper_chain(venv):
            if type(each) is VecNormalize and each.norm_obs:
                raise ValueError(PLAIN_REFUSED)
        check_wrappers(symmetry, venv)
        check_group_fits(symmetry, venv.observation_space, venv.action_space)
        self.symmetry_group = symmetry
        if not self.norm_obs:
            return
        if any(_moves_the_origin(transform) for mirror in symmetry for transform in mirror.by_key().values()):
            raise ValueError(
                "a mirror with an offset does not commute with any normalization: measure joints from a symmetric "
                "default pose, so that the mirror is linear, or use SymmetricVecNormalize(…, norm_obs=False)"
            )
        if isinstance(self.obs_rms, dict):
            for key, statistics in self.obs_rms.items():
                self.obs_rms[key] = self._statistics(
                    [mirror.by_key()[key] for mirror in symmetry], statistics.mean.shape
                )
        else:
            self.obs_rms = self._statistics([mirror.by_key()[""] for mirror in symmetry], self.obs_rms.mean.shape)

    @staticmethod
    def load(load_path: str, venv: VecEnv, symmetry: SymmetryGroup | None = None) -> SymmetricVecNormalize:
        """
        The statistics of a plain ``VecNormalize`` become those of its observations and all their mirror images.

        :param load_path: of a saved normalizer, this or a plain one, whether its environments were arrays or tensors
        :param venv: to wrap, in arrays or tensors
        :param symmetry: the group to average over; by default that of the saved normalizer, or of the environments
        :return: the normalizer, with the settings and the statistics that were saved
        :raises InputError: if the file holds no normalizer, or one of other observations
        :raises ValueError: as the constructor
        """
        saved = _read(load_path)
        known = saved.symmetry_group if isinstance(saved, SymmetricVecNormalize) else None
        if symmetry is not None and known is not None and symmetry != known:
            raise ValueError(f"the statistics in {load_path} are those of {known}, but `symmetry` is {symmetry}")
        settings = {name: getattr(saved, name) for name in _SETTINGS if name in vars(saved)}
        normalizer = SymmetricVecNormalize(venv, symmetry=known or symmetry, **settings)
        theirs, ours = (_by_key(n.obs_rms) if n.norm_obs else {} for n in (saved, normalizer))
        shapes, expected = ({key: np.shape(each.mean) for key, each in rms.items()} for rms in (theirs, ours))
        if shapes != expected:
            raise InputError(
                load_path, f"expected statistics of the shapes {_listed(expected)} as observed, got {_listed(shapes)}"
            )
        for key, statistics in ours.items():
            moments = theirs[key].mean, theirs[key].var, theirs[key].count
            if known is None:
                moments = moments_of_orbit(*moments, statistics.images)
            statistics.mean, statistics.var, statistics.count = moments
        rewards = saved.ret_rms
        new = normalizer.ret_rms
        new.mean, new.var, new.count = rewards.mean, rewards.var, rewards.count
        return normalizer

    def save(self, save_path: str) -> None:
        """
        :param save_path: of the file, which rank 0 writes
        :raises ValueError: if the statistics are not finite
        """
        if rank() == 0:
            refuse_non_finite_statistics(self)
            super().save(save_path)

    def reset(self) -> np.ndarray | dict[str, np.ndarray]:
        """
        :return: the first observations of an episode in every environment, normalized
        :raises NotFiniteError: if one is not finite; nothing is learned from any of them
        """
        observations = self.venv.reset()
        refuse_non_finite(by_name("observation", observations))
        self.returns = np.zeros(self.num_envs)
        return self._take_in(observations)

    def step_wait(self) -> VecEnvStepReturn:
        """
        As ``VecNormalize``, after all numbers were checked.

        :return: observations and rewards, normalized, and what else the environments gave
        :raises NotFiniteError: if an observation, a reward, or the last observation of an episode that was cut short is
            not finite; nothing is learned from any of them
        """
        observations, rewards, dones, infos = self.venv.step_wait()
        refuse_non_finite_step(observations, rewards, last_observations(dones, infos))
        self.old_reward = rewards
        observations = self._take_in(observations)
        if self.training:
            self._update_reward(rewards)
        for i in np.flatnonzero(dones):
            if "terminal_observation" in infos[i]:
                infos[i]["terminal_observation"] = self.normalize_obs(infos[i]["terminal_observation"])
        self.returns[dones] = 0
        return observations, self.normalize_reward(rewards), dones, infos

    def _take_in(self, observations: Any) -> Any:
        self.old_obs = observations
        if self.training and self.norm_obs:
            raw = _by_key(observations)
            for key, statistics in _by_key(self.obs_rms).items():
                statistics.update(raw[key])
        return self.normalize_obs(observations)


#: What the arguments of ``VecNormalize`` may be. An infinite bound is the usual way not to clip.
_ARGUMENTS: dict[str, Check] = {
    "training": FLAG,
    "norm_obs": FLAG,
    "norm_reward": FLAG,
    "clip_obs": Allowed(0, above=True, infinite=True),
    "clip_reward": Allowed(0, above=True, infinite=True),
    "gamma": FRACTION,
    "epsilon": POSITIVE,
}
#: Arguments of ``VecNormalize`` but for the environments.
_SETTINGS = ("training", "norm_obs", "norm_reward", "clip_obs", "clip_reward", "gamma", "epsilon", "norm_obs_keys")


def _read(path: str) -> VecNormalize:
    with open(path, "rb") as file:
        try:
            saved = pickle.load(file)
        except Exception as error:  # of any kind: what is no pickle is read as one
            raise InputError(path, f"expected a saved normalizer, got {type(error).__name__}: {error}") from error
    if not isinstance(saved, VecNormalize):
        raise InputError(
            path,
            f"expected what `save` of a SymmetricVecNormalize or a VecNormalize writes, got {type(saved).__name__}",
        )
    return saved


def _listed(shapes: dict[str, tuple[int, ...]]) -> Any:
    return shapes.get("", shapes)


def _moves_the_origin(transform: Transform) -> bool:
    return isinstance(transform, SignedPermutation) and transform.offset is not None


class SymmetricTensorVecNormalize(SymmetricVecNormalize, TensorVecEnv):
    """
    What :class:`SymmetricVecNormalize` makes of a :class:`~sb3_memaug.vec_env.tensor_vec_env.TensorVecEnv`: statistics
    and what is normalized by them stay on the device. Nothing is learned from a step with a number that is not finite,
    which comes out as nan.

    :param venv: to wrap
    :param symmetry: the group to average over; that of the environments by default
    :param args: as for ``VecNormalize``
    :param kwargs: as for ``VecNormalize``
    """

    venv: TensorVecEnv
    _statistics = TensorOrbitMeanStd

    def __init__(self, venv: TensorVecEnv, *args: Any, **kwargs: Any) -> None:
        super().__init__(venv, *args, **kwargs)
        self.ret_rms: TensorOrbitMeanStd = TensorOrbitMeanStd([], ())
        self._move_to(venv.device)

    def set_venv(self, venv: VecEnv) -> None:
        super().set_venv(venv)
        self._move_to(self.venv.device)

    def _move_to(self, device: th.device) -> None:
        self.device = device
        for statistics in (*_by_key(self.obs_rms).values(), self.ret_rms) if self.norm_obs else (self.ret_rms,):
            statistics.to(device)
        # With as many digits as the statistics: a sum of large rewards can be too large for float32.
        self._discounted = th.zeros(self.num_envs, device=device, dtype=self.ret_rms.centre.dtype)

    def reset(self) -> np.ndarray | dict[str, np.ndarray]:
        self._discounted = th.zeros_like(self._discounted)
        return super().reset()

    def _reset(self, seed: int | None) -> TensorObs:
        self._discounted = th.zeros_like(self._discounted)
        observations = finite_or(self.venv.reset_tensors(seed), th.nan)
        return self._normalize(observations, learn=self._all_finite(observations) if self.training else None)

    def _step(self, actions: th.Tensor) -> TensorStep:
        step = self.venv.step_tensors(actions)
        final = step.final_observations
        # Clipping would hide what is infinite from the check at the end of a rollout: it becomes nan, which stays.
        observations, rewards = (finite_or(x, th.nan) for x in (step.observations, step.rewards))
        if self.ret_rms.device != self.device:
            self.ret_rms.to(self.device)
        learn = self._all_finite(observations, rewards) if self.training else None
        observations = self._normalize(observations, learn)
        if self.training:
            self._discounted = self._discounted * self.gamma + rewards
            self.ret_rms.update(self._discounted, learn)
            self._discounted = th.where(step.dones | ~rewards.isfinite(), 0.0, self._discounted)
        if self.norm_reward:
            scale = (self.ret_rms.variance + self.epsilon).sqrt().float()
            rewards = (rewards / scale).clamp(-self.clip_reward, self.clip_reward)
        return step._replace(
            observations=observations,
            rewards=rewards,
            final_observations=None if final is None else self._normalize(finite_or(final, th.nan), learn=None),
        )

    def _all_finite(self, *numbers: Any) -> th.Tensor:
        """Whether they are to be learned from, a scalar on the device."""
        return all_finite([x for each in numbers for x in _by_key(each).values()])

    def reset_tensors(self, seed: int | None = None) -> TensorObs:
        return self._reset(seed)

    def step_tensors(self, actions: th.Tensor) -> TensorStep:
        # The episodes' returns are those of the rewards as they were.
        return self._step(actions)

    def _normalize(self, observations: TensorObs, learn: th.Tensor | None) -> TensorObs:
        if not self.norm_obs:
            return observations
        normalized = dict(_by_key(observations))
        for key, statistics in _by_key(self.obs_rms).items():
            if statistics.device != self.device:
                statistics.to(self.device)  # handed over by another normalizer
            if learn is not None:
                statistics.update(normalized[key], learn)
            deviation = (statistics.variance + self.epsilon).sqrt()
            scaled = (normalized[key] - statistics.centre.float()) / deviation.float()
            normalized[key] = scaled.clamp(-self.clip_obs, self.clip_obs)
        return normalized if isinstance(observations, dict) else normalized[""]

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        for name in ("device", "_discounted", "_returns", "_lengths", "_actions"):
            del state[name]
        return state


def _by_key(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"": value}


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
        :raises NotFiniteError: if a number that was to be normalized is not finite; the statistics are then those that
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
