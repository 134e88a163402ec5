"""Conducting an experiment: planning its runs in a folder, and performing those that are not done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sb3_memaug.experiments.progress import ProgressView
from sb3_memaug.experiments.run import RUN_FILE, Run
from sb3_memaug.experiments.status import read_status
from sb3_memaug.files import InputError

#: Performs the runs in folders, calling a function now and then.
Performer = Callable[[Sequence[Path], Callable[[], None]], None]


def plan(runs: Sequence[Run], folder: Path, command: str | None = None) -> None:
    """
    Give each run its folder.

    :param runs: of an experiment
    :param folder: of the experiment
    :param command: that conducts it
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


def conduct(runs: Sequence[Run], folder: Path, performer: Performer) -> list[Path]:
    """
    :param runs: that have been planned in the folder; those that are finished are left as they are
    :param folder: of the experiment
    :param performer: :func:`~sb3_memaug.experiments.local.perform_locally` or
        :func:`~sb3_memaug.experiments.ray_cluster.perform_on_ray`, with their arguments
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
        performer(to_do, view.update)
        view.update()
    return [path for path in folders if read_status(path).state != "finished"]
