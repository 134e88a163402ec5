from __future__ import annotations

import gymnasium as gym
import pytest

from .shown_env import ID, ShownEnv


@pytest.fixture(autouse=True)
def _shown_env():
    gym.register(ID, entry_point=ShownEnv, max_episode_steps=3)
    yield
    gym.registry.pop(ID)
