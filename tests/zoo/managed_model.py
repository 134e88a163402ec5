"""Models as ``memaug train`` builds them."""

from __future__ import annotations

from argparse import Namespace
from importlib.resources import files


def settings_file(algo):
    return files("sb3_memaug.zoo_configs") / f"{algo}.yml"


def managed_model(algo, env_id, folder, env_kwargs=None, **hyperparams):
    """
    :param algo: name of the algorithm
    :param env_id: of the environment, for which there are settings
    :param folder: for logs
    :param env_kwargs: for the environment
    :param hyperparams: in place of those of the settings
    :return: the model, once our algorithms are registered
    """
    from rl_zoo3.exp_manager import ExperimentManager

    manager = ExperimentManager(
        Namespace(),
        algo,
        env_id,
        str(folder),
        eval_freq=-1,
        config=str(settings_file(algo)),
        env_kwargs=env_kwargs,
        hyperparams={"n_envs": 4, **hyperparams},
        device="cpu",
    )
    return manager.setup_experiment()[0]
