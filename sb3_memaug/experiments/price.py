"""What an experiment costs, before it is run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sb3_memaug.experiments.run import Run
from sb3_memaug.experiments.status import read_status


def price(runs: Sequence[Run], folder: Path, jobs: int, expected: float | None = None) -> str:
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
