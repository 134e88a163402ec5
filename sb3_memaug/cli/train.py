"""``memaug train``, and the other commands of rl_zoo3."""

from __future__ import annotations

import argparse
import os
import runpy
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.resources import files
from tempfile import TemporaryDirectory
from typing import Any

import gymnasium as gym

from sb3_memaug.cli.arguments import KeyValues
from sb3_memaug.models import ALGORITHMS, OURS
from sb3_memaug.vec_env.distributed import init, rank, shutdown
from sb3_memaug.vec_env.registry import vec_env_maker
from sb3_memaug.zoo import register

#: What each does; rl_zoo3 calls it the same, with underscores.
COMMANDS = {
    "train": "rl_zoo3's training, with the algorithms memaug_ppo and sym_ppo and the environments MemAug/…",
    "enjoy": "rl_zoo3's look at what memaug train has trained, in a window",
    "record-video": "the same as a video",
    "plot-train": "rl_zoo3's curves of returns in training",
    "all-plots": "rl_zoo3's curves and table of returns in evaluation, of several algorithms",
    "plot-from-file": "what all-plots has written to a file, by rliable's statistics",
}


def add_to(commands: Any) -> None:
    """
    :param commands: of the command line
    """
    for command, what in COMMANDS.items():
        commands.add_parser(command, add_help=False, help=f"{what} (memaug {command} --help)")


def run(command: str, arguments: Sequence[str]) -> None:
    """
    Run a command of rl_zoo3 with our algorithms among its own.

    :param command: one of :data:`COMMANDS`
    :param arguments: of rl_zoo3's command line; ``--algo`` is memaug_ppo by default. Without ``--conf-file`` our
        algorithms use the settings of this package, and so do ppo_lstm and ppo in our environments, where they are also
        tuned within the same ranges
    """
    arguments = list(arguments)
    named = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    named.add_argument("--algo", default="memaug_ppo")
    named.add_argument("--env", default="")
    known, _ = named.parse_known_args(arguments)
    ours = known.env.startswith("MemAug/")
    try:
        register(peers=ours)
    except ImportError as error:
        raise SystemExit(f"memaug {command}: {error}") from error
    if "plot" not in command and not any(argument.split("=")[0] == "--algo" for argument in arguments):
        arguments += ["--algo", known.algo]
    if known.env in gym.registry and vec_env_maker(known.env) is not None:
        _refuse_second_simulation(command, known.env, arguments)
        if command == "train":
            arguments += ["--eval-freq", "-1"]
    if command == "train":
        _train(arguments, known.algo, known.algo in OURS or (ours and known.algo in ALGORITHMS))
    else:
        _run(command, arguments)


def _refuse_second_simulation(command: str, env_id: str, arguments: Sequence[str]) -> None:
    """What rl_zoo3 would do in environments that it makes one by one, beside those that are there."""
    named = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    named.add_argument("--eval-freq", type=int, default=-1)
    named.add_argument("-optimize", "--optimize-hyperparameters", action="store_true")
    known, _ = named.parse_known_args(arguments)
    if command in ("enjoy", "record-video") or known.eval_freq > 0 or known.optimize_hyperparameters:
        raise SystemExit(
            f"memaug {command}: a process has one simulation of {env_id}, with all environments in it, and rl_zoo3 "
            "wants another: leave out --eval-freq and -optimize, and use memaug evaluate or memaug experiment"
        )


def _train(arguments: list[str], algo: str, our_settings: bool) -> None:
    named = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    named.add_argument("-conf", "--conf-file")
    if our_settings and named.parse_known_args(arguments)[0].conf_file is None:
        arguments += ["--conf-file", str(files("sb3_memaug.zoo_configs") / f"{algo}.yml")]
    init()
    with TemporaryDirectory() as elsewhere:
        if rank() > 0:
            # The ranks learn as one; rank 0 logs, evaluates and saves for all of them.
            arguments += ["--log-folder", elsewhere, "--verbose", "0", "--eval-freq", "-1", "--save-freq", "-1"]
        _run("train", arguments)
    shutdown()


def _run(command: str, arguments: list[str]) -> None:
    sys.argv = [f"memaug {command}", *arguments]
    _read_values_without_running_them()
    name = command.replace("-", "_")
    if command == "record-video":
        # The only one that is a script and no function.
        if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            os.environ.setdefault("MUJOCO_GL", "egl")
        runpy.run_module(f"rl_zoo3.{name}", run_name="__main__")
        return
    try:
        module = import_module(f"rl_zoo3.{'plots.' if 'plot' in command else ''}{name}")
    except ImportError as error:
        raise SystemExit(f'memaug {command}: {error}: pip install "sb3-memaug[zoo]"') from error
    if hasattr(module, "StoreDict"):
        module.StoreDict = KeyValues  # type: ignore[attr-defined]
    getattr(module, name)()


def _read_values_without_running_them() -> None:
    """Those of ``-params`` and ``--env-kwargs``, in rl_zoo3's parsers too."""
    try:
        utils: Any = import_module("rl_zoo3.utils")
    except ImportError:
        return  # Reported where it is needed.
    utils.StoreDict = KeyValues
