"""``memaug evaluate``."""

from __future__ import annotations

import argparse
from functools import partial
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

from sb3_memaug.cli.arguments import MISTAKES, add_env_kwargs, environment, positive, seed
from sb3_memaug.evaluation import Result, evaluate_generalization, memory_table, split_table, write_results
from sb3_memaug.evaluation.agents import has_memory
from sb3_memaug.evaluation.episodes import MEMORIES
from sb3_memaug.evaluation.tables import SUFFIXES
from sb3_memaug.models import ALGORITHMS, load_model
from sb3_memaug.report.images import SCALES, draw_image


def add_to(commands: Any) -> None:
    """
    :param commands: of the command line
    """
    parser = commands.add_parser(
        "evaluate",
        help="evaluate models on each joint that may fail and each place of a payload",
        description="Evaluate models on sound robots without load, on the failures and payloads of training (ID) and "
        "on their mirror images (OOD), with the same seeds and balanced commands. Prints a table and writes every "
        "episode with its return, how far it ended from a target, and how its feet moved.",
    )
    parser.add_argument(
        "models",
        nargs="+",
        metavar="[NAME=]MODEL.zip",
        help="saved models; one that memaug train saved is named after its algorithm",
    )
    parser.add_argument(
        "--env",
        required=True,
        nargs="+",
        type=environment,
        metavar="ID",
        help="registered environments, e.g. MemAug/MinitaurVelocityJointFailure-MuJoCo-v0",
    )
    parser.add_argument(
        "--algo",
        choices=list(ALGORITHMS),
        help="of all models; by default that of the folder logs/ALGO/… a model lies in, else memaug_ppo",
    )
    parser.add_argument(
        "--episodes", type=positive, default=32, metavar="N", help="per variation (default: %(default)s)"
    )
    parser.add_argument("--seed", type=seed, default=1000, help="of the first episode (default: %(default)s)")
    parser.add_argument(
        "--actions",
        choices=["mean", "sampled", "both"],
        default="both",
        help="take the mean action, or sample as in training (default: %(default)s)",
    )
    parser.add_argument(
        "--memory",
        choices=[*MEMORIES, "both"],
        default="kept",
        help="of recurrent policies: keep it, or zero it before every step, so that they know the present alone; both "
        "shows what its loss costs. Policies without memory are evaluated once (default: %(default)s)",
    )
    parser.add_argument(
        "--table",
        "--csv",
        type=_table,
        default="evaluation.csv",
        metavar="FILE",
        help="to write, ends in .csv or .parquet (default: %(default)s)",
    )
    parser.add_argument(
        "--figure",
        type=_figure,
        metavar="FILE",
        help=f"also draw the mean return on each variation; ends in {', '.join('.' + format_ for format_ in SCALES)}",
    )
    add_env_kwargs(parser)
    parser.set_defaults(run=partial(run, parser))


def run(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """
    :param parser: which reports what is wrong with the command line
    :param parsed: its arguments
    """
    try:
        results = _results(parser, parsed)
    except MISTAKES as error:
        parser.error(str(error))
    print(split_table(results))
    if parsed.memory == "both" and any(result.memory == "zeroed" for result in results):
        print(f"\nWhat the loss of its memory costs a policy:\n\n{memory_table(results)}")
    print(f"\n{len(results)} episodes: {write_results(results, parsed.table)}")
    if parsed.figure is not None:
        from sb3_memaug.report.figures.returns_per_task import chart_of_results

        print(f"figure: {draw_image(chart_of_results({0: results}), parsed.figure)}")


def _results(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> list[Result]:
    actions = {"mean": [True], "sampled": [False], "both": [True, False]}[parsed.actions]
    results: list[Result] = []
    for model in parsed.models:
        name, _, path = model.rpartition("=")
        if not Path(path).is_file():
            parser.error(f"there is no model {path!r}")
        loaded = load_model(path, parsed.algo)
        memories = {"both": MEMORIES}.get(parsed.memory, (parsed.memory,)) if has_memory(loaded.model) else ("kept",)
        for env, deterministic, memory in product(parsed.env, actions, memories):
            results += evaluate_generalization(
                loaded.model,
                env,
                name or loaded.algo,
                n_episodes=parsed.episodes,
                deterministic=deterministic,
                seed=parsed.seed,
                env_kwargs=parsed.env_kwargs,
                normalizer=loaded.normalizer,
                memory=memory,
            )
    return results


def _figure(text: str) -> Path:
    if Path(text).suffix[1:] not in SCALES:
        raise argparse.ArgumentTypeError(f"a figure must end in {', '.join(SCALES)}, got {text!r}")
    if missing := [name for name in ("matplotlib", "pandas", "plotly") if find_spec(name) is None]:
        raise argparse.ArgumentTypeError(f'a figure needs {", ".join(missing)}: pip install "sb3-memaug[plot]"')
    return Path(text)


def _table(text: str) -> Path:
    # Checked here, and not after all episodes.
    if Path(text).suffix not in SUFFIXES:
        raise argparse.ArgumentTypeError(f"the name of a table must end in {' or '.join(SUFFIXES)}, got {text!r}")
    if Path(text).suffix == ".parquet" and find_spec("pyarrow") is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} needs `pip install pyarrow`; a name that ends in .csv needs nothing"
        )
    return Path(text)
