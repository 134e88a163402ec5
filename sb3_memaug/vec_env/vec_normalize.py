"""Observation normalisation that commutes with the mirrors."""

from __future__ import annotations

import pickle
from inspect import signature
from typing import Any

import numpy as np
import torch as th
from stable_baselines3.common.vec_env import VecEnv, VecNormalize
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from sb3_memaug.files import InputError
from sb3_memaug.files.moved_modules import moved_modules
from sb3_memaug.symmetry import SignedPermutation, SymmetryGroup, Transform, check_group_fits
from sb3_memaug.vec_env.between import chain_of, check_between
from sb3_memaug.vec_env.distributed import rank
from sb3_memaug.vec_env.environment_group import group_of_environment
from sb3_memaug.vec_env.finite_check import all_finite, by_name, finite_or, refuse_non_finite
from sb3_memaug.vec_env.finite_saving import refuse_non_finite_statistics
from sb3_memaug.vec_env.last_observations import last_observations, refuse_non_finite_step
from sb3_memaug.vec_env.numbers import FRACTION, POSITIVE, Allowed, check_numbers
from sb3_memaug.vec_env.running_statistics import OrbitMeanStd, TensorOrbitMeanStd, moments_of_orbit
from sb3_memaug.vec_env.tensor_vec_env import TensorObs, TensorStep, TensorVecEnv

#: Why a plain ``VecNormalize`` is refused.
PLAIN = (
    "a plain VecNormalize normalises an observation and its mirror image by different statistics, which breaks the "
    "symmetry: use sb3_memaug.SymmetricVecNormalize in its place, whose `load` takes a plain one's file too, or "
    "VecNormalize(…, norm_obs=False)"
)


class SymmetricVecNormalize(VecNormalize):
    """
    ``VecNormalize`` whose observation statistics are those of the observations *and* all their mirror images, so that
    normalising and mirroring commute to float error.

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
        # VecNormalize itself takes any.
        check_numbers(_NUMBERS, signature(VecNormalize).bind(venv, *args, **kwargs).arguments)
        super().__init__(venv, *args, **kwargs)
        symmetry = symmetry or group_of_environment(venv)
        if symmetry is None:
            raise ValueError(
                "SymmetricVecNormalize needs a symmetry group: wrap the environments in sb3_memaug.MirrorSpec, pass "
                "`symmetry=`, or use stable-baselines3's VecNormalize"
            )
        for each in chain_of(venv):
            if type(each) is VecNormalize and each.norm_obs:
                raise ValueError(PLAIN)
        check_between(symmetry, venv)
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
                self.obs_rms[key] = self._statistics(
                    [mirror.by_key()[key] for mirror in symmetry], statistics.mean.shape
                )
        else:
            self.obs_rms = self._statistics([mirror.by_key()[""] for mirror in symmetry], self.obs_rms.mean.shape)

    @staticmethod
    def load(load_path: str, venv: VecEnv, symmetry: SymmetryGroup | None = None) -> SymmetricVecNormalize:
        """
        The statistics of a plain ``VecNormalize`` become those of its observations and all their mirror images.

        :param load_path: of a saved normaliser, this or a plain one, whether its environments were arrays or tensors
        :param venv: to wrap, in arrays or tensors
        :param symmetry: the group to average over; by default that of the saved normaliser, or of the environments
        :return: the normaliser, with the settings and the statistics that were saved
        :raises InputError: if the file holds no normaliser, or one of other observations
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
                load_path, f"expected statistics of the shapes {_told(expected)} as observed, got {_told(shapes)}"
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
        :return: the first observations of an episode in every environment, normalised
        :raises NotFiniteError: if one is not finite; nothing is learned from any of them
        """
        observations = self.venv.reset()
        refuse_non_finite(by_name("observation", observations))
        self.returns = np.zeros(self.num_envs)
        return self._take_in(observations)

    def step_wait(self) -> VecEnvStepReturn:
        """
        What ``VecNormalize`` does, once it is known that all numbers are finite.

        :return: observations and rewards, normalised, and what else the environments gave
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


#: What the numbers among the arguments of ``VecNormalize`` may be. An infinite bound is the usual way not to clip.
_NUMBERS = {
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
            with moved_modules():
                saved = pickle.load(file)
        except Exception as error:  # of any kind: what is no pickle is read as one
            raise InputError(path, f"expected a saved normaliser, got {type(error).__name__}: {error}") from error
    if not isinstance(saved, VecNormalize):
        raise InputError(
            path,
            f"expected what `save` of a SymmetricVecNormalize or a VecNormalize writes, got {type(saved).__name__}",
        )
    return saved


def _told(shapes: dict[str, tuple[int, ...]]) -> Any:
    return shapes.get("", shapes)


def _moves_the_origin(transform: Transform) -> bool:
    return isinstance(transform, SignedPermutation) and transform.offset is not None


class SymmetricTensorVecNormalize(SymmetricVecNormalize, TensorVecEnv):
    """
    What :class:`SymmetricVecNormalize` makes of a :class:`~sb3_memaug.vec_env.tensor_vec_env.TensorVecEnv`: statistics
    and what is normalised by them stay on the device. Nothing is learned from a step with a number that is not finite,
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
        # Clipping would hide what is infinite from those who look at the end of a rollout: it becomes nan, which stays.
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
        """Whether they are to be learned from; looked at on the device only."""
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
                statistics.to(self.device)  # handed over by another normaliser
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
