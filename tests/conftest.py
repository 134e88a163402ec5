"""Settings that every test wants, made before anything that reads them is imported."""

from __future__ import annotations

import os
import sys

import pytest
import torch as th

# Figures and videos are drawn without a screen.
os.environ.setdefault("MPLBACKEND", "Agg")
if sys.platform == "linux":
    os.environ.setdefault("MUJOCO_GL", "egl")


@pytest.fixture(scope="session", autouse=True)
def _one_torch_thread() -> None:
    """The tests' networks are so small that threads only wait for each other."""
    th.set_num_threads(1)
