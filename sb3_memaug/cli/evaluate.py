"""``memaug evaluate``."""

from __future__ import annotations

import argparse
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from sb3_memaug.cli.arguments import add_env_kwargs, environment
from sb3_memaug.evaluation import Result, evaluate_generalization, split_table, write_csv
from sb3_memaug.models import ALGORITHMS, load_model


def add_to(commands: Any) -> None:
    """
    :param commands: of the command line
    """
    parser = commands.add_parser(
        "evaluate",
        help="evaluate models on each joint that may fail and each place of a payload",
        description="Evaluate models on sound robots without load, on the failures and payloads of training (ID) and "
        "on their mirror images (OOD), with the same seeds and balanced commands. Prints a table and writes every "
        "episode as CSV.",
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
    parser.add_argument("--episodes", type=int, default=32, metavar="N", help="per variation (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1000, help="of the first episode (default: %(default)s)")
    parser.add_argument(
        "--actions",
        choices=["mean", "sampled", "both"],
        default="both",
        help="take the mean action, or sample as in training (default: %(default)s)",
    )
    parser.add_argument("--csv", type=Path, default=Path("evaluation.csv"), help="file to write (default: %(default)s)")
    parser.add_argument("--figure", type=Path, help="also draw the returns per leg, e.g. figure.png")
    add_env_kwargs(parser)
    parser.set_defaults(run=partial(run, parser))


def run(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """
    :param parser: which tells what is wrong with the command line
    :param parsed: what it asks for
    """
    actions = {"mean": [True], "sampled": [False], "both": [True, False]}[parsed.actions]
    results: list[Result] = []
    for model in parsed.models:
        name, _, path = model.rpartition("=")
        if not Path(path).is_file():
            parser.error(f"there is no model {path!r}")
        loaded = load_model(path, parsed.algo)
        for env, deterministic in product(parsed.env, actions):
            results += evaluate_generalization(
                loaded.model,
                env,
                name or loaded.algo,
                n_episodes=parsed.episodes,
                deterministic=deterministic,
                seed=parsed.seed,
                env_kwargs=parsed.env_kwargs,
                normalizer=loaded.normalizer,
            )
    print(split_table(results))
    print(f"\n{len(results)} episodes: {write_csv(results, parsed.csv)}")
    if parsed.figure is not None:
        from sb3_memaug.evaluation.figures import returns_by_leg

        print(f"figure: {returns_by_leg(results, parsed.figure)}")
