"""
Whether bfloat16 learns as well as float32: memory-aug on the MuJoCo minitaur, with the settings of ``zoo_configs/``, by
both and over several seeds. Writes the learning curves as CSV and as a figure, and prints the returns of the last fifth
of the training. A training that has been finished in its folder is not repeated.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from statistics import fmean

import matplotlib.pyplot as plt
import numpy as np
from measuring import markdown_table

from sb3_memaug.files import atomic_write

ENVIRONMENT = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"
PRECISIONS = {"float32": "None", "bfloat16": "'bf16'"}
#: A curve: environment steps and mean return of the latest 100 episodes.
Curve = list[tuple[int, float]]


def train(folder: Path, precision: str, seed: int, steps: int) -> Curve:
    output = folder / f"{precision}_{seed}.txt"
    if not output.exists():
        command = [
            *(sys.executable, "-m", "sb3_memaug", "train", "--algo", "memaug_ppo", "--env", ENVIRONMENT),
            *("--seed", str(seed), "-n", str(steps), "--num-threads", "1", "--eval-freq", "-1"),
            *("-f", str(folder / f"{precision}_{seed}"), "-params", f"autocast:{PRECISIONS[precision]}"),
        ]
        print("$ memaug " + " ".join(command[3:]))
        with atomic_write(output) as part, part.open("w") as file:
            subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=True)
    curve: Curve = []
    latest = None
    for line in output.read_text().splitlines():
        if match := re.search(r"ep_rew_mean\s*\|\s*([-\d.e+]+)", line):
            latest = float(match[1])
        elif (match := re.search(r"total_timesteps\s*\|\s*(\d+)", line)) and latest is not None:
            curve.append((int(match[1]), latest))
    return curve


def draw(curves: dict[str, dict[int, Curve]], path: Path) -> None:
    figure, axis = plt.subplots(figsize=(6, 3.6))
    for color, (precision, by_seed) in zip(("#0072B2", "#E69F00"), curves.items(), strict=True):
        for curve in by_seed.values():
            axis.plot(*zip(*curve, strict=True), color=color, alpha=0.35, linewidth=0.8)
        shortest = min(len(curve) for curve in by_seed.values())
        mean = np.mean([curve[:shortest] for curve in by_seed.values()], axis=0)
        axis.plot(*mean.T, color=color, linewidth=2, label=f"{precision}, mean of {len(by_seed)} seeds")
    axis.set(xlabel="environment steps", ylabel="episode return in training")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="(default: %(default)s)")
    parser.add_argument("--steps", type=int, default=500_000, help="of each training (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="at a time (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("runs/precision"), help="(default: %(default)s)")
    parser.add_argument("--csv", type=Path, default=Path("benchmarks/results/precision.csv"))
    parser.add_argument("--figure", type=Path, default=Path("docs/precision.png"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)

    jobs = [(precision, seed) for seed, precision in product(options.seeds, PRECISIONS)]
    with ThreadPoolExecutor(options.jobs) as pool:
        found = list(pool.map(lambda job: train(options.folder, *job, options.steps), jobs))
    curves: dict[str, dict[int, Curve]] = defaultdict(dict)
    for (precision, seed), curve in zip(jobs, found, strict=True):
        curves[precision][seed] = curve
    with options.csv.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("precision", "seed", "steps", "episode_return"))
        writer.writerows(
            (precision, seed, *point)
            for precision, by_seed in curves.items()
            for seed, curve in by_seed.items()
            for point in curve
        )
    draw(curves, options.figure)
    rows = []
    for precision, by_seed in curves.items():
        late = [fmean(value for steps, value in curve if steps > 0.8 * options.steps) for curve in by_seed.values()]
        rows.append((precision, f"{fmean(late):.0f}", ", ".join(f"{value:.0f}" for value in late)))
    print(markdown_table(("precision", "return", "by seed"), rows) + f"\n\n{options.csv}\n{options.figure}")


if __name__ == "__main__":
    main()
