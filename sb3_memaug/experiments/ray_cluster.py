"""Runs on a Ray cluster, whose nodes share the folder of the experiment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sb3_memaug.experiments.perform import perform
from sb3_memaug.experiments.status import read_status

#: Of workers or nodes that a run may lose before it counts as failed.
MAX_LOSSES = 100
#: s, between two looks at the status files.
INTERVAL = 1.0


def perform_on_ray(
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
        lives as long as this call
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
        task = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=MAX_LOSSES)(perform)
        runs = {task.remote(folder.resolve()): folder for folder in folders}
        while runs:
            ended, _ = ray.wait(list(runs), timeout=INTERVAL)
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
