"""The algorithms by name, and loading what they have trained."""

from __future__ import annotations

import pickle
import re
from errno import ENOENT
from pathlib import Path
from typing import NamedTuple

from sb3_contrib import RecurrentPPO
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug.files import InputError, path_of
from sb3_memaug.ppo import MemAugRecurrentPPO, SymmetricPPO

#: What rl_zoo3 does not know.
OURS: dict[str, type[BaseAlgorithm]] = {"memaug_ppo": MemAugRecurrentPPO, "sym_ppo": SymmetricPPO}
_STATISTICS = "vecnormalize.pkl"
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
        ``logs/ALGO/ENV_1/ENV/vecnormalize.pkl``; an experiment saves both in the same folder. No other statistics are
        looked at
    :param algo: one of :data:`ALGORITHMS`; by default what the path says, else ``"memaug_ppo"``
    :return: the model. Both files are pickles, which run what is written in them: load none that you do not trust
    :raises ValueError: if there is no such algorithm
    :raises FileNotFoundError: if there is no such file
    :raises InputError: if it is no model of that algorithm, or its statistics are none
    """
    path = path_of(path)
    if algo is None:
        algo = next((part for part in reversed(path.parts) if part in ALGORITHMS), "memaug_ppo")
    if algo not in ALGORITHMS:
        raise ValueError(f"`algo` must be one of {', '.join(ALGORITHMS)}, got {algo!r}")
    if not path.is_file():
        raise FileNotFoundError(ENOENT, "there is no model", str(path))
    try:
        model = ALGORITHMS[algo].load(path, device="cpu")
    except Exception as error:  # whatever a broken archive, or the pickles in it, end in
        raise InputError(path, f"expected a model that {algo} has saved, got {_told(error)}") from error
    statistics = next((file for file in _statistics_of(path) if file.is_file()), None)
    return LoadedModel(algo, model, None if statistics is None else _normalizer(statistics))


def _statistics_of(path: Path) -> list[Path]:
    """Where those of this model may lie, and of no other: neighboring folders are those of neighbors."""
    places = [path.with_suffix("") / _STATISTICS]
    if re.fullmatch(r"best_model|rl_model_\d+_steps", path.stem):
        # Of rl_zoo3, which names the folder of a training ENV_1, and writes the statistics to ENV in it.
        places.append(path.parent / re.sub(r"_\d+$", "", path.parent.resolve().name) / _STATISTICS)
    return [*places, path.parent / _STATISTICS]


def _normalizer(path: Path) -> VecNormalize:
    try:
        normalizer = pickle.loads(path.read_bytes())
    except Exception as error:  # whatever a broken pickle ends in
        raise InputError(path, f"expected the statistics of a VecNormalize, got {_told(error)}") from error
    if not isinstance(normalizer, VecNormalize):
        raise InputError(path, f"expected the statistics of a VecNormalize, got {type(normalizer).__name__}")
    normalizer.training = False
    return normalizer


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
