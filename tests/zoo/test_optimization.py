from argparse import Namespace

import gymnasium as gym
import pytest
import yaml

from sb3_memaug.models import ALGORITHMS

from ..ppo.worlds import RandomWorld

optuna = pytest.importorskip("optuna")


class EarlyPruner(optuna.pruners.BasePruner):
    """Gives up every second trial, at its first evaluation."""

    def prune(self, study, trial):
        return trial.number % 2 == 1


@pytest.mark.parametrize("algo", ALGORITHMS)
def test_trials_are_evaluated_and_pruned(registered, algo, tmp_path, monkeypatch):
    registered(peers=True)
    from rl_zoo3.exp_manager import ExperimentManager

    monkeypatch.setitem(
        gym.registry, "RandomWorld-v0", gym.envs.registration.EnvSpec("RandomWorld-v0", entry_point=RandomWorld)
    )
    policy = "MlpLstmPolicy" if algo in ("memaug_ppo", "ppo_lstm") else "MlpPolicy"
    conf_file = tmp_path / "settings.yml"
    # What is not sampled stays, as the clipping of values here; batches of another size do not.
    settings = {"policy": policy, "n_envs": 64, "n_timesteps": 4000, "batch_size": 7, "clip_range_vf": 0.5}
    conf_file.write_text(yaml.dump({"RandomWorld-v0": settings}))
    manager = ExperimentManager(
        Namespace(),
        algo,
        "RandomWorld-v0",
        str(tmp_path),
        config=str(conf_file),
        optimize_hyperparameters=True,
        n_evaluations=2,
        n_eval_episodes=1,
    )
    assert manager.setup_experiment() is None
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0), pruner=EarlyPruner())
    for _ in range(2):
        study.enqueue_trial({"n_steps": 16, "n_epochs": 2, "net_arch": "small"})
    study.optimize(manager.objective, n_trials=2)
    done, pruned = study.trials
    assert (done.state.name, pruned.state.name) == ("COMPLETE", "PRUNED")
    assert len(done.intermediate_values) >= 2
    assert list(pruned.intermediate_values) == [1]
