"""
How long one update takes: MemAugRecurrentPPO with and without mirrors against sb3-contrib's RecurrentPPO.

Both train on a rollout of 64 environments × 24 steps of noise (38 observations, 8 actions, 1 % of steps end an
episode), LSTMs of 256 units, heads of 128-128-128 units, 5 epochs of 4 minibatches, float32, one thread. They take
turns, so that a machine whose speed drifts slows both. Prints a table and writes JSON.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
import warnings
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import sb3_contrib
import torch as th
from gymnasium import spaces
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.logger import configure

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.symmetry import Mirror, SignedPermutation, SymmetryGroup

N_ENVS, N_STEPS, N_MINIBATCHES = 64, 24, 4
N_OBSERVATIONS, N_ACTIONS = 38, 8


class Noise(gym.Env[np.ndarray, np.ndarray]):
    """Observations and rewards are noise; an episode ends with a probability of 1 % a step."""

    observation_space = spaces.Box(-np.inf, np.inf, (N_OBSERVATIONS,), np.float32)
    action_space = spaces.Box(-1, 1, (N_ACTIONS,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        return self.np_random.standard_normal(N_OBSERVATIONS, dtype=np.float32), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        observation = self.np_random.standard_normal(N_OBSERVATIONS, dtype=np.float32)
        return observation, float(self.np_random.normal()), bool(self.np_random.random() < 0.01), False, {}


def group(order: int) -> SymmetryGroup:
    """Reversals, of all entries and of each half: a group of 2 or of 4."""

    def reverse(size: int) -> SignedPermutation:
        return SignedPermutation(range(size)[::-1])

    def halves(size: int) -> SignedPermutation:
        return SignedPermutation.concatenate([reverse(size // 2)] * 2)

    mirrors = {f.__name__: Mirror(f(N_OBSERVATIONS), f(N_ACTIONS)) for f in (reverse, halves)[: order // 2]}
    return SymmetryGroup(mirrors)


def collected(algorithm: type[RecurrentPPO], **kwargs: Any) -> RecurrentPPO:
    """A model that has collected a rollout and can train on it again and again."""
    model = algorithm(
        "MlpLstmPolicy",
        make_vec_env(Noise, N_ENVS, seed=0),
        n_steps=N_STEPS,
        n_epochs=5,
        batch_size=N_ENVS * N_STEPS // N_MINIBATCHES,
        seed=0,
        device="cpu",
        policy_kwargs={"lstm_hidden_size": 256, "net_arch": [128, 128, 128], "activation_fn": th.nn.ELU},
        **kwargs,
    )
    model.set_logger(configure(None, []))
    _, callback = model._setup_learn(10**6)
    model.collect_rollouts(model.env, callback, model.rollout_buffer, N_STEPS)
    return model


def seconds(model: RecurrentPPO) -> float:
    start = time.perf_counter()
    model.train()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="of which the median is told (default: %(default)s)")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/update.json"), help="file to write")
    options = parser.parse_args()
    th.set_num_threads(1)
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="gymnasium")

    models = {"sb3-contrib RecurrentPPO": collected(RecurrentPPO)}
    models |= {"MemAugRecurrentPPO, |G| = 1": collected(MemAugRecurrentPPO, symmetry=False)}
    models |= {
        f"MemAugRecurrentPPO, |G| = {order}": collected(MemAugRecurrentPPO, symmetry=group(order)) for order in (2, 4)
    }
    times: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(options.rounds + 1):
        for name, model in models.items():
            times[name].append(seconds(model))
    medians = {name: statistics.median(measured[1:]) for name, measured in times.items()}  # the first warms up
    theirs = medians["sb3-contrib RecurrentPPO"]

    print("| algorithm | update, ms | relative |\n| --- | --- | --- |")
    for name, median in medians.items():
        print(f"| {name} | {1000 * median:.0f} | {median / theirs:.2f} |")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    machine = {
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "torch": th.__version__,
        "sb3_contrib": sb3_contrib.__version__,
        "threads": th.get_num_threads(),
    }
    result = {"command": "python benchmarks/update.py", "machine": machine, "seconds": times, "median": medians}
    options.json.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\n{options.json}")


if __name__ == "__main__":
    main()
