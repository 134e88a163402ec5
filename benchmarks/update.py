"""
How long one update takes: MemAugRecurrentPPO with and without mirrors, in float32 and in bfloat16, against
sb3-contrib's RecurrentPPO and rsl_rl's recurrent PPO, both on the originals and on as many samples as the images of a
group of 4 make, and against the least that the same networks can take.

All train on a rollout of noise (64 environments × 24 steps, 38 observations, 8 actions, 1 % of the steps end an
episode), LSTMs of 256 units, heads of 128-128-128 units, 5 epochs of 4 minibatches, one thread. They take turns, so
that a machine whose speed drifts slows all alike. Prints a table and writes JSON.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import torch as th
from floor import bare_torch, matrix_products, operations
from measuring import interleaved, machine, markdown_table, medians, write_result
from noise import Sizes, collected, mirrored, selected
from sb3_contrib import RecurrentPPO

from sb3_memaug import MemAugRecurrentPPO

REFERENCE = "sb3-contrib RecurrentPPO"
DTYPES = {"float32": th.float32, "bfloat16": th.bfloat16}


class Contender(NamedTuple):
    """What is measured, and what it needs done before, off the clock."""

    update: Callable[[], Any]
    prepare: Callable[[], Any] | None = None


class Row(NamedTuple):
    """How to build a contender, and how many samples it makes of each one that was collected."""

    group_size: int
    build: Callable[[], Contender]


def rows(sizes: Sizes, device: str) -> dict[str, Row]:
    enlarged = {1: sizes, 4: replace(sizes, n_envs=4 * sizes.n_envs)}
    suffix = {1: "", 4: ", four times the environments"}
    found: dict[str, Row] = {}
    for size, larger in enlarged.items():
        found[REFERENCE + suffix[size]] = Row(
            size, lambda s=larger: Contender(collected(RecurrentPPO, s, device).train)
        )
    if find_spec("rsl_rl"):
        for size, larger in enlarged.items():
            found[f"rsl_rl PPO{suffix[size]}"] = Row(size, lambda s=larger: rsl_rl(s, device))
        for size, larger in enlarged.items():
            name = f"rsl_rl PPO{suffix[size]}, bfloat16"
            found[name] = Row(size, lambda s=larger: rsl_rl(s, device, mixed_precision=True))
    else:
        print("rsl_rl is not installed, and is left out: pip install rsl-rl-lib", file=sys.stderr)
    for size in (1, 2, 4):
        found[f"MemAugRecurrentPPO, |G| = {size}"] = Row(size, lambda n=size: memaug(sizes, device, n))
    for size in (1, 4):
        name = f"MemAugRecurrentPPO, |G| = {size}, bfloat16"
        found[name] = Row(size, lambda n=size: memaug(sizes, device, n, autocast="bf16"))
    for size in (1, 4):
        for name, dtype in DTYPES.items():
            found[f"bare torch, |G| = {size}, {name}"] = Row(
                size, lambda n=size, d=dtype: Contender(bare_torch(sizes, n, d, device))
            )
    return found


def memaug(sizes: Sizes, device: str, group_size: int, **kwargs: Any) -> Contender:
    return Contender(collected(MemAugRecurrentPPO, sizes, device, **mirrored(sizes, group_size), **kwargs).train)


def rsl_rl(sizes: Sizes, device: str, **kwargs: Any) -> Contender:
    from rsl_rl_update import RslRlUpdate

    peer = RslRlUpdate(sizes, device, **kwargs)
    return Contender(peer.update, peer.refill)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11, help="of which the median is shown (default: %(default)s)")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="default: %(default)s")
    parser.add_argument("--n-envs", type=int, default=64, help="default: %(default)s")
    parser.add_argument("--hidden", type=int, default=256, help="units of an LSTM (default: %(default)s)")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="rows whose name contains one of these")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/update.json"), help="file to write")
    options = parser.parse_args()
    if options.device == "cpu":
        th.set_num_threads(1)
    sizes = Sizes(n_envs=options.n_envs, hidden=options.hidden)

    chosen = rows(sizes, options.device)
    chosen = {name: chosen[name] for name in selected(list(chosen), options.only)}
    contenders = {name: row.build() for name, row in chosen.items()}
    products = {name: matrix_products(sizes, 4, dtype, options.device) for name, dtype in DTYPES.items()}
    all_products = {name: product for by_name in products.values() for name, product in by_name.items()}
    times = interleaved(
        {name: contender.update for name, contender in contenders.items()} | all_products,
        options.rounds,
        options.device,
        {name: contender.prepare for name, contender in contenders.items() if contender.prepare},
    )
    taken = medians(times)
    rates = {name: product.operations / taken.pop(name) for name, product in all_products.items()}
    group_sizes = {name: row.group_size for name, row in chosen.items()}
    for size in (1, 4):
        for dtype, measured in products.items():
            name = f"arithmetic at the rate of matrix products, |G| = {size}, {dtype}"
            # The best of the rates, so that it is a floor.
            taken[name] = operations(sizes, size) / max(rates[product] for product in measured)
            group_sizes[name] = size

    rates_table = markdown_table(
        ("matrix product", "GFLOP/s"), ((name, f"{rate / 1e9:.0f}") for name, rate in rates.items())
    )
    write_result(
        options.json,
        {
            "command": " ".join(["python", *sys.argv]),
            "machine": machine(options.device),
            "sizes": asdict(sizes),
            "seconds": times,
            "median": taken,
            "operations": {f"|G| = {size}": operations(sizes, size) for size in (1, 4)},
            "operations_per_second": rates,
        },
        table(taken, group_sizes, sizes) + "\n\n" + rates_table,
    )


def table(taken: dict[str, float], group_sizes: dict[str, int], sizes: Sizes) -> str:
    reference = taken.get(REFERENCE)

    def relative(seconds: float) -> str:
        return f"{seconds / reference:.2f}" if reference else "–"

    return markdown_table(
        ("algorithm", "samples", "update, ms", "relative", "relative per sample"),
        (
            (
                name,
                sizes.samples * group_sizes[name],
                f"{1000 * seconds:.4g}",
                relative(seconds),
                relative(seconds / group_sizes[name]),
            )
            for name, seconds in taken.items()
        ),
    )


if __name__ == "__main__":
    main()
