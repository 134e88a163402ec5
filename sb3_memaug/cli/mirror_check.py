"""``memaug mirror check``."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import Any

import gymnasium as gym

from sb3_memaug.checks import check_symmetry
from sb3_memaug.cli.arguments import MISTAKES, add_env_kwargs, environment, not_negative, positive, seed
from sb3_memaug.cli.base_axes import add_axes
from sb3_memaug.envs.isaaclab.make_vec_env import make_env
from sb3_memaug.vec_env.registry import vec_env_maker
from sb3_memaug.wrappers import MirrorSpec


def add_to(commands: Any) -> None:
    """
    :param commands: of ``memaug mirror``
    """
    parser = commands.add_parser(
        "check",
        help="prove the mirrors of an environment in its simulator",
        description="Run an environment and its mirror images from random states, with failures and pushes on, and "
        "compare them after 1, 10 and 50 steps, beside what a perturbation by 1e-6 does. Prints a table, and what is "
        "wrong. Exits with status 1 where a mirror does not hold.",
    )
    parser.add_argument("env", type=environment, metavar="ENV", help="id of an environment, e.g. Ant-v5")
    parser.add_argument(
        "--file", metavar="FILE.json", help="its mirrors, as memaug mirror derive writes them; derived by default"
    )
    parser.add_argument(
        "--mirrors", nargs="+", metavar="NAME", help="of its robot; by default those that its task has as well"
    )
    add_axes(parser)
    parser.add_argument("--states", type=positive, default=16, metavar="N", help="random states (default: %(default)s)")
    parser.add_argument(
        "--tolerance", type=not_negative, default=0.05, help="relative error that is forgiven (default: %(default)s)"
    )
    parser.add_argument("--seed", type=seed, default=0, help="of everything that is random (default: %(default)s)")
    add_env_kwargs(parser)
    parser.set_defaults(run=partial(run, parser))


def run(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """
    :param parser: which tells what is wrong with the command line
    :param parsed: what it asks for
    """
    try:
        env = _make(parsed)
        if parsed.file or parsed.mirrors or parsed.axes or not env.has_wrapper_attr("symmetry_group"):
            axes = parsed.axes and parsed.axes.plain
            env = MirrorSpec(env, mirrors=parsed.mirrors, file=parsed.file, axes=axes)
        report = check_symmetry(env, parsed.states, tolerance=parsed.tolerance, seed=parsed.seed)
    except MISTAKES as error:
        parser.error(str(error))
    print(report)
    env.close()
    if not report.holds:
        sys.exit(1)


def _make(parsed: argparse.Namespace) -> gym.Env:
    if vec_env_maker(parsed.env) is not None:
        # Robots that chance has made unlike their mirror images are none.
        return make_env(parsed.env, **{"randomize": False, **parsed.env_kwargs})
    # A mirror that acts wrongly is what is looked for, not an action or observation that Gymnasium would refuse.
    return gym.make(parsed.env, disable_env_checker=True, **parsed.env_kwargs)
