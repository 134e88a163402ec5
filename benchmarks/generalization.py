"""
The result that the README tells: memory-aug, memory-id and baseline-aug on the minitaur, over several seeds.

Runs ``examples/demo.py`` once for each seed, with the settings of ``zoo_configs/`` for all policies, and writes every
evaluated episode of every seed into one CSV file, and the figure of their means. A seed whose models lie in its folder
already is not trained again.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
from itertools import product
from pathlib import Path
from statistics import fmean

from sb3_memaug.evaluation import read_csv
from sb3_memaug.evaluation.figures import returns_by_leg

ENVIRONMENTS = {
    "MuJoCo": "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0",
    "PyBullet": "MemAug/MinitaurVelocityJointFailure-v0",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="(default: %(default)s)")
    parser.add_argument("--policies", nargs="+", default=["memory-aug", "memory-id", "baseline-aug"])
    parser.add_argument("--episodes", type=int, default=16, help="per failure (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("runs/generalization"), help="(default: %(default)s)")
    parser.add_argument("--csv", type=Path, default=Path("benchmarks/results/minitaur_generalization.csv"))
    parser.add_argument("--figure", type=Path, default=Path("docs/figure.png"))
    options = parser.parse_args()

    rows: list[dict[str, str]] = []
    for seed in options.seeds:
        folder = options.folder / f"seed_{seed}"
        subprocess.run(
            [
                *(sys.executable, "examples/demo.py", "--seed", str(seed), "--episodes", str(options.episodes)),
                *("--folder", str(folder), "--policies", *options.policies),
            ],
            check=True,
        )
        with (folder / "results.csv").open() as file:
            rows += [{"training_seed": str(seed), **row} for row in csv.DictReader(file)]
    options.csv.parent.mkdir(parents=True, exist_ok=True)
    with options.csv.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(table(rows, options.seeds, options.policies) + f"\n\n{options.csv}")
    print(returns_by_leg(read_csv(options.csv), options.figure))


def table(rows: list[dict[str, str]], seeds: list[int], policies: list[str]) -> str:
    """Mean returns over all seeds, those of each seed in brackets."""
    lines = ["| simulator | actions | policy | no failure | ID failures | OOD failures |", "| --- " * 6 + "|"]
    for (simulator, env), (actions, deterministic), policy in product(
        ENVIRONMENTS.items(), (("mean", "True"), ("sampled", "False")), policies
    ):
        where = {"env": env, "deterministic": deterministic, "policy": policy}
        cells = []
        for split in ("none", "id", "ood"):
            means = [mean(rows, training_seed=str(seed), split=split, **where) for seed in seeds]
            cells.append(f"{fmean(means):.0f} ({', '.join(f'{m:.0f}' for m in means)})")
        lines.append(f"| {simulator} | {actions} | {policy} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def mean(rows: list[dict[str, str]], **where: str) -> float:
    return fmean(float(row["episode_return"]) for row in rows if all(row[k] == v for k, v in where.items()))


if __name__ == "__main__":
    main()
