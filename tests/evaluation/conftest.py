from __future__ import annotations

import gymnasium as gym
import pytest


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
