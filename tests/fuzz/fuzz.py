"""Trying inputs that chance has broken, and counting those that end in a bare error."""

from __future__ import annotations

import contextlib
import io
import random
import shutil
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from .inputs import INPUTS, Try
from .verdict import FOLDERS, bare


class Bare(NamedTuple):
    """
    :param kind: of input
    :param error: what it is counted as
    :param seed: of the case, by which it can be tried again
    :param message: of the error
    """

    kind: str
    error: str
    seed: str
    message: str


def fuzz(cases: int, seed: int = 0, only: str | None = None) -> tuple[Counter[str], list[Bare]]:
    """
    :param cases: how many inputs
    :param seed: of the first
    :param only: kinds with this in their names
    :return: how many were tried of each kind; and those that ended in a bare error
    """
    chosen = {name: weight for name, (_, weight) in INPUTS.items() if only is None or only in name}
    tried: Counter[str] = Counter()
    found = []
    with tempfile.TemporaryDirectory() as parent:
        for i in range(cases):
            name = random.Random(f"{seed} {i}").choices(list(chosen), list(chosen.values()))[0]
            case = f"{name} {seed} {i}"
            tried[name] += 1
            wrong = try_one(INPUTS[name][0], case, Path(parent))
            if wrong is not None:
                found.append(Bare(name, wrong[0], case, wrong[1]))
    return tried, found


def try_one(attempt: Try, case: str, parent: Path) -> tuple[str, str] | None:
    """
    :param attempt: tries an input
    :param case: seed of what chance does
    :param parent: of the folder that it may write to
    :return: the kind of the bare error and its message; None if there was none
    """
    folder = parent / "case"
    folder.mkdir()
    try:
        with warnings.catch_warnings(record=True) as told, contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("always")
            try:
                attempt(random.Random(case), folder)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                kind = bare(error)
                if kind is not None:
                    return kind, f"{error}"
        for warning in told:
            if not warning.filename.startswith((*FOLDERS, __file__.rsplit("/", 1)[0])):
                return f"warning: {warning.category.__name__}", f"{warning.message} ({warning.filename})"
        left = [path.name for path in parent.rglob("*") if "part" in path.name]
        left += [path.name for path in parent.iterdir() if path != folder]
        return ("file left behind", ", ".join(left)) if left else None
    finally:
        for path in parent.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
