"""What the benchmarks share: what they ran on, how they take times, and how they tell them."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch as th

from sb3_memaug.files import write_json, write_text

PACKAGES = (
    *("torch", "numpy", "gymnasium", "stable-baselines3", "sb3-contrib", "rsl-rl-lib"),
    *("mujoco", "pybullet", "isaaclab", "newton", "mujoco-warp", "warp-lang"),
)


def machine(device: str | th.device = "cpu") -> dict[str, Any]:
    """What the times depend on: processor, accelerator if used, threads, and the versions of what is installed."""
    described: dict[str, Any] = {"processor": _processor(), "cores": os.cpu_count(), "threads": th.get_num_threads()}
    if th.device(device).type == "cuda":
        described["accelerator"] = th.cuda.get_device_name(device)
    described |= {"system": platform.system(), "python": platform.python_version()}
    return described | {package: found for package in PACKAGES if (found := _version(package))}


def _processor() -> str:
    # platform.processor() gives no more than the architecture on Linux.
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def interleaved(
    functions: Mapping[str, Callable[[], Any]],
    rounds: int,
    device: str | th.device = "cpu",
    prepare: Mapping[str, Callable[[], Any]] | None = None,
) -> dict[str, list[float]]:
    """
    Seconds that each function takes, ``rounds`` times, after one round that warms up and is not counted. They take
    turns, so that a machine whose speed drifts slows all alike.

    :param functions: by name
    :param rounds: how often each is measured
    :param device: that they compute on; it is waited for
    :param prepare: what a function of that name needs done before each call, off the clock
    """
    prepare = prepare or {}
    times: dict[str, list[float]] = {name: [] for name in functions}
    for number in range(rounds + 1):
        for name, function in functions.items():
            if name in prepare:
                prepare[name]()
            taken = seconds(function, device)
            if number > 0:
                times[name].append(taken)
    return times


def seconds(function: Callable[[], Any], device: str | th.device = "cpu") -> float:
    """How long one call takes, until the device has done what was asked of it."""
    synchronize(device)
    start = time.perf_counter()
    function()
    synchronize(device)
    return time.perf_counter() - start


def synchronize(device: str | th.device) -> None:
    if th.device(device).type == "cuda":
        th.cuda.synchronize(device)


def medians(times: Mapping[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(taken) for name, taken in times.items()}


def markdown_table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    headings = list(headings)
    lines = [headings, ["---"] * len(headings), *rows]
    # A bar within a cell, as in |G|, would end it.
    escaped = ([str(cell).replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def write_result(path: Path, result: object, table: str) -> None:
    """
    All that was measured as JSON, and beside it the table that the documentation shows. Whole or not at all: a script
    that is stopped leaves the last result as it was.
    """
    write_json(path, result, indent=1)
    write_text(path.with_suffix(".md"), f"{table}\n")
    print(f"{table}\n\n{path}")
