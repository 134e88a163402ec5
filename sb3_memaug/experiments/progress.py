"""How far an experiment is, and what is left of it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sb3_memaug.experiments.run import Run, Status, read_status


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


def estimate_cost(runs: Sequence[Run], folder: Path, jobs: int, expected: float | None = None) -> str:
    """
    :param runs: of an experiment
    :param folder: of the experiment, where some may have been run: they tell how fast the others will be
    :param jobs: how many at a time
    :param expected: steps per second of training, where nothing has been measured
    :return: a Markdown table: environments and policies, with their runs, steps and hours; and the sum
    """
    lines = ["| environment | policy | runs | to do | steps to do | steps/s | hours |", "| --- " * 7 + "|"]
    hours, steps_to_do, unknown = 0.0, 0, 0
    for env, policy in dict.fromkeys((run.env, run.policy) for run in runs):
        of_kind = [run for run in runs if (run.env, run.policy) == (env, policy)]
        states = [read_status(folder / run.name) for run in of_kind]
        # A training ends with a whole rollout, beyond what it was asked for.
        to_do = sum(max(0, run.n_timesteps - status.timesteps) for run, status in zip(of_kind, states, strict=True))
        seconds = sum(status.seconds for status in states)
        rate = sum(status.timesteps for status in states) / seconds if seconds > 0 else expected
        waiting = sum(status.state != "finished" for status in states)
        source = "" if seconds > 0 or rate is None else " (expected)"
        cells = [env, policy, len(of_kind), waiting, f"{to_do:.3g}", "?" if rate is None else f"{rate:.0f}{source}"]
        cells.append("?" if rate is None else f"{to_do / rate / 3600:.2f}")
        lines.append("| " + " | ".join(map(str, cells)) + " |")
        steps_to_do += to_do
        hours += 0.0 if rate is None else to_do / rate / 3600
        unknown += rate is None and to_do > 0
    told = f"{hours:.1f} hours of training, {hours / jobs:.1f} with {jobs} at a time"
    if unknown:
        told = "the time is not known: run one of each kind first, or write `steps_per_second` into the YAML"
    return "\n".join(lines) + f"\n\n{len(runs)} runs, {steps_to_do:.3g} steps to do; {told}"
