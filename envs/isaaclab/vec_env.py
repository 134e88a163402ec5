"""Environments of Isaac Lab, for the algorithms of this library and of Stable-Baselines3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
import torch as th
from gymnasium import spaces

from sb3_memaug.arguments import FLAG, checks_arguments
from sb3_memaug.symmetry import SymmetryGroup
from sb3_memaug.vec_env.tensor_vec_env import TensorObs, TensorStep, TensorVecEnv

from .mirrors import isaaclab_symmetry_group

if TYPE_CHECKING:
    from isaaclab.envs import ManagerBasedRLEnv

#: Stable-Baselines3 wants actions to have bounds. No policy reaches these: none of its actions is clipped.
UNREACHED = 1e6


class IsaacLabVecEnv(TensorVecEnv):
    """
    A manager-based environment of Isaac Lab whose tensors stay on the simulator's device.

    .. code-block:: python

        env = IsaacLabVecEnv(gym.make("Isaac-Velocity-Flat-AnymalD", cfg=cfg))
        model = MemAugRecurrentPPO("MlpLstmPolicy", env, device=env.device)

    Observations of one group are an array, those of several a dict with a key for each group. A group whose terms are
    not concatenated has a key ``group/term`` for each of them.

    Where an episode ends, its final observation is taken before the reset. Isaac Lab enters it into no history and no
    delay: a term that has one shows its final value without the last step.

    Time limits of a task with ``is_finite_horizon`` are ends of episodes, not interruptions. What Isaac Lab logs at a
    reset appears in SB3's logger under its own names. Options of a reset are handed to it as lists, with one entry for
    each environment, as the tasks of this library read them.

    :param env: Isaac Lab's environment, wrapped by Gymnasium or not
    :param groups: which groups of observations the policy sees
    :param mirrors: names of the reflections that generate :attr:`symmetry_group`, by default all that the robot has
    :param staggered: whether episodes that begin with a reset without options are already as old as chance says, lest
        all of them end at once; trainings of rsl_rl begin so
    :param action_bound: the largest action. An algorithm that scales its actions to the bounds needs a small one, as
        SAC does, and a policy with ``squash_output``; Isaac Lab itself has none
    :raises ValueError: if the environment is of another kind, or has no such groups
    """

    @checks_arguments({"staggered": FLAG})
    def __init__(
        self,
        env: gym.Env | ManagerBasedRLEnv,
        groups: Sequence[str] = ("policy",),
        mirrors: Sequence[str] | None = None,
        staggered: bool = False,
        action_bound: float = UNREACHED,
    ) -> None:
        inner: Any = env.unwrapped
        if not all(hasattr(inner, name) for name in ("observation_manager", "action_manager", "reward_manager")):
            raise ValueError(f"expected a ManagerBasedRLEnv of Isaac Lab, got {type(inner).__name__}")
        if not 0 < action_bound < np.inf:
            raise ValueError(f"`action_bound` must be positive and finite, got {action_bound}")
        known = inner.single_observation_space.spaces
        if isinstance(groups, str) or not groups or set(groups) - set(known):
            raise ValueError(f"`groups` must be a list of some of {list(known)}, got {groups!r}")
        #: Isaac Lab's environment.
        self.env: Any = env
        self.groups = tuple(groups)
        self.staggered = staggered
        self._mirrors = mirrors
        self._log: Mapping[str, Any] = {}
        #: Whether a new episode starts where one has ended. Else the old one goes on, for recorders of its end.
        self.auto_reset = True
        # It is looked at in each step, so that there is no need for another configuration.
        inner.cfg.compute_final_obs = True
        by_key = spaces.Dict(_by_key({group: known[group] for group in self.groups}))
        self._is_dict = len(by_key.spaces) > 1
        super().__init__(
            inner.num_envs,
            by_key if self._is_dict else next(iter(by_key.values())),
            spaces.Box(-action_bound, action_bound, inner.single_action_space.shape, np.float32),
            device=inner.device,
            render_mode=env.render_mode,
        )

    @cached_property
    def symmetry_group(self) -> SymmetryGroup:
        """The mirrors of the robot, acting on these observations and actions; derived when first asked for."""
        return isaaclab_symmetry_group(self.env, self.groups, self._mirrors)

    def _reset(self, seed: int | None) -> TensorObs:
        names = dict.fromkeys(name for options in self._options for name in options)
        if any(names.keys() - options.keys() for options in self._options):
            raise ValueError(f"expected all environments to have the options {list(names)}, got {self._options}")
        options = {name: [options[name] for options in self._options] for name in names}
        observations, extras = self.env.reset(seed=seed, options=options or None)
        self._log = extras.get("log", {})
        if self.staggered and not options:
            inner = self.env.unwrapped
            inner.episode_length_buf.random_(int(inner.max_episode_length))
            # Some tasks observe how old the episode is.
            observations = inner.observation_manager.compute()
        return self._observations(observations)

    def _step(self, actions: th.Tensor) -> TensorStep:
        with nullcontext() if self.auto_reset else _without_resets(self.env.unwrapped):
            observations, rewards, terminated, truncated, extras = self.env.step(actions)
        final = extras.pop("final_obs", None)
        if self.env.unwrapped.cfg.is_finite_horizon:
            terminated, truncated = terminated | truncated, th.zeros_like(truncated)
        return TensorStep(
            self._observations(observations),
            # Isaac Lab's managers go on writing into the tensors that they give.
            rewards.clone(),
            terminated.clone(),
            truncated.clone(),
            None if final is None else self._observations(final),
            self._new_log(extras.get("log", {})),
        )

    def _observations(self, groups: Mapping[str, Any]) -> TensorObs:
        by_key = _by_key({group: groups[group] for group in self.groups})
        return by_key if self._is_dict else next(iter(by_key.values()))

    def _new_log(self, log: Mapping[str, Any]) -> Mapping[str, th.Tensor]:
        """A reset makes a new log; until the next one the environment shows the same again."""
        if log is self._log or not log:
            return {}
        self._log = log
        return dict(zip(log, th.stack(list(self._scalars(log.values()))).unbind(), strict=True))

    def _scalars(self, values: Iterable[Any]) -> Iterable[th.Tensor]:
        for value in values:
            if isinstance(value, th.Tensor):
                yield value.to(self.device, th.float32).mean()
            else:
                # Filled by the device itself, without waiting.
                yield th.full((), float(value), device=self.device)

    def close(self) -> None:
        self.env.close()


@contextmanager
def _without_resets(env: Any) -> Iterator[None]:
    """Isaac Lab's step resets environments whose episode it ends."""
    env._reset_idx = lambda env_ids: None
    try:
        yield
    finally:
        del env._reset_idx


def _by_key(groups: Mapping[str, Any]) -> dict[str, Any]:
    """Groups by name, and the terms of those that are not concatenated."""
    found: dict[str, Any] = {}
    for group, content in groups.items():
        if isinstance(content, Mapping | spaces.Dict):
            found |= {f"{group}/{term}": part for term, part in content.items()}
        else:
            found[group] = content
    return found
