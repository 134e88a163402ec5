"""Isaac Lab's own commands on the tasks of this library."""

from __future__ import annotations

from configparser import ConfigParser
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import torch as th
from torch.distributions import Distribution

from sb3_memaug.envs import isaaclab
from tests.envs.isaaclab.simulated import FILES
from tests.envs.isaaclab.test_registration import EIGHT

SETUP = Path(__file__).parents[3] / "setup.cfg"
RSL_RL = "rsl_rl_cfg_entry_point"
#: By robot and goal: steps of a rollout, layers, units of the LSTM, initial noise, weight of the entropy.
AGENTS = {
    ("AnymalD", "Velocity"): (24, [128, 128, 128], 256, 1.0, 0.005),
    ("AnymalD", "Position"): (48, [128, 128, 128], 256, 0.5, 0.005),
    ("G1", "Velocity"): (24, [256, 128, 128], 512, 1.0, 0.008),
    ("G1", "Position"): (48, [256, 128, 128], 256, 0.5, 0.003),
}


def test_the_entry_point_names_the_module_of_the_tasks():
    setup = ConfigParser()
    setup.read(SETUP)
    group = ConfigParser()
    group.read_string("[isaaclab.tasks]" + setup["options.entry_points"]["isaaclab.tasks"])
    ((name, value),) = group["isaaclab.tasks"].items()

    assert EntryPoint(name, value, "isaaclab.tasks").load() is isaaclab


@pytest.mark.parametrize("env_id", EIGHT)
def test_the_commands_find_the_configurations_of_a_task_and_of_its_agent(env_id):
    pytest.importorskip("isaaclab")
    pytest.importorskip("rsl_rl")
    from isaaclab_tasks.utils import load_cfg_from_registry, parse_env_cfg

    cfg, agent = parse_env_cfg(env_id, device="cpu", num_envs=5), load_cfg_from_registry(env_id, RSL_RL)

    assert type(cfg).__name__ == env_id.removeprefix("MemAug/").removesuffix("-v0").replace("-", "") + "EnvCfg"
    assert (cfg.sim.device, cfg.scene.num_envs) == ("cpu", 5)
    robot, goal, _ = env_id.removeprefix("MemAug/").split("-", 2)
    noise = agent.actor.distribution_cfg.init_std
    assert AGENTS[robot, goal] == (
        agent.num_steps_per_env,
        agent.critic.hidden_dims,
        agent.actor.rnn_hidden_dim,
        noise,
        agent.algorithm.entropy_coef,
    )


def test_the_command_trains_the_agent_and_takes_choices_about_the_task(tmp_path, monkeypatch):
    pytest.importorskip("isaaclab")
    pytest.importorskip("rsl_rl")
    if not FILES["AnymalD"].is_file():
        pytest.skip("example-robot-data is not installed")
    from isaaclab_rl.entrypoints import run_train_cli

    # There it leaves what it has learned; and checks of torch, which rsl_rl turns off for all, are on again afterwards.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Distribution, "_validate_args", Distribution._validate_args)
    command = ["--task", "MemAug/AnymalD-Velocity-JointFailure-v0", "--num_envs", "2", "--max_iterations", "1"]
    choices = [f"env.robot_file={FILES['AnymalD']}", "env.events.joint_failure.params.split=ood"]
    agent = ["agent.num_steps_per_env=4", "agent.device=cpu"]

    assert run_train_cli([*command, "--device", "cpu", *choices, *agent]) == 0

    (run,) = tmp_path.glob("logs/rsl_rl/memaug_anymal_d_velocity/*")
    assert "split: ood" in (run / "params" / "env.yaml").read_text()
    learned = th.load(run / "model_0.pt", weights_only=False)["actor_state_dict"]
    assert learned["rnn.rnn.weight_hh_l0"].shape == (4 * 256, 256)
    assert all(weight.isfinite().all() for weight in learned.values())
