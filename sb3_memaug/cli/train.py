"""``memaug train``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.resources import files
from tempfile import TemporaryDirectory
from typing import Any

from sb3_memaug.common.distributed import join, leave, rank
from sb3_memaug.models import ALGORITHMS

#: What rl_zoo3 does not know.
OURS = ("memaug_ppo", "sym_ppo")


def add_to(commands: Any) -> None:
    """
    :param commands: of the command line
    """
    commands.add_parser(
        "train",
        add_help=False,
        help="rl_zoo3's training, with the algorithms memaug_ppo and sym_ppo and the environments MemAug/… "
        "(memaug train --help)",
    )


def run(arguments: Sequence[str]) -> None:
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
