"""Settings that every test wants, made before anything that reads them is imported."""

from __future__ import annotations

import os
import sys

import gymnasium as gym
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


@pytest.fixture
def short():
    """Registers an environment whose episodes are as short as that, and returns its id."""
    made = []

    def short(env_id, steps):
        spec = gym.spec(env_id)
        made.append(f"Short{len(made)}-v0")
        gym.register(made[-1], entry_point=spec.entry_point, kwargs=spec.kwargs, max_episode_steps=steps)
        return made[-1]

    yield short
    for name in made:
        gym.registry.pop(name)
