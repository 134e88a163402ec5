"""
Somebody else's environment, through wrappers alone: Gymnasium's ant learns to run with a dead left leg, and runs with a
dead right one.

Trains memory-aug and, for contrast, memory-id (the same without mirrors) on failures of either left leg, evaluates them
on each leg, and leaves models, a table and a figure in the folder ``ant/``. What lies there already is not made again.
"""

from __future__ import annotations

import argparse
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import gymnasium as gym
import torch as th
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor, VecNormalize

from sb3_memaug import JointFailure, MemAugRecurrentPPO, MirrorSpec, SymmetricVecNormalize
from sb3_memaug.evaluation import Result, evaluate_generalization, split_table, write_csv
from sb3_memaug.report.figures.returns_per_task import chart_of_results
from sb3_memaug.report.images import draw_image

#: Motors of each leg, the ant facing the way it is rewarded for running.
LEGS = {
    "front_left": ("hip_1", "ankle_1"),
    "back_left": ("hip_2", "ankle_2"),
    "front_right": ("hip_4", "ankle_4"),
    "back_right": ("hip_3", "ankle_3"),
}
SPLITS = {"id": ("front_left", "back_left"), "ood": ("front_right", "back_right")}
ENV = "AntWithABrokenLeg-v0"
N_ENVS = 16
SETTINGS = {
    "n_steps": 64,
    "n_minibatches": 4,
    "n_epochs": 5,
    "learning_rate": 5e-4,
    "desired_kl": 0.015,
    "gamma": 0.99,
    "max_grad_norm": 1.0,
    "policy_kwargs": {
        "lstm_hidden_size": 64,
        "shared_lstm": True,
        "enable_critic_lstm": False,
        "lstm_skip_connection": True,
        "net_arch": [128, 128],
        "activation_fn": th.nn.ELU,
        "log_std_init": -0.7,
    },
}
POLICIES = {"memory-aug": {"mirror_loss_coef": 1.0}, "memory-id": {"symmetry": False}}


def make_ant(split: str = "id") -> gym.Env:
    """All that it takes: one wrapper breaks legs, one derives the mirrors from the model."""
    ant = gym.make("Ant-v5", include_cfrc_ext_in_observation=False)
    return MirrorSpec(JointFailure(ant, joints=[LEGS[leg] for leg in SPLITS[split]], probability=0.8))


gym.register(ENV, make_ant)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1_500_000, help="of each training (default: %(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1], help="of the trainings (default: 0 1)")
    parser.add_argument("--episodes", type=int, default=10, help="per leg in evaluation (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("ant"), help="(default: %(default)s)")
    parser.add_argument("--processes", type=int, default=2, help="side by side (default: %(default)s)")
    options = parser.parse_args()

    jobs = [(policy, seed) for seed in options.seeds for policy in POLICIES]
    with ProcessPoolExecutor(options.processes) as pool:
        runs = [pool.submit(run, *job, options.steps, options.episodes, options.folder) for job in jobs]
        found = [(seed, each.result()) for (_, seed), each in zip(jobs, runs, strict=True)]
    results = [result for _, rows in found for result in rows]
    by_seed = {seed: [result for other, rows in found if other == seed for result in rows] for seed in options.seeds}
    print(split_table(results))
    print(f"\nevery episode: {write_csv(results, options.folder / 'results.csv')}")
    print(f"figure: {draw_image(chart_of_results(by_seed), options.folder / 'figure.png')}")


def run(policy: str, seed: int, steps: int, episodes: int, folder: Path) -> list[Result]:
    """Train, unless the model is there already, and evaluate."""
    th.set_num_threads(1)
    path = folder / f"{policy}_{seed}"
    if not path.with_suffix(".zip").exists():
        train(policy, seed, steps, path)
    model = MemAugRecurrentPPO.load(path)
    normalizer = pickle.loads(path.with_suffix(".pkl").read_bytes())
    normalizer.training = False
    leg_of = {"+".join(motors): leg for leg, motors in LEGS.items()}
    return [
        result._replace(variation=leg_of.get(result.variation, result.variation))
        for deterministic in (True, False)
        for result in evaluate_generalization(model, ENV, policy, episodes, deterministic, normalizer=normalizer)
    ]


def train(policy: str, seed: int, steps: int, path: Path) -> None:
    settings = {**SETTINGS, **POLICIES[policy]}
    venv = VecMonitor(DummyVecEnv([make_ant] * N_ENVS))
    normalize = VecNormalize if settings.get("symmetry") is False else SymmetricVecNormalize
    normalized = normalize(venv, gamma=settings["gamma"])
    model = MemAugRecurrentPPO("MlpLstmPolicy", normalized, seed=seed, **settings)
    model.learn(steps)
    path.parent.mkdir(parents=True, exist_ok=True)
    normalized.save(str(path.with_suffix(".pkl")))
    model.save(path)


if __name__ == "__main__":
    main()
