"""Policies that need no training."""

from types import SimpleNamespace

import numpy as np


class Still:
    """A policy that stands; it is equivariant, so mirrored episodes must give the same return."""

    policy = SimpleNamespace()

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        return np.zeros((len(observation), 8), np.float32), state


class Counter:
    """Stands, and remembers how many steps it has: in the state of an LSTM of two layers, whose last one is seen."""

    policy = SimpleNamespace(lstm_actor=object())

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        n = len(observation)
        hidden = np.zeros((2, n, 3), np.float32) if state is None else state[0].copy()
        hidden[:, np.asarray(episode_start)] = 0
        hidden[-1] += 1
        return np.zeros((n, 8), np.float32), (hidden, -hidden)
