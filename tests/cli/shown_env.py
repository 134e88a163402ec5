"""An environment that shows what is done to it."""

from __future__ import annotations

import gymnasium as gym
import numpy as np

ID = "Shown-v0"


class ShownEnv(gym.Env):
    """Rewards the action; its pictures get brighter with each step."""

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 10}
    #: The last one that was made.
    latest: ShownEnv

    def __init__(self, render_mode=None, scale=1.0):
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (2,), np.float32)
        self.action_space = gym.spaces.Box(-1.0, 1.0, (1,), np.float32)
        self.render_mode, self.scale = render_mode, scale
        self.count, self.closed, self.seeds = 0, False, []
        ShownEnv.latest = self

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.seeds.append(seed)
        self.count = 0
        return self._observe(), {}

    def step(self, action):
        self.count += 1
        return self._observe(), self.scale * float(action[0]), False, False, {}

    def _observe(self):
        return self.np_random.normal(size=2).astype(np.float32)

    def render(self):
        return np.full((64, 96, 3), 40 * self.count, np.uint8) if self.render_mode == "rgb_array" else None

    def close(self):
        self.closed = True
