"""The command line ``memaug``: one module for each command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sb3_memaug._version import __version__
from sb3_memaug.cli import evaluate, experiment, mirror, play, report, train
from sb3_memaug.files import InputError


def main(arguments: Sequence[str] | None = None) -> None:
    """
    :param arguments: of the command line, those of the process by default
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="memaug", description="Train, evaluate and watch policies that know the mirrored tasks too."
    )
    parser.add_argument("--version", action="version", version=f"sb3-memaug {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (train, evaluate, experiment, report, play, mirror):
        command.add_to(commands)
    if arguments and arguments[0] in train.COMMANDS:
        # All that follows is rl_zoo3's to read, its --help too.
        train.run(arguments[0], arguments[1:])
        return
    parsed = parser.parse_args(arguments)
    try:
        parsed.run(parsed)
    except (InputError, OSError) as error:
        # A file that is not what was expected, or cannot be written.
        parser.error(str(error))
    except KeyboardInterrupt:
        # As a shell reports it.
        raise SystemExit(130) from None
