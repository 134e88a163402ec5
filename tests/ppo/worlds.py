"""Small environments with a known symmetry, and policies that obey it."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import torch as th
from gymnasium import spaces
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecEnv
from torch import nn

from sb3_memaug.symmetry import ImageFlip, LabelPermutation, Mirror, SignedPermutation, SymmetryGroup

SWAP = SignedPermutation([1, 0, 3, 2])
OBSERVATIONS = {
    "vector": (spaces.Box(-np.inf, np.inf, (4,), np.float32), SWAP),
    "image": (spaces.Box(0, 255, (36, 36, 3), np.uint8), ImageFlip(horizontal=True)),
    "dict": (
        spaces.Dict({"a": spaces.Box(-1, 1, (4,), np.float32), "b": spaces.Box(-1, 1, (2,), np.float32)}),
        {"a": SWAP, "b": SignedPermutation([0, 1], [1, -1])},
    ),
    "discrete": (spaces.Discrete(3), LabelPermutation([2, 1, 0])),
}
ACTIONS = {
    "box": (spaces.Box(-1, 1, (2,), np.float32), SignedPermutation([1, 0])),
    "matrix": (spaces.Box(-1, 1, (2, 2), np.float32), SWAP),
    "discrete": (spaces.Discrete(3), LabelPermutation([2, 1, 0])),
    "multidiscrete": (spaces.MultiDiscrete([2, 2]), LabelPermutation([[1, 0], [1, 0]], [1, 0])),
    "multibinary": (spaces.MultiBinary(2), SignedPermutation([1, 0])),
}


class RandomWorld(gym.Env):
    """Observations are noise; episodes end, or are cut short, at random."""

    def __init__(
        self, observation: str = "vector", action: str = "box", symmetric: bool = True, end: float = 0.1
    ) -> None:
        self.observation_space, seen = OBSERVATIONS[observation]
        self.action_space, done = ACTIONS[action]
        self.end = end
        if symmetric:
            self.symmetry_group = SymmetryGroup({"left_right": Mirror(seen, done)})

    def _observe(self) -> Any:
        self.observation_space.seed(int(self.np_random.integers(2**31)))
        sample = self.observation_space.sample()
        return np.tanh(sample) if self.observation_space is OBSERVATIONS["vector"][0] else sample

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        return self._observe(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        ends = self.np_random.random() < self.end
        cut = bool(ends and self.np_random.random() < 0.5)
        reward = float(np.sum(action)) + float(self.np_random.normal())
        return self._observe(), reward, bool(ends and not cut), cut, {}


def random_worlds(n_envs: int = 4, seed: int = 0, **kwargs: Any) -> VecEnv:
    return make_vec_env(RandomWorld, n_envs=n_envs, seed=seed, env_kwargs=kwargs)


class ToldOnce(gym.Env):
    """The first observation tells the direction that is rewarded from then on; the others tell nothing."""

    length = 8
    observation_space = spaces.Box(-1, 1, (2,), np.float32)
    action_space = spaces.Box(-1, 1, (1,), np.float32)
    symmetry_group = SymmetryGroup(
        {"left_right": Mirror(SignedPermutation([0, 1], [-1, 1]), SignedPermutation([0], [-1]))}
    )

    def __init__(self, direction: float = 1.0) -> None:
        self.direction = direction

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.step_ = 0
        return np.array([self.direction, 1.0], np.float32), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.step_ += 1
        reward = float(np.clip(action, -1, 1)[0]) * self.direction
        return np.array([0.0, 0.0], np.float32), reward, self.step_ == self.length, False, {}


def evaluated_parts(model: Any) -> list[Any]:
    """All of an epoch, evaluated by the present policy."""
    return [part for minibatch in model._minibatches() for part in minibatch.parts]


def make_equivariant(policy: nn.Module, observation: SignedPermutation, action: SignedPermutation) -> None:
    """Average every weight over the group: hidden units come in two halves, which the mirror exchanges."""

    def halves(size: int) -> SignedPermutation:
        return SignedPermutation([*range(size // 2, size), *range(size // 2)])

    def average(weight: th.Tensor, out: SignedPermutation, into: SignedPermutation) -> None:
        weight.copy_((weight + into.apply(out.apply(weight.T).T)) / 2)

    with th.no_grad():
        for name, parameter in policy.named_parameters():
            if name.startswith("lstm"):
                hidden = halves(parameter.shape[0] // 4)
                into = hidden if "_hh_" in name else observation
                for gate in parameter.chunk(4):
                    if gate.dim() == 1:
                        gate.copy_((gate + hidden.apply(gate)) / 2)
                    else:
                        average(gate, hidden, into)
            elif name == "log_std":
                parameter.copy_((parameter + action.apply(parameter)) / 2)
            else:
                size = parameter.shape[0]
                out = {"action_net": action, "value_net": SignedPermutation.identity(size)}.get(
                    name.split(".")[0], halves(size)
                )
                if parameter.dim() == 1:
                    parameter.copy_((parameter + out.apply(parameter)) / 2)
                else:
                    average(parameter, out, halves(parameter.shape[1]))
