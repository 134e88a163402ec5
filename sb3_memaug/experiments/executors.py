"""Running an experiment: one run in this process, all of them on this machine or on a Ray cluster."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from socket import gethostname
from typing import Any

from filelock import FileLock

from sb3_memaug.experiments.checkpoints import remove_checkpoints
from sb3_memaug.experiments.measure import evaluate, film
from sb3_memaug.experiments.progress import ProgressView
from sb3_memaug.experiments.run import RUN_FILE, Run, read_status
from sb3_memaug.files import InputError

LOG_FILE = "log.txt"


def run(folder: Path) -> None:
    """
    Train, evaluate and film; what is done already is not done again.

    A run that fails says so in its status, with the whole story in its log; this function returns all the same. Where
    another process is at this run already, it waits: the lock of a process that dies is free again at once.

    :param folder: of the run, as :meth:`~sb3_memaug.experiments.run.Run.write` left it
    """
    with FileLock(folder / ".lock"), _log(folder):
        status = read_status(folder)
        if status.state == "finished":
            return
        if status.state == "waiting" and status.error is not None:
            print(f"status.json was {status.error}")
        print(f"{datetime.now():%Y-%m-%d %H:%M:%S} process {os.getpid()} on {gethostname()}")
        try:
            _run(Run.read(folder), folder)
        except Exception as error:
            traceback.print_exc()
            replace(read_status(folder), state="failed", error=f"{type(error).__name__}: {error}").write(folder)


def _run(run: Run, folder: Path) -> None:
    from sb3_memaug.experiments.train import train  # imports rl_zoo3, which plans do not need

    if not (folder / "model.zip").exists():
        replace(read_status(folder), state="training", error=None).write(folder)
        train(run, folder)
    remove_checkpoints(folder)
    replace(read_status(folder), state="evaluating", timesteps=run.n_timesteps, error=None).write(folder)
    if not (folder / "episodes.parquet").exists():
        evaluate(run, folder)
    if run.film:
        film(run, folder)
    replace(read_status(folder), state="finished").write(folder)


@contextmanager
def _log(folder: Path) -> Iterator[None]:
    """Lines appear at once: who is killed leaves them."""
    with (
        (folder / LOG_FILE).open("a", buffering=1, encoding="utf-8") as file,
        redirect_stdout(file),
        redirect_stderr(file),
    ):
        yield


#: Executes the runs in folders, calling a function now and then.
Executor = Callable[[Sequence[Path], Callable[[], None]], None]


def plan(runs: Sequence[Run], folder: Path, command: str | None = None) -> None:
    """
    Give each run its folder.

    :param runs: of an experiment
    :param folder: of the experiment
    :param command: that runs it
    :raises InputError: if a run would lie elsewhere, or what is there is no run
    :raises ValueError: if a run of the same name with other settings is there
    """
    for run in runs:
        if not (folder / run.name).resolve().is_relative_to(folder.resolve()):
            raise InputError(folder / run.name, f"a run must lie in {folder}, and links lead this one elsewhere")
        if not (folder / run.name / RUN_FILE).exists():
            continue
        there = Run.read(folder / run.name)
        different = [
            f"{name} {getattr(there, name)} there and {getattr(run, name)} now"
            for name in Run.__dataclass_fields__
            if getattr(there, name) != getattr(run, name)
        ]
        if different:
            raise ValueError(
                f"{folder / run.name} holds a run with other settings: {'; '.join(different)}. "
                "Name another folder with `--folder`, or delete that run"
            )
    for run in runs:
        if not (folder / run.name / RUN_FILE).exists():
            run.write(folder / run.name, command)


def run_all(runs: Sequence[Run], folder: Path, executor: Executor) -> list[Path]:
    """
    :param runs: that have been planned in the folder; those that are finished are left as they are
    :param folder: of the experiment
    :param executor: :func:`~sb3_memaug.experiments.executors.run_locally` or
        :func:`~sb3_memaug.experiments.executors.run_on_ray`, with their arguments
    :return: folders of the runs that failed
    """
    folders = [folder / run.name for run in runs]
    to_do = [path for path in folders if read_status(path).state != "finished"]
    for path in to_do:
        status = read_status(path)
        if status.state == "waiting" and status.error is not None:
            print(f"{path} begins anew, or goes on from its checkpoint: {status.error}")
        replace(status, state="waiting", error=None).write(path)
    with ProgressView(runs, folder) as view:
        executor(to_do, view.update)
        view.update()
    return [path for path in folders if read_status(path).state != "finished"]


#: s, between two looks at the processes.
INTERVAL = 0.5


def run_locally(folders: Iterable[Path], watch: Callable[[], None], jobs: int) -> None:
    """
    Returns when all runs have ended. Processes that die take nothing with them: their runs count as failed, and go on
    from their checkpoints next time.

    :param folders: of runs
    :param watch: called now and then
    :param jobs: how many at a time; the cores are shared out evenly
    """
    waiting = list(folders)
    running: dict[Path, subprocess.Popen] = {}
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    environment = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, **os.environ}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                folder = waiting.pop(0)
                running[folder] = _start(folder, environment)
            watch()
            time.sleep(INTERVAL)
            for folder, process in list(running.items()):
                if process.poll() is not None:
                    del running[folder]
                    _note_the_dead(folder, process.returncode)
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait()
        watch()


def _start(folder: Path, environment: dict[str, str]) -> subprocess.Popen:
    command = [sys.executable, "-m", "sb3_memaug.experiments.worker", str(folder)]
    with (folder / LOG_FILE).open("a") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)


def _note_the_dead(folder: Path, exit_status: int) -> None:
    """A process that was killed, or crashed in a simulator, could not say so itself."""
    status = read_status(folder)
    if status.state not in ("finished", "failed"):
        how = f"was killed by signal {-exit_status}" if exit_status < 0 else f"ended with exit status {exit_status}"
        replace(status, state="failed", error=f"the process {how}").write(folder)


#: Of workers or nodes that a run may lose before it counts as failed.
MAX_LOSSES = 100
#: s, between two looks at the status files of runs on a cluster.
RAY_INTERVAL = 1.0


def run_on_ray(
    folders: Iterable[Path],
    watch: Callable[[], None],
    address: str,
    cpus: float,
    gpus: float,
) -> None:
    """
    Returns when all runs have ended. A run whose worker or node is lost goes on elsewhere, from its checkpoint.

    :param folders: of runs, as all nodes see them
    :param watch: called now and then
    :param address: of the cluster; ``"auto"`` for the one that this machine belongs to, ``"local"`` for a new one that
        ends with this call
    :param cpus: cores for each run
    :param gpus: GPUs for each run
    :raises ImportError: if Ray is not installed
    """
    try:
        import ray
    except ImportError as error:
        raise ImportError('a cluster needs Ray: pip install "sb3-memaug[ray]"') from error
    ray.init(address=address, log_to_driver=False)
    try:
        task = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=MAX_LOSSES)(run)
        runs = {task.remote(folder.resolve()): folder for folder in folders}
        while runs:
            ended, _ = ray.wait(list(runs), timeout=RAY_INTERVAL)
            for reference in ended:
                _note_the_lost(ray, reference, runs.pop(reference))
            watch()
    finally:
        ray.shutdown()


def _note_the_lost(ray: Any, reference: Any, folder: Path) -> None:
    try:
        ray.get(reference)
    except ray.exceptions.RayError as error:
        replace(read_status(folder), state="failed", error=f"{type(error).__name__}: {error}").write(folder)
