"""What ``zoo_configs/`` says of each algorithm."""

import math

import gymnasium as gym
import numpy as np
import pytest
import yaml
from gymnasium import spaces
from torch import nn

from sb3_memaug import SymmetricVecNormalize
from sb3_memaug.models import ALGORITHMS, OURS
from sb3_memaug.symmetry import Mirror, SignedPermutation, SymmetryGroup

from ..envs.legged.robots import quadruped_urdf
from .managed_model import managed_model, settings_file

pytest.importorskip("rl_zoo3")
RECURRENT = ("memaug_ppo", "ppo_lstm")
REGISTERED = [name for name in gym.registry if name.startswith("MemAug/")]
PAPER = [name for name in REGISTERED if "env_cfg_entry_point" in gym.spec(name).kwargs]
HERE = [name for name in REGISTERED if name not in PAPER]


def read(algo):
    """The settings by environment, policy_kwargs as rl_zoo3 reads them."""
    settings = yaml.safe_load(settings_file(algo).read_text())
    return {
        env_id: {**values, "policy_kwargs": eval(values["policy_kwargs"], {"nn": nn})}
        for env_id, values in settings.items()
        if env_id in [*HERE, *PAPER, "Ant-v5"]
    }


class IsaacRobot(gym.Env):
    """Spaces of that size, and a mirror."""

    def __init__(self):
        self.observation_space = spaces.Box(-np.inf, np.inf, (48,), np.float32)
        self.action_space = spaces.Box(-1, 1, (12,), np.float32)
        swap = [SignedPermutation([*range(n // 2, n), *range(n // 2)]) for n in (48, 12)]
        self.symmetry_group = SymmetryGroup({"left_right": Mirror(*swap)})


@pytest.fixture
def build(registered, tmp_path):
    """Builds a model as ``memaug train`` does, with fewer environments."""
    managed = []

    def build(algo, env_id, **hyperparams):
        env_kwargs = None
        if "Legged" in env_id:
            robot = tmp_path / "dog.urdf"
            robot.write_text(quadruped_urdf())
            env_kwargs = {"robot": str(robot)}
        managed.append(managed_model(algo, env_id, tmp_path, env_kwargs, **hyperparams))
        return managed[-1]

    yield build
    for model in managed:
        model.env.close()


@pytest.mark.parametrize("algo", ALGORITHMS)
def test_every_environment_has_settings(algo):
    ant = ["Ant-v5"] if algo in OURS else []
    assert sorted(read(algo)) == sorted({*HERE, *PAPER, *ant})


@pytest.mark.parametrize("env_id", HERE)
@pytest.mark.parametrize("algo", ALGORITHMS)
@pytest.mark.filterwarnings("ignore:You have specified a mini-batch size")
def test_a_model_is_built_of_the_settings(build, algo, env_id):
    pytest.importorskip("mujoco" if "MuJoCo" in env_id else "pybullet")
    model = build(algo, env_id)
    assert type(model) is ALGORITHMS[algo]
    assert model.n_steps == read(algo)[env_id]["n_steps"]
    assert (getattr(model, "symmetry_group", None) is not None) == (algo in OURS)


@pytest.mark.parametrize("algo", OURS)
@pytest.mark.filterwarnings("ignore:You have specified a mini-batch size")
def test_the_ant_loses_left_legs_and_is_normalised_with_its_mirror_images(build, algo):
    pytest.importorskip("mujoco")
    model = build(algo, "Ant-v5")
    assert type(model.get_vec_normalize_env()) is SymmetricVecNormalize
    assert model.observation_space.shape == (27,)
    model.env.seed(0)
    failed = []
    for _ in range(10):
        model.env.reset()
        failed += [info["failed_joint"] for info in model.env.unwrapped.reset_infos]
    assert set(failed) == {None, ("hip_1", "ankle_1"), ("hip_2", "ankle_2")}
    assert failed.count(None) < 20


@pytest.mark.parametrize("algo", ALGORITHMS)
@pytest.mark.filterwarnings("ignore:You have specified a mini-batch size")
def test_models_of_the_paper_are_built_for_robots_of_any_simulator(build, algo, monkeypatch):
    for env_id in PAPER:
        monkeypatch.setitem(gym.registry, env_id, gym.envs.registration.EnvSpec(env_id, entry_point=IsaacRobot))
        model = build(algo, env_id)
        assert model.policy.log_std.exp().mean().item() == pytest.approx(0.5 if "Position" in env_id else 1, 1e-3)


@pytest.mark.parametrize("env_id", PAPER)
@pytest.mark.parametrize("algo", ALGORITHMS)
def test_the_settings_of_the_papers_tasks_are_those_of_its_tables(algo, env_id):
    settings = read(algo)[env_id]
    robot, task, _ = env_id.removeprefix("MemAug/").split("-", 2)
    n_steps = {"Position": 48, "Velocity": 24}[task]
    assert (settings["n_envs"], settings["n_steps"], settings["n_epochs"]) == (4096, n_steps, 5)
    if algo == "memaug_ppo":
        assert settings["n_minibatches"] == 4
    else:
        assert settings["batch_size"] * 4 == 4096 * n_steps
    expected = {"gamma": 0.99, "gae_lambda": 0.95, "clip_range": 0.2, "vf_coef": 1.0, "max_grad_norm": 1.0}
    if algo in OURS:
        expected |= {"learning_rate": 1e-3, "desired_kl": 0.01, "mirror_loss_coef": 0.0}
    expected["ent_coef"] = {"AnymalD": 0.005, "G1": 0.003 if task == "Position" else 0.008}[robot]
    assert {name: settings[name] for name in expected} == expected
    assert settings["n_timesteps"] == 1500 * 4096 * n_steps
    policy_kwargs = settings["policy_kwargs"]
    assert math.exp(policy_kwargs.pop("log_std_init")) == pytest.approx({"Position": 0.5, "Velocity": 1}[task], 1e-3)
    assert policy_kwargs.pop("net_arch") == [256 if robot == "G1" else 128, 128, 128]
    assert policy_kwargs.pop("activation_fn") is nn.ELU
    hidden = 512 if (robot, task) == ("G1", "Velocity") else 256
    assert policy_kwargs == ({"lstm_hidden_size": hidden, "enable_critic_lstm": True} if algo in RECURRENT else {})


@pytest.mark.parametrize(("ours", "peer"), [("memaug_ppo", "ppo_lstm"), ("sym_ppo", "ppo")])
def test_peers_have_the_budget_and_the_networks_of_ours(ours, peer):
    for env_id, theirs in read(peer).items():
        settings = read(ours)[env_id]
        rollout = settings["n_envs"] * settings["n_steps"]
        batch_size = settings.pop("batch_size", None) or rollout // settings.pop("n_minibatches")
        for name in ("desired_kl", "mirror_loss_coef", "learning_rate"):
            del settings[name]
        settings["policy_kwargs"].pop("lstm_skip_connection", None)
        assert theirs == {**settings, "batch_size": batch_size, "learning_rate": 3e-4}
