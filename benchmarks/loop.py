"""
The whole loop, rollout and update, in environment steps per second: MemAugRecurrentPPO with and without mirrors against
sb3-contrib's RecurrentPPO, on the MuJoCo minitaur (a numpy environment, 64 of them) and on the rowing boat (tensors,
1024 of them), there also through SB3's numpy interface.

LSTMs of 256 units, heads of 128-128-128 units, 24 steps, 5 epochs of 4 minibatches, float32, one thread. They take
turns, so that a machine whose speed drifts slows all alike. Prints a table and writes JSON.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any

import torch as th
from measuring import interleaved, machine, markdown_table, medians, write_result
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.logger import configure
from stable_baselines3.common.vec_env import VecEnv, VecMonitor

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.envs.rower import Rower

MINITAUR = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"
N_STEPS, N_MINIBATCHES, N_EPOCHS = 24, 4, 5
HIDDEN, HEADS = 256, [128, 128, 128]


def worlds(device: str, n_minitaurs: int, n_boats: int) -> dict[str, Any]:
    """Makers of environments, by name; a ``VecMonitor`` hides that the boats are tensors."""
    return {
        f"minitaur, {n_minitaurs}": lambda: make_vec_env(MINITAUR, n_minitaurs, seed=0),
        f"boat, {n_boats}, numpy": lambda: VecMonitor(Rower(n_boats, device)),
        f"boat, {n_boats}, tensors": lambda: Rower(n_boats, device),
    }


def make(algorithm: type[RecurrentPPO], env: VecEnv, device: str, **kwargs: Any) -> RecurrentPPO:
    model = algorithm(
        "MlpLstmPolicy",
        env,
        n_steps=N_STEPS,
        n_epochs=N_EPOCHS,
        batch_size=env.num_envs * N_STEPS // N_MINIBATCHES,
        seed=0,
        device=device,
        policy_kwargs={"lstm_hidden_size": HIDDEN, "net_arch": HEADS, "activation_fn": th.nn.ELU},
        **kwargs,
    )
    model.set_logger(configure(None, []))
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of which the median is shown (default: %(default)s)")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="default: %(default)s")
    parser.add_argument("--minitaurs", type=int, default=64, help="default: %(default)s")
    parser.add_argument("--boats", type=int, default=1024, help="default: %(default)s")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/loop.json"), help="file to write")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning, module="stable_baselines3")
    if options.device == "cpu":
        th.set_num_threads(1)

    contenders: dict[str, Any] = {"sb3-contrib": (RecurrentPPO, {})}
    contenders |= {"ours, no mirrors": (MemAugRecurrentPPO, {"symmetry": False})}
    contenders |= {"ours, |G| = 4": (MemAugRecurrentPPO, {})}
    phases, n_envs = {}, {}
    for world, make_env in worlds(options.device, options.minitaurs, options.boats).items():
        for name, (algorithm, kwargs) in contenders.items():
            if algorithm is RecurrentPPO and world.endswith("tensors"):
                continue  # it would take them as numpy
            model = make(algorithm, make_env(), options.device, **kwargs)
            _, callback = model._setup_learn(10**9)
            row = world, name
            n_envs[row] = model.n_envs
            phases[(*row, "rollout")] = lambda m=model, c=callback: m.collect_rollouts(
                m.env, c, m.rollout_buffer, N_STEPS
            )
            phases[(*row, "update")] = model.train

    times = interleaved(
        {" | ".join(phase): function for phase, function in phases.items()}, options.rounds, options.device
    )
    taken = medians(times)
    rows, speeds = [], {}
    for world, name in n_envs:
        rollout, update = (taken[f"{world} | {name} | {phase}"] for phase in ("rollout", "update"))
        speeds[f"{world} | {name}"] = n_envs[world, name] * N_STEPS / (rollout + update)
        theirs = speeds[f"{world.replace('tensors', 'numpy')} | sb3-contrib"]
        speed = speeds[f"{world} | {name}"]
        rows.append(
            (world, name, f"{1e3 * rollout:.0f}", f"{1e3 * update:.0f}", f"{speed:.0f}", f"{speed / theirs:.2f}")
        )
    write_result(
        options.json,
        {
            "command": " ".join(["python", *sys.argv]),
            "machine": machine(options.device),
            "seconds": times,
            "median": taken,
            "steps_per_second": speeds,
        },
        markdown_table(("environments", "algorithm", "rollout, ms", "update, ms", "steps/s", "relative"), rows),
    )


if __name__ == "__main__":
    main()
