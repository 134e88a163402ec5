from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from sb3_memaug.report.run_tables import read_run_tables
from sb3_memaug.report.write import write_report

from .made_up_runs import ENVS, POLICIES, SEEDS, write_run


@pytest.fixture(scope="session")
def run_tree(tmp_path_factory):
    """A folder for each run, as an experiment leaves them."""
    for needed in ("pandas", "pyarrow", "yaml"):
        pytest.importorskip(needed)
    root = tmp_path_factory.mktemp("light")
    for run in product(ENVS, POLICIES, SEEDS):
        write_run(root / run[0].removeprefix("MemAug/") / run[1] / f"seed_{run[2]}", run)
    return root


@pytest.fixture(scope="session")
def tables(run_tree):
    """Of all runs."""
    return read_run_tables(run_tree)


@pytest.fixture
def few_runs(tmp_path):
    """Two policies on an environment, twice each, as CSV: quick to read and to draw."""
    for needed in ("pandas", "yaml", "plotly", "rliable"):
        pytest.importorskip(needed)
    for run in product(ENVS[:1], POLICIES[:2], SEEDS):
        write_run(tmp_path / "few" / run[1] / f"seed_{run[2]}", run, ".csv")
    return tmp_path / "few"


@pytest.fixture(scope="session")
def video(tmp_path_factory):
    """A file, two seconds long."""
    pytest.importorskip("imageio")
    from sb3_memaug.evaluation.video import VideoFile

    env = ENVS[2].removeprefix("MemAug/")
    path = tmp_path_factory.mktemp("videos") / f"{env}_memory-aug_motor_front_leftL_joint.mp4"
    with VideoFile(path, fps=25) as file:
        for i in range(50):
            file.add(np.full((48, 64, 3), 5 * i, np.uint8))
    return path


@pytest.fixture(scope="session")
def report(video, tmp_path_factory):
    """On the position task with failures, with all that a report can have."""
    for needed in ("pandas", "pyarrow", "yaml", "plotly", "rliable"):
        pytest.importorskip(needed)
    runs = tmp_path_factory.mktemp("runs")
    for run in product(ENVS[2:3], POLICIES, SEEDS):
        write_run(runs / run[1] / f"seed_{run[2]}", run)
    tables = read_run_tables(runs)._replace(videos=[video])
    return write_report(tables, tmp_path_factory.mktemp("report"), "Report on light", "memaug report runs/light")
