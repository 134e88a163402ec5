"""``memaug experiment``."""

from __future__ import annotations

import argparse
import os
import shlex
from functools import partial
from pathlib import Path
from typing import Any

from sb3_memaug.cli.arguments import MISTAKES, not_negative, positive


def add_to(commands: Any) -> None:
    """
    :param commands: of the command line
    """
    parser = commands.add_parser(
        "experiment",
        help="train and evaluate many policies on many tasks with many seeds",
        description="Train and evaluate every policy of an experiment on each of its environments with each of its "
        "seeds. The same command again goes on where it was interrupted: what is finished is not done twice, a killed "
        "run continues from its checkpoint. `memaug report` shows what came out.",
    )
    parser.add_argument(
        "matrix", metavar="EXPERIMENT", help="light, paper, or a YAML file like zoo_configs/experiments/*"
    )
    parser.add_argument("--folder", type=Path, help="of the runs (default: runs/EXPERIMENT)")
    parser.add_argument(
        "--dry-run", action="store_true", help="list the runs, their steps and the hours they take, only"
    )
    parser.add_argument(
        "--jobs", type=positive, default=os.cpu_count(), metavar="N", help="runs at a time (default: one a core)"
    )
    parser.add_argument(
        "--ray", metavar="ADDRESS", help="run on this Ray cluster, whose nodes see the folder: auto, local, or ray://…"
    )
    parser.add_argument(
        "--cpus-per-run", type=not_negative, default=1, metavar="N", help="on Ray (default: %(default)s)"
    )
    parser.add_argument(
        "--gpus-per-run", type=not_negative, default=0, metavar="N", help="on Ray (default: %(default)s)"
    )
    parser.set_defaults(run=partial(run, parser))


def run(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """
    :param parser: which reports what is wrong with the command line
    :param parsed: its arguments
    """
    try:
        from sb3_memaug.experiments.executors import LOG_FILE, run_locally, run_on_ray
        from sb3_memaug.experiments.matrix import read_matrix
        from sb3_memaug.experiments.progress import estimate_cost
        from sb3_memaug.experiments.run import read_status
    except ImportError as error:
        parser.error(f'experiments need more packages ({error}): pip install "sb3-memaug[experiments]"')
    folder = parsed.folder or Path("runs") / Path(parsed.matrix).stem
    try:
        matrix = read_matrix(parsed.matrix)
        runs = matrix.runs()
        if parsed.dry_run:
            print(estimate_cost(runs, folder, parsed.jobs, matrix.steps_per_second))
            return
        from sb3_memaug.experiments.executors import plan, run_all

        where = [] if parsed.folder is None else ["--folder", str(parsed.folder)]
        plan(runs, folder, shlex.join(["memaug", "experiment", parsed.matrix, *where]))
        if parsed.ray is None:
            executor = partial(run_locally, jobs=parsed.jobs)
        else:
            executor = partial(run_on_ray, address=parsed.ray, cpus=parsed.cpus_per_run, gpus=parsed.gpus_per_run)
        failed = run_all(runs, folder, executor)
    except MISTAKES as error:
        parser.error(str(error))
    print(f"{len(runs) - len(failed)} of {len(runs)} runs are finished: memaug report {folder}")
    for path in failed:
        print(f"failed: {path}: {read_status(path).error}\n  {path / LOG_FILE}")
    if failed:
        raise SystemExit(1)
