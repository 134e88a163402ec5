"""One view of all runs: bars on a terminal, lines elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sb3_memaug.experiments.run import Run
from sb3_memaug.experiments.status import Status, read_status


class ProgressView:
    """
    A context; :meth:`update` reads what the runs have written.

    :param runs: all of them
    :param folder: of the experiment
    :param console: to write to, standard output by default
    """

    def __init__(self, runs: Sequence[Run], folder: Path, console: Console | None = None) -> None:
        self._runs = runs
        self._folder = folder
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
            console=console or Console(),
        )
        self._all = self._progress.add_task("[bold]all steps", total=sum(run.n_timesteps for run in runs), note="")
        self._bars: dict[str, TaskID] = {}
        self._states = {run.name: read_status(folder / run.name).state for run in runs}

    def update(self) -> None:
        """Read and show how far the runs are."""
        states: Counter[str] = Counter()
        steps = 0
        for run in self._runs:
            status = read_status(self._folder / run.name)
            states[status.state] += 1
            steps += status.timesteps
            self._show(run, status)
        notes = [f"{n} {state}" for state, n in states.items()]
        self._progress.update(self._all, completed=steps, note=", ".join(notes))

    def _show(self, run: Run, status: Status) -> None:
        active = status.state in ("training", "evaluating")
        if active and run.name not in self._bars:
            self._bars[run.name] = self._progress.add_task(run.name, total=run.n_timesteps, note="")
        if run.name in self._bars:
            note = (
                status.state if status.episode_return is None else f"{status.state}, return {status.episode_return:.1f}"
            )
            self._progress.update(self._bars[run.name], completed=status.timesteps, note=note)
            if not active:
                self._progress.remove_task(self._bars.pop(run.name))
        if status.state != self._states[run.name]:
            self._states[run.name] = status.state
            if status.state in ("finished", "failed"):
                steps_per_second = f", {status.timesteps / status.seconds:.0f} steps/s" if status.seconds else ""
                self._progress.console.print(f"{status.state}: {run.name}{steps_per_second}", highlight=False)

    def __enter__(self) -> ProgressView:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()
