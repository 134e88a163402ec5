"""Performing a run: train, evaluate, film. What is done already is not done again."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from socket import gethostname

from filelock import FileLock

from sb3_memaug.experiments.checkpoints import remove_checkpoints
from sb3_memaug.experiments.measuring import evaluate, film
from sb3_memaug.experiments.run import Run
from sb3_memaug.experiments.status import read_status
from sb3_memaug.experiments.training import train

LOG_FILE = "log.txt"


def perform(folder: Path) -> None:
    """
    A run that fails says so in its status, with the whole story in its log; this function returns all the same. Where
    another process performs the run already, it waits: the lock of a process that dies is free again at once.

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
            _perform(Run.read(folder), folder)
        except Exception as error:
            traceback.print_exc()
            replace(read_status(folder), state="failed", error=f"{type(error).__name__}: {error}").write(folder)


def _perform(run: Run, folder: Path) -> None:
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
