from argparse import Namespace

import gymnasium as gym
import pytest
import yaml
from stable_baselines3.common.vec_env import VecNormalize
from torch import nn

from sb3_memaug import SymmetricVecNormalize
from sb3_memaug.files import InputError

from ..ppo.worlds import RandomWorld

SETTINGS = {"n_envs": 2, "n_timesteps": 64, "n_steps": 16, "gamma": 0.9, "policy": "MlpPolicy", "batch_size": 16}


@pytest.fixture
def manage(registered, tmp_path):
    """Makes a manager of an experiment with these hyperparameters, set up, and its model."""
    from rl_zoo3.exp_manager import ExperimentManager

    gym.register("RandomWorld-v0", entry_point=RandomWorld)

    def manage(algo="sym_ppo", trained_agent="", **hyperparams):
        conf_file = tmp_path / "settings.yml"
        conf_file.write_text(yaml.dump({"RandomWorld-v0": {**SETTINGS, **hyperparams}}))
        manager = ExperimentManager(
            Namespace(),
            algo,
            "RandomWorld-v0",
            str(tmp_path),
            config=str(conf_file),
            trained_agent=trained_agent,
            log_interval=-1,
        )
        model, _ = manager.setup_experiment()
        return manager, model

    yield manage
    gym.registry.pop("RandomWorld-v0")


def test_an_algorithm_that_mirrors_has_statistics_that_commute(manage):
    manager, model = manage(normalize={"norm_reward": False, "clip_obs": 5.0})
    normalizer = model.get_vec_normalize_env()
    assert type(normalizer) is SymmetricVecNormalize
    assert (normalizer.norm_reward, normalizer.clip_obs, normalizer.gamma) == (False, 5.0, 0.9)
    assert normalizer.training
    evaluated = manager.create_envs(1, eval_env=True)
    assert type(evaluated) is SymmetricVecNormalize
    assert not evaluated.training


@pytest.mark.parametrize(
    ("algo", "hyperparams"),
    [
        ("ppo", {}),
        ("sym_ppo", {"symmetry": False}),
        ("sym_ppo", {"normalize": {"norm_obs": False}}),
        ("sym_ppo", {"env_kwargs": {"symmetric": False}}),
    ],
)
@pytest.mark.filterwarnings("ignore:the environment has no symmetry group")
def test_others_are_normalised_as_rl_zoo3_does(manage, algo, hyperparams):
    _, model = manage(algo, **{"normalize": True, **hyperparams})
    assert type(model.get_vec_normalize_env()) is VecNormalize


def test_without_normalize_nothing_is_normalised(manage):
    _, model = manage()
    assert model.get_vec_normalize_env() is None


def test_a_training_that_goes_on_has_the_statistics_it_had(manage):
    manager, model = manage(normalize=True)
    manager.learn(model)
    manager.save_trained_model(model)
    mean = model.get_vec_normalize_env().obs_rms.mean
    path = f"{manager.save_path}/RandomWorld-v0.zip"
    _, resumed = manage(trained_agent=path, normalize=True)
    normalizer = resumed.get_vec_normalize_env()
    assert type(normalizer) is SymmetricVecNormalize
    assert normalizer.obs_rms.mean.tolist() == mean.tolist()
    assert any(mean)


def test_arguments_of_environments_are_those_of_evaluation_too(manage):
    manager, model = manage(env_kwargs={"end": 0.7})
    assert model.env.get_attr("end") == [0.7, 0.7]
    assert manager.create_envs(1, eval_env=True).get_attr("end") == [0.7]


def test_a_training_that_goes_on_has_the_learning_rate_it_had(manage):
    settings = {"desired_kl": 1e-6, "learning_rate": 1e-3, "n_epochs": 2}
    manager, model = manage(**settings)
    manager.learn(model)
    manager.save_trained_model(model)
    rate = model.adaptive_rate.rate
    assert rate != 1e-3
    path = f"{manager.save_path}/RandomWorld-v0.zip"
    assert manage(trained_agent=path, **settings)[1].adaptive_rate.rate == rate
    # Unless the file says something new.
    assert manage(trained_agent=path, **{**settings, "learning_rate": 2e-3})[1].adaptive_rate.rate == 2e-3
    changed = manage(trained_agent=path, **{**settings, "desired_kl": 0.1, "gamma": 0.5})[1]
    assert (changed.adaptive_rate.rate, changed.adaptive_rate.desired_kl, changed.gamma) == (1e-3, 0.1, 0.5)


def test_texts_of_a_file_are_read_and_not_run(manage, tmp_path):
    _, model = manage(policy_kwargs="dict(net_arch=[8], activation_fn=nn.ELU)")
    assert model.policy.activation_fn is nn.ELU
    trap = f"dict(net_arch=[__import__('os').mkdir({str(tmp_path / 'sprung')!r})])"
    for name in ("policy_kwargs", "normalize", "monitor_kwargs"):
        with pytest.raises(InputError, match=rf"the settings of sym_ppo, {name}: expected literals"):
            manage(**{name: trap})
    assert not (tmp_path / "sprung").exists()
