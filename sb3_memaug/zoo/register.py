"""Our algorithms, what is sampled for them and how they normalise, among those of rl_zoo3."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sb3_memaug.models import ALGORITHMS, OURS


def register(peers: bool = False) -> None:
    """
    Make rl_zoo3 train, tune and show our algorithms, too. Call it before ``rl_zoo3.train`` is imported, and before
    ``ExperimentManager`` is.

    :param peers: also sample hyperparameters of ppo_lstm and ppo from the ranges of ours, for many parallel
        environments, in place of those of rl_zoo3
    :raises ImportError: if rl_zoo3 is not installed
    """
    try:
        manager: Any = import_module("rl_zoo3.exp_manager")
    except ImportError as error:
        raise ImportError(f'rl_zoo3 is missing ({error}): pip install "sb3-memaug[zoo]"') from error

    from sb3_memaug.zoo.experiment_manager import SymmetricExperimentManager
    from sb3_memaug.zoo.samplers import SAMPLERS, convert

    # One dict each, shared by all of rl_zoo3; its parsers are built from the first.
    manager.ALGOS.update(OURS)
    for name in ALGORITHMS if peers else OURS:
        manager.HYPERPARAMS_SAMPLER[name] = SAMPLERS[name]
        manager.HYPERPARAMS_CONVERTER[name] = convert
    manager.ExperimentManager = SymmetricExperimentManager
