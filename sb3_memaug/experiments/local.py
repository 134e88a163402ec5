"""Runs on this machine, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from sb3_memaug.experiments.perform import LOG_FILE
from sb3_memaug.experiments.status import read_status

#: s, between two looks at the processes.
INTERVAL = 0.5


def perform_locally(folders: Iterable[Path], watch: Callable[[], None], jobs: int) -> None:
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
