"""What updates are measured on: environments of noise, groups that mirror it, and models that have collected it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch as th
from gymnasium import spaces
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.logger import configure
from stable_baselines3.common.vec_env import VecEnv

from sb3_memaug.symmetry import Mirror, SignedPermutation, SymmetryGroup

# So small that the last update measured does what the first one did: nothing drifts, clips or overflows.
LEARNING_RATE = 1e-8


@dataclass(frozen=True)
class Sizes:
    """Of a rollout, of its update and of the networks: one LSTM and one head for the actor, the same for the critic."""

    n_envs: int = 64
    n_steps: int = 24
    n_observations: int = 38
    n_actions: int = 8
    hidden: int = 256
    head: tuple[int, ...] = (128, 128, 128)
    n_epochs: int = 5
    n_minibatches: int = 4

    @property
    def samples(self) -> int:
        return self.n_envs * self.n_steps


class Noise(VecEnv):
    """Observations and rewards are noise, drawn for all environments at once; 1 % of the steps end an episode."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(
            sizes.n_envs,
            spaces.Box(-np.inf, np.inf, (sizes.n_observations,), np.float32),
            spaces.Box(-1, 1, (sizes.n_actions,), np.float32),
        )
        self.generator = np.random.default_rng(0)

    def reset(self) -> np.ndarray:
        assert self.observation_space.shape is not None
        return self.generator.standard_normal((self.num_envs, *self.observation_space.shape), dtype=np.float32)

    def step_async(self, actions: np.ndarray) -> None:
        pass

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        rewards = self.generator.standard_normal(self.num_envs, dtype=np.float32)
        dones = self.generator.random(self.num_envs) < 0.01
        return self.reset(), rewards, dones, [{} for _ in range(self.num_envs)]

    def close(self) -> None:
        pass

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        if attr_name != "render_mode":
            raise AttributeError(attr_name)
        return [None] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        raise NotImplementedError

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        raise NotImplementedError

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        return [False] * self.num_envs


def group(sizes: Sizes, order: int) -> SymmetryGroup:
    """Reversals, of all entries and of each half: a group of 2 or of 4."""

    def reverse(size: int) -> SignedPermutation:
        return SignedPermutation(range(size)[::-1])

    def halves(size: int) -> SignedPermutation:
        return SignedPermutation.concatenate([reverse(size // 2)] * 2)

    generators = (reverse, halves)[: order // 2]
    return SymmetryGroup({f.__name__: Mirror(f(sizes.n_observations), f(sizes.n_actions)) for f in generators})


def collected(algorithm: type[RecurrentPPO], sizes: Sizes, device: str, **kwargs: Any) -> RecurrentPPO:
    """A model that can train on its rollout again and again; the second rollout, which goes on with episodes."""
    model = algorithm(
        "MlpLstmPolicy",
        Noise(sizes),
        learning_rate=LEARNING_RATE,
        n_steps=sizes.n_steps,
        n_epochs=sizes.n_epochs,
        batch_size=sizes.samples // sizes.n_minibatches,
        seed=0,
        device=device,
        policy_kwargs={
            "lstm_hidden_size": sizes.hidden,
            "net_arch": list(sizes.head),
            "activation_fn": th.nn.ELU,
        },
        **kwargs,
    )
    model.set_logger(configure(None, []))
    _, callback = model._setup_learn(10**9)
    for _ in range(2):
        model.collect_rollouts(model.env, callback, model.rollout_buffer, sizes.n_steps)
    return model


def mirrored(sizes: Sizes, order: int) -> dict[str, Any]:
    """What MemAugRecurrentPPO takes for a group of that order; of 1, for none."""
    return {"symmetry": group(sizes, order) if order > 1 else False}


def selected(names: Sequence[str], only: Sequence[str]) -> list[str]:
    """Those that contain one of the given words; all, where there are none."""
    return [name for name in names if not only or any(word in name for word in only)]
