"""The algorithms by name, and loading what they have trained."""

from __future__ import annotations

import pickle
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from sb3_contrib import RecurrentPPO
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug.memaug_ppo import MemAugRecurrentPPO
from sb3_memaug.sym_ppo import SymmetricPPO

#: What rl_zoo3 does not know.
OURS: dict[str, type[BaseAlgorithm]] = {"memaug_ppo": MemAugRecurrentPPO, "sym_ppo": SymmetricPPO}
#: By the names that rl_zoo3 and the folders of its logs know them by.
ALGORITHMS: dict[str, type[BaseAlgorithm]] = {**OURS, "ppo_lstm": RecurrentPPO, "ppo": PPO}


class LoadedModel(NamedTuple):
    """
    :param algo: name of the algorithm
    :param model: the model
    :param normalizer: of its observations, where there is one
    """

    algo: str
    model: BaseAlgorithm
    normalizer: VecNormalize | None


def load_model(path: str | Path, algo: str | None = None) -> LoadedModel:
    """
    :param path: of a saved model; rl_zoo3 saves ``logs/ALGO/ENV_1/ENV.zip`` and, where observations are normalised,
        ``logs/ALGO/ENV_1/ENV/vecnormalize.pkl``; an experiment saves both in the same folder
    :param algo: one of :data:`ALGORITHMS`; by default what the path says, else ``"memaug_ppo"``
    :return: the model
    """
    path = Path(path)
    if algo is None:
        algo = next((part for part in reversed(path.parts) if part in ALGORITHMS), "memaug_ppo")
    # No deeper: below may lie the statistics of other models.
    statistics = next(chain(path.parent.glob("vecnormalize.pkl"), path.parent.glob("*/vecnormalize.pkl")), None)
    normalizer = None
    if statistics is not None:
        normalizer = pickle.loads(statistics.read_bytes())
        normalizer.training = False
    return LoadedModel(algo, ALGORITHMS[algo].load(path, device="cpu"), normalizer)
