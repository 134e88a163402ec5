"""What ``memaug train`` does in Isaac Lab: every task with its settings, and every algorithm."""

from __future__ import annotations

import pytest

from sb3_memaug.envs.isaaclab.simulation import IsaacLabSimulation
from sb3_memaug.models import ALGORITHMS, OURS

from ...zoo.managed_model import managed_model
from .simulated import FILES
from .test_registration import EIGHT

TASK = "MemAug/AnymalD-Velocity-JointFailure-v0"


@pytest.fixture
def build(tmp_path):
    """Builds a model as ``memaug train`` does, with fewer environments."""
    pytest.importorskip("isaaclab")
    pytest.importorskip("rl_zoo3")
    from sb3_memaug.zoo import register

    register()
    models = []

    def build(algo, env_id, **hyperparams):
        file = FILES[env_id.removeprefix("MemAug/").partition("-")[0]]
        if not file.is_file():
            pytest.skip("example-robot-data is not installed")
        models.append(managed_model(algo, env_id, tmp_path, {"robot": str(file)}, **hyperparams))
        return models[-1]

    yield build
    for model in models:
        model.env.close()


@pytest.mark.parametrize("env_id", EIGHT)
def test_every_task_trains_with_its_settings(build, env_id):
    model = build("memaug_ppo", env_id)
    assert isinstance(model.env.unwrapped, IsaacLabSimulation)
    assert len(model.symmetry_group) == (4 if "Anymal" in env_id else 2)
    # No table, which would empty the logger.
    model.learn(4 * model.n_steps, log_interval=100)
    logged = model.logger.name_to_value
    assert abs(logged["train/loss"]) < 100
    assert logged["train/value_loss"] > 0


@pytest.mark.filterwarnings("ignore:You have specified a mini-batch size")
@pytest.mark.parametrize("algo", ALGORITHMS)
def test_the_loss_of_every_algorithm_falls(build, algo):
    batch = {} if algo == "memaug_ppo" else {"batch_size": 24}
    model = build(algo, TASK, **batch)
    assert (getattr(model, "symmetry_group", None) is not None) == (algo in OURS)
    model.learn(4 * model.n_steps, log_interval=100)
    losses = []
    for _ in range(12):
        # The rollout stays the same.
        model.train()
        losses.append(model.logger.name_to_value["train/value_loss"])
    assert losses[-1] < 0.9 * losses[0]
