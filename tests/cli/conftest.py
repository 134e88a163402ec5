from __future__ import annotations

import gymnasium as gym
import pytest

from .shown_env import ID, ShownEnv


@pytest.fixture(autouse=True)
def _shown_env():
    gym.register(ID, entry_point=ShownEnv, max_episode_steps=3)
    yield
    gym.registry.pop(ID)


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
