"""
How the time and the memory of an update of MemAugRecurrentPPO grow: with the environments (64 to 16384), with the order
of the group (1 to 4) and with the units of an LSTM (64 to 512), one of them at a time, the others being 256
environments, a group of 4 and 64 units.

One epoch of 4 minibatches over 24 steps of noise, heads of 128-128-128 units, float32, one thread. Each point is
measured in processes of its own, which take turns, so that a machine whose speed drifts slows all alike, and no point
finds memory that another one has left. Prints a table and the exponents of growth, and writes JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch as th
from floor import operations
from measuring import machine, markdown_table, seconds, write_result
from noise import Sizes, collected, mirrored

from sb3_memaug import MemAugRecurrentPPO

N_ENVS = (64, 256, 1024, 4096, 16384)
GROUP_SIZES = (1, 2, 4)
HIDDEN = (64, 128, 256, 512)
SECONDS_MEASURED = 1.0


@dataclass(frozen=True)
class Point:
    n_envs: int = 256
    group_size: int = 4
    hidden: int = 64

    @property
    def sizes(self) -> Sizes:
        return Sizes(n_envs=self.n_envs, hidden=self.hidden, n_epochs=1)

    @property
    def samples(self) -> int:
        return self.sizes.samples * self.group_size

    @property
    def operations(self) -> float:
        return operations(self.sizes, self.group_size)


CENTRE = Point()
AXES = {
    "environments": [replace(CENTRE, n_envs=n_envs) for n_envs in N_ENVS],
    "|G|": [replace(CENTRE, group_size=group_size) for group_size in GROUP_SIZES],
    "LSTM units": [replace(CENTRE, hidden=hidden) for hidden in HIDDEN],
}
WORK = {"environments": "samples", "|G|": "samples", "LSTM units": "operations"}


def measure(point: Point, device: str) -> dict[str, Any]:
    """To be called once in a process: the first update raises its peak of memory, the others are timed."""
    model = collected(MemAugRecurrentPPO, point.sizes, device, **mirrored(point.sizes, point.group_size))
    stored = size_in_bytes(vars(model.rollout_buffer))
    before = peak_memory(device)
    model.train()
    peak = peak_memory(device) - before
    taken = [seconds(model.train, device)]
    while sum(taken) < SECONDS_MEASURED:
        taken.append(seconds(model.train, device))
    return {"seconds": taken, "peak_bytes": peak, "stored_bytes_per_transition": stored / point.sizes.samples}


def peak_memory(device: str) -> int:
    """The most that was held so far: of the accelerator's memory, or of the process's."""
    if device == "cuda":
        return th.cuda.max_memory_allocated()
    # Linux counts in units of 1024 bytes, macOS in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def size_in_bytes(stored: Any) -> int:
    """Of all arrays and tensors in it."""
    if isinstance(stored, (np.ndarray, th.Tensor)):
        return stored.nbytes
    if isinstance(stored, Mapping):
        stored = list(stored.values())
    return sum(map(size_in_bytes, stored)) if isinstance(stored, (list, tuple)) else 0


def measure_apart(point: Point, device: str) -> dict[str, Any]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--device", device, "--point", json.dumps(asdict(point))]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def measured(points: list[Point], rounds: int, device: str) -> dict[Point, dict[str, Any]]:
    found: dict[Point, dict[str, Any]] = {}
    for number in range(rounds):
        for point in points:
            print(f"\rround {number + 1} of {rounds}: {point}", end="\033[K", file=sys.stderr)
            result = measure_apart(point, device)
            if point in found:
                result["seconds"] = found[point]["seconds"] + result["seconds"]
                result["peak_bytes"] = max(found[point]["peak_bytes"], result["peak_bytes"])
            found[point] = result
    print("\r\033[K", end="", file=sys.stderr)
    for result in found.values():
        result["median"] = statistics.median(result["seconds"])
    return found


def exponents(work: list[float], taken: list[float]) -> dict[str, float]:
    """Of time against work: by least squares over all points, and the steepest between neighbors."""
    steps = list(pairwise(zip(np.log(work), np.log(taken), strict=True)))
    return {
        "fitted": float(np.polyfit(np.log(work), np.log(taken), 1)[0]),
        "steepest": float(max((after[1] - before[1]) / (after[0] - before[0]) for before, after in steps)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2, help="processes for each point (default: %(default)s)")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="default: %(default)s")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/growth.json"), help="file to write")
    parser.add_argument("--point", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.device == "cpu":
        th.set_num_threads(1)
    if options.point is not None:
        print(json.dumps(measure(Point(**options.point), options.device)))
        return

    points = list(dict.fromkeys(point for axis in AXES.values() for point in axis))
    found = measured(points, options.rounds, options.device)
    growth = {
        name: exponents([getattr(point, WORK[name]) for point in axis], [found[point]["median"] for point in axis])
        for name, axis in AXES.items()
    }

    write_result(
        options.json,
        {
            "command": " ".join(["python", *sys.argv]),
            "machine": machine(options.device),
            "points": [
                {**asdict(point), "samples": point.samples, "operations": point.operations, **result}
                for point, result in found.items()
            ],
            "exponents": growth,
        },
        table(found)
        + "\n\n"
        + markdown_table(
            ("varied", "time against", "exponent", "steepest"),
            ((name, WORK[name], f"{g['fitted']:.3f}", f"{g['steepest']:.3f}") for name, g in growth.items()),
        ),
    )


def table(found: dict[Point, dict[str, Any]]) -> str:
    headings = (
        "varied",
        "environments",
        "|G|",
        "LSTM units",
        "samples",
        "update, s",
        "µs per sample",
        "GFLOP/s",
        "peak, MiB",
        "bytes stored per transition",
    )
    return markdown_table(
        headings,
        (
            (
                name,
                point.n_envs,
                point.group_size,
                point.hidden,
                point.samples,
                f"{found[point]['median']:.3g}",
                f"{1e6 * found[point]['median'] / point.samples:.3g}",
                f"{1e-9 * point.operations / found[point]['median']:.3g}",
                f"{found[point]['peak_bytes'] / 2**20:.0f}",
                f"{found[point]['stored_bytes_per_transition']:.0f}",
            )
            for name, axis in AXES.items()
            for point in axis
        ),
    )


if __name__ == "__main__":
    main()
