"""
The result that the README shows: memory-aug, memory-id and baseline-aug on the minitaur, over several seeds.

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

from sb3_memaug.evaluation import Result, mean_return, read_csv
from sb3_memaug.report.figures.returns_per_task import chart_of_results
from sb3_memaug.report.images import draw_image

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

    results: dict[int, list[Result]] = {}
    for seed in options.seeds:
        folder = options.folder / f"seed_{seed}"
        subprocess.run(
            [
                *(sys.executable, "examples/demo.py", "--seed", str(seed), "--episodes", str(options.episodes)),
                *("--folder", str(folder), "--policies", *options.policies),
            ],
            check=True,
        )
        results[seed] = read_csv(folder / "results.csv")
    options.csv.parent.mkdir(parents=True, exist_ok=True)
    with options.csv.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("training_seed", *Result._fields))
        writer.writerows((seed, *result) for seed, rows in results.items() for result in rows)
    print(table(results, options.policies) + f"\n\n{options.csv}")
    print(draw_image(chart_of_results(results), options.figure))


def table(results: dict[int, list[Result]], policies: list[str]) -> str:
    """Mean returns over all seeds, those of each seed in brackets."""
    lines = ["| simulator | actions | policy | no failure | ID failures | OOD failures |", "| --- " * 6 + "|"]
    for (simulator, env), deterministic, policy in product(ENVIRONMENTS.items(), (True, False), policies):
        where = {"env": env, "deterministic": deterministic, "policy": policy}
        cells = [simulator, "mean" if deterministic else "sampled", policy]
        for split in ("none", "id", "ood"):
            means = [mean_return(rows, split=split, **where) for rows in results.values()]
            cells.append(f"{fmean(means):.0f} ({', '.join(f'{m:.0f}' for m in means)})")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
