"""The command line: ``memaug train`` and ``memaug evaluate``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.resources import files
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import gymnasium as gym

from sb3_memaug.common.distributed import join, leave, rank
from sb3_memaug.evaluation import Result, evaluate_generalization, split_table, write_csv
from sb3_memaug.models import ALGORITHMS, load_model

#: What rl_zoo3 does not know.
OURS = ("memaug_ppo", "sym_ppo")


def main(arguments: Sequence[str] | None = None) -> None:
    """
    :param arguments: of the command line, those of the process by default
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser()
    if arguments[:1] == ["train"]:
        train(arguments[1:])
        return
    parsed = parser.parse_args(arguments)
    evaluate(parsed, parser)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="memaug", description="Train and evaluate policies that know the mirrored tasks too."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser(
        "train",
        add_help=False,
        help="rl_zoo3's training, with the algorithms memaug_ppo and sym_ppo and the environments MemAug/… "
        "(memaug train --help)",
    )
    command = commands.add_parser(
        "evaluate",
        help="evaluate models on no failure and on each joint that may fail",
        description="Evaluate models on no failure, on the failures of training (ID) and on their mirror images (OOD), "
        "with the same seeds and balanced commands. Prints a table and writes every episode as CSV.",
    )
    command.add_argument(
        "models",
        nargs="+",
        metavar="[NAME=]MODEL.zip",
        help="saved models; one that memaug train saved is named after its algorithm",
    )
    command.add_argument(
        "--env",
        required=True,
        nargs="+",
        metavar="ID",
        help="registered environments, e.g. MemAug/MinitaurVelocityJointFailure-MuJoCo-v0",
    )
    command.add_argument(
        "--algo",
        choices=list(ALGORITHMS),
        help="of all models; by default that of the folder logs/ALGO/… a model lies in, else memaug_ppo",
    )
    command.add_argument("--episodes", type=int, default=32, metavar="N", help="per failure (default: %(default)s)")
    command.add_argument("--seed", type=int, default=1000, help="of the first episode (default: %(default)s)")
    command.add_argument(
        "--actions",
        choices=["mean", "sampled", "both"],
        default="both",
        help="take the mean action, or sample as in training (default: %(default)s)",
    )
    command.add_argument(
        "--csv", type=Path, default=Path("evaluation.csv"), help="file to write (default: %(default)s)"
    )
    command.add_argument("--figure", type=Path, help="also draw the returns per leg, e.g. figure.png")
    return parser


def train(arguments: Sequence[str]) -> None:
    """
    Run ``rl_zoo3.train`` with our algorithms among its own.

    :param arguments: of rl_zoo3's command line; without ``--conf-file``, our algorithms use the settings of this
        package
    """
    try:
        import rl_zoo3.train
    except ImportError as error:
        raise SystemExit(f'memaug train needs rl_zoo3 ({error}): pip install "sb3-memaug[zoo]"') from error
    # One dict, shared by all of rl_zoo3; its parser is built from it.
    rl_zoo3.ALGOS.update({name: ALGORITHMS[name] for name in OURS})
    arguments = list(arguments)
    named = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    named.add_argument("--algo", default="memaug_ppo")
    named.add_argument("-conf", "--conf-file")
    known, _ = named.parse_known_args(arguments)
    if not any(argument.split("=")[0] == "--algo" for argument in arguments):
        arguments += ["--algo", known.algo]
    if known.conf_file is None and known.algo in OURS:
        arguments += ["--conf-file", str(files("sb3_memaug.zoo_configs") / f"{known.algo}.yml")]
    join()
    with TemporaryDirectory() as elsewhere:
        if rank() > 0:
            # The ranks learn as one; rank 0 logs, evaluates and saves for all of them.
            arguments += ["--log-folder", elsewhere, "--verbose", "0", "--eval-freq", "-1", "--save-freq", "-1"]
        sys.argv = ["memaug train", *arguments]
        rl_zoo3.train.train()
    leave()


def evaluate(parsed: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """
    :param parsed: what the command line asks for
    :param parser: which tells what is wrong with it
    """
    for env in parsed.env:
        if env not in gym.registry:
            known = [name for name in gym.registry if name.startswith("MemAug/")]
            parser.error(f"environment {env!r} is not registered; ours are {', '.join(known)}")
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
                normalizer=loaded.normalizer,
            )
    print(split_table(results))
    print(f"\n{len(results)} episodes: {write_csv(results, parsed.csv)}")
    if parsed.figure is not None:
        from sb3_memaug.evaluation.figures import returns_by_leg

        print(f"figure: {returns_by_leg(results, parsed.figure)}")
