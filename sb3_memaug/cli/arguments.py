"""Kinds of arguments that several commands take."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import gymnasium as gym

from sb3_memaug.files import InputError
from sb3_memaug.zoo.python_values import EXPECTED, python_value

#: What is raised where the command line asks for what cannot be: its values reach constructors and a first reset.
MISTAKES = (ValueError, TypeError, ImportError, RuntimeError, gym.error.Error, argparse.ArgumentTypeError)


def environment(text: str) -> str:
    """
    :param text: id of an environment; ``module:id`` imports the module that registers it
    :return: the id
    :raises argparse.ArgumentTypeError: if there is none, with the names near it
    """
    module, _, name = text.rpartition(":")
    try:
        if module:
            import_module(module)
        gym.spec(name)
    except ImportError as error:
        raise argparse.ArgumentTypeError(f"module {module!r} of {text!r} cannot be imported: {error}") from error
    except gym.error.Error as error:
        known = {other.lower(): other for other in gym.registry}
        near = [known[other] for other in get_close_matches(name.lower(), known)]
        ours = [other for other in gym.registry if other.startswith("MemAug/")]
        raise argparse.ArgumentTypeError(
            f"environment {name!r} is not registered; "
            + (f"did you mean {' or '.join(near)}?" if near else f"ours are {', '.join(ours)}")
        ) from error
    return text


def positive(text: str) -> int:
    """
    :param text: a whole number above zero
    :return: the number
    :raises argparse.ArgumentTypeError: if it is none
    """
    # More digits than any number of anything that a command does.
    if not (text.isdecimal() and len(text) <= 18) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above zero, got {text!r}")
    return int(text)


def seed(text: str) -> int:
    """
    :param text: a whole number from 0 to 2**31 - 1, so that those of many episodes after it are none too large
    :return: the number
    :raises argparse.ArgumentTypeError: if it is none
    """
    if not (text.isdecimal() and len(text) <= 18) or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to {2**31 - 1}, got {text!r}")
    return int(text)


def finite(text: str) -> float:
    """
    :param text: a number
    :return: the number
    :raises argparse.ArgumentTypeError: if it is none, or not finite
    """
    try:
        if math.isfinite(number := float(text)):
            return number
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"expected a finite number, got {text!r}")


def not_negative(text: str) -> float:
    """
    :param text: a number that is not less than 0
    :return: the number
    :raises argparse.ArgumentTypeError: if it is none
    """
    if (number := finite(text)) < 0:
        raise argparse.ArgumentTypeError(f"expected a number that is not negative, got {text!r}")
    return number


def names(text: str) -> list[str]:
    """
    :param text: names between commas
    :return: the names
    """
    return [name for name in text.split(",") if name]


def numbers(*what: str) -> Callable[[str], dict[str, float]]:
    """
    :param what: the numbers mean, in their order
    :return: what reads them between commas, by their meaning
    """

    def read(text: str) -> dict[str, float]:
        try:
            return dict(zip(what, map(finite, text.split(",")), strict=True))
        except (ValueError, argparse.ArgumentTypeError) as error:
            raise argparse.ArgumentTypeError(f"expected the numbers {','.join(what)}, got {text!r}") from error

    return read


def assignments(text: str) -> dict[str, float]:
    """
    :param text: ``name=number``, between commas
    :return: the numbers by their names
    :raises argparse.ArgumentTypeError: if one is none
    """
    try:
        return {name: float(value) for name, value in (part.split("=") for part in text.split(","))}
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected NAME=NUMBER, got {text!r}") from error


class KeyValues(argparse.Action):
    """
    Reads ``key:value …``, values being Python's, into a dict: as rl_zoo3 does, but without running them, by
    :func:`~sb3_memaug.zoo.python_values.python_value`.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        found = {}
        for text in values or ():
            key, _, value = text.partition(":")
            try:
                found[key] = python_value(value, option_string)
            except InputError:
                parser.error(
                    f"argument {option_string}: expected key:value with a Python value ({EXPECTED}), got {text!r}; "
                    f"a string wants quotes of its own, as in '{key}:\"{value}\"'"
                )
        setattr(namespace, self.dest, found)


def add_env_kwargs(parser: argparse.ArgumentParser) -> None:
    """
    :param parser: of a command about environments
    """
    parser.add_argument(
        "--env-kwargs",
        nargs="+",
        action=KeyValues,
        default={},
        metavar="KEY:VALUE",
        help="arguments of the environment, values being Python's, e.g. probability:0.5 'robot:\"robot.urdf\"'",
    )
