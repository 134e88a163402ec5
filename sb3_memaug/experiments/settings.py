"""Hyperparameters as files hold them, an algorithm's arguments and rl_zoo3's own."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import AfterValidator

from sb3_memaug.files import InputError
from sb3_memaug.files.fields import Text
from sb3_memaug.models import ALGORITHMS
from sb3_memaug.zoo.python_values import python_settings


def check_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """
    :param settings: by their names
    :return: the same
    :raises InputError: if a text that stands for a value of Python is none that can be read without running it, or
        something else is of a kind that no algorithm takes
    """
    python_settings(settings, "settings")
    if not isinstance(settings.get("env_kwargs", {}), dict):
        raise InputError("settings", f"expected a mapping, got {settings['env_kwargs']!r}"[:300], "env_kwargs")
    for name in settings.get("env_kwargs", {}):
        if not isinstance(name, str):
            raise InputError("settings", f"expected names of arguments, got {name!r}"[:300], "env_kwargs")
    if "n_timesteps" in settings:
        steps_of(settings)
    return settings


def steps_of(settings: dict[str, Any]) -> int:
    """
    :param settings: by their names
    :return: ``n_timesteps``, which YAML may have as ``1e6``, a text
    :raises InputError: if it is missing, or no positive number
    """
    given = settings.get("n_timesteps")
    if isinstance(given, int | float | str) and not isinstance(given, bool):
        try:
            steps = float(given)
        except (ValueError, OverflowError):
            steps = math.nan
        if 1 <= steps < 2**63:
            return int(steps)
    raise InputError("settings", f"expected a positive number of steps, got {given!r}"[:300], "n_timesteps")


def _algorithm(name: str) -> str:
    if name not in ALGORITHMS:
        raise ValueError(f"expected one of {', '.join(ALGORITHMS)}, got {name[:100]!r}")
    return name


#: Of the fields of dataclasses.
Settings = Annotated[dict[Text, Any], AfterValidator(check_settings)]
Algorithm = Annotated[Text, AfterValidator(_algorithm)]
