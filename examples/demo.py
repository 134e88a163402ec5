"""
The whole story in about ten minutes: train with failures of the left front leg, walk with a failure of any leg.

Trains memory-aug and, for contrast, memory-id and baseline-aug on the MuJoCo minitaur, evaluates them on no failure and
on each leg's motors, there and (never having seen it) in PyBullet, and leaves the models, a table, a figure and a video
in the folder ``demo/``. Models that lie there already are not trained again.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sb3_memaug.evaluation import Result, evaluate_generalization, split_table, write_csv
from sb3_memaug.models import load_model

TRAINED_ON = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"
TRANSFERRED_TO = "MemAug/MinitaurVelocityJointFailure-v0"
#: What ``memaug train`` is asked for; memory-id is memory-aug without mirrors.
POLICIES = {
    "memory-aug": ["--algo", "memaug_ppo"],
    "memory-id": ["--algo", "memaug_ppo", "-params", "symmetry:False", "mirror_loss_coef:0.0"],
    "baseline-aug": ["--algo", "sym_ppo"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=-1, help="of training (default: those of zoo_configs)")
    parser.add_argument("--seed", type=int, default=0, help="of training (default: %(default)s)")
    parser.add_argument("--episodes", type=int, default=16, help="per failure in evaluation (default: %(default)s)")
    parser.add_argument("--policies", nargs="+", choices=POLICIES, default=list(POLICIES))
    parser.add_argument("--folder", type=Path, default=Path("demo"), help="(default: %(default)s)")
    options = parser.parse_args()

    models = train(options.policies, options.folder, options.steps, options.seed)
    print("Evaluating: 9 failures, paired seeds, commands balanced over the mirrors …")
    jobs = [(name, model, env, options.episodes) for name, model in models.items() for env in simulators()]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        results = [result for rows in pool.map(evaluate, *zip(*jobs, strict=True)) for result in rows]
    table = split_table(results)
    print("\n" + table + "\n")
    (options.folder / "table.md").write_text(table + "\n")
    report = {
        "every episode": write_csv(results, options.folder / "results.csv"),
        "figure": draw(results, options.seed, options.folder / "figure.png"),
        "video": film(models, options.folder / "right_hind_failure.mp4"),
    }
    for what, path in report.items():
        print(f"{what}: {path.resolve() if path else 'could not be made, see above'}")


def train(policies: list[str], folder: Path, steps: int, seed: int) -> dict[str, Path]:
    """One process for each policy, as many at a time as there are cores."""
    models = {name: folder / f"{name}.zip" for name in policies}
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps, return {task.fields[episode_return]},"),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as bars:

        def run(name: str) -> None:
            if models[name].exists():
                print(f"{models[name]} is there already; delete it to train it again")
                return
            train_one(name, models[name], steps, seed, bars)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(run, policies))
    return models


def train_one(name: str, model: Path, steps: int, seed: int, bars: Progress) -> None:
    logs = model.parent / "logs" / name
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    command = [
        *(sys.executable, "-m", "sb3_memaug", "train", *POLICIES[name], "--env", TRAINED_ON),
        *("--seed", str(seed), "-n", str(steps), "--num-threads", "1", "--eval-freq", "-1", "-f", str(logs)),
    ]
    print("$ memaug " + " ".join(command[3:]))
    bar = bars.add_task(name, total=None, episode_return="–")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        with (logs / "output.txt").open("w") as log:
            for line in process.stdout:
                log.write(line)
                follow(line, bars, bar)
    if process.returncode:
        raise SystemExit(f"training {name} failed; see {logs / 'output.txt'}")
    shutil.copy(next(logs.glob("*/*/MemAug-*.zip")), model)


def follow(line: str, bars: Progress, bar: TaskID) -> None:
    """Read the progress off what rl_zoo3 and SB3 print."""
    if match := re.search(r"n_timesteps(?:', | with n=)([\d.e+]+)", line):
        bars.update(bar, total=int(float(match[1])))
    elif match := re.search(r"total_timesteps\s*\|\s*(\d+)", line):
        bars.update(bar, completed=int(match[1]))
    elif match := re.search(r"ep_rew_mean\s*\|\s*([-\d.e+]+)", line):
        bars.update(bar, episode_return=match[1])


def simulators() -> list[str]:
    try:
        import pybullet  # noqa: F401
    except ImportError:
        print("PyBullet is not installed (it has no wheels past Python 3.11): evaluating in MuJoCo only")
        return [TRAINED_ON]
    return [TRAINED_ON, TRANSFERRED_TO]


def evaluate(name: str, model: Path, env: str, episodes: int) -> list[Result]:
    import torch

    torch.set_num_threads(1)
    algo = POLICIES[name][1]
    loaded = load_model(model, algo)
    return [
        result
        for deterministic in (True, False)
        for result in evaluate_generalization(loaded.model, env, name, episodes, deterministic)
    ]


def draw(results: list[Result], seed: int, path: Path) -> Path:
    from sb3_memaug.report.figures.returns_per_task import chart_of_results
    from sb3_memaug.report.images import draw_image

    return draw_image(chart_of_results({seed: results}), path)


def film(models: dict[str, Path], path: Path) -> Path | None:
    from sb3_memaug.evaluation.episodes import Episode
    from sb3_memaug.evaluation.video import record_side_by_side

    loaded = {name: load_model(model, POLICIES[name][1]).model for name, model in models.items()}
    episodes = [
        Episode(1000, {"failed_joint": "motor_back_rightL_joint", "mirror": mirror})
        for mirror in ("identity", "front_back")
    ]
    try:
        return record_side_by_side(loaded, TRAINED_ON, episodes, path)
    except Exception as error:  # a machine without OpenGL still has its table and its figure
        print(f"no video: {error}. MuJoCo draws with EGL, on Debian `apt-get install libegl1 libgl1-mesa-dri`")
        return None


if __name__ == "__main__":
    main()
