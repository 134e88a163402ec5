"""What the columns of runs' tables hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sb3_memaug.files import InputError

if TYPE_CHECKING:
    import pandas as pd


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float | np.floating) and bool(np.isnan(value)))


def _is_bool(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not _is_bool(value) and -(2**63) <= int(value) < 2**63


def _is_number(value: Any) -> bool:
    return _is_whole(value) or _is_nothing(value) or isinstance(value, float | np.floating)


#: What a message calls them, and what a value of such a column is.
_TEXT: tuple[str, Callable[[Any], bool]] = "texts", lambda value: isinstance(value, str)
_WHOLE: tuple[str, Callable[[Any], bool]] = "whole numbers", _is_whole
_BOOL: tuple[str, Callable[[Any], bool]] = "True or False", _is_bool
_UNKNOWN: tuple[str, Callable[[Any], bool]] = "True, False or nothing", lambda v: _is_bool(v) or _is_nothing(v)
_NUMBER: tuple[str, Callable[[Any], bool]] = "numbers", _is_number

#: What each column holds, in whichever table it is.
_COLUMNS = {
    **dict.fromkeys(("env", "policy", "split", "variation", "mirror", "memory"), _TEXT),
    **dict.fromkeys(("training_seed", "seed", "timesteps", "step", "length"), _WHOLE),
    **dict.fromkeys(("deterministic", "terminated"), _BOOL),
    **dict.fromkeys(("success",), _UNKNOWN),
    **dict.fromkeys(("episode_return", "distance", "air_time", "touchdowns", "seconds"), _NUMBER),
    **dict.fromkeys(("time", "x", "y", "heading", "target_x", "target_y"), _NUMBER),
    **dict.fromkeys(("pc1", "pc2", "asymmetry", "explained_variance"), _NUMBER),
}
#: Of feet, by the beginnings of their names.
_OF_FEET = {"contact_": _UNKNOWN, "x_": _NUMBER, "y_": _NUMBER}

#: What a report needs of a table that is not empty; of episodes that is asked for where they are scored.
NEEDED = {
    "learning": ("timesteps", "seconds", "split", "episode_return"),
    "trajectories": ("split", "variation", "seed", "mirror", "time", "x", "y", "heading"),
    "latents": ("split", "variation", "seed", "mirror", "step", "pc1", "pc2"),
    "latent_symmetry": ("mirror", "asymmetry", "explained_variance"),
}


def check_columns(table: pd.DataFrame, path: Path) -> None:
    """
    :param table: of runs
    :param path: that it was read from
    :raises InputError: if a column of a known name holds something else than it should
    """
    for column in table.columns:
        of_feet = next((kind for start, kind in _OF_FEET.items() if column.startswith(start)), None)
        kind = _COLUMNS.get(column, of_feet)
        if kind is None:
            continue
        expected, holds = kind
        # Of the others, one value is as good as all.
        values = table[column] if table[column].dtype == object else table[column].iloc[:1]
        for number, value in enumerate(values, 1):
            if not holds(value):
                raise InputError(path, f"expected {expected}, got {value!r}"[:300], f"column {column}, row {number}")
