import os
import pickle
import signal
import subprocess
import sys
import time

import pytest
import torch as th

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.evaluation.tables import read_table
from sb3_memaug.experiments import executors
from sb3_memaug.experiments.checkpoints import latest_checkpoint, steps_of
from sb3_memaug.experiments.run import read_status
from sb3_memaug.experiments.train import train
from sb3_memaug.ppo.update import PolicyUpdate

from .small_run import ROLLOUT, small_runs

for extra in ("mujoco", "rl_zoo3", "pandas"):
    pytest.importorskip(extra)


def test_a_training_leaves_a_model_and_a_learning_curve(tmp_path):
    (run,) = small_runs()
    run.write(tmp_path)
    train(run, tmp_path)
    assert MemAugRecurrentPPO.load(tmp_path / "model.zip").num_timesteps == 8 * ROLLOUT
    learning = read_table(tmp_path / "learning.parquet")
    assert learning["timesteps"].tolist() == [0, 2 * ROLLOUT, 4 * ROLLOUT, 6 * ROLLOUT, 8 * ROLLOUT]
    assert set(learning["split"]) == {"none"}
    assert (learning["seconds"].diff().dropna() > 0).all()
    assert learning[["env", "policy", "training_seed"]].drop_duplicates().to_numpy().tolist() == [
        [run.env, "memory-id", 0]
    ]


def killed(folder, steps):
    """Trains in a process of its own, which is killed when it has a checkpoint of so many steps."""
    process = subprocess.Popen([sys.executable, "-m", "sb3_memaug.experiments.worker", str(folder)])
    deadline = time.monotonic() + 60
    while True:
        checkpoint = latest_checkpoint(folder)
        if checkpoint is not None and steps_of(checkpoint) >= steps:
            break
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_a_killed_training_goes_on_from_its_checkpoint(tmp_path):
    (run,) = small_runs(n_rollouts=40)
    run.write(tmp_path)
    killed(tmp_path, steps=10 * ROLLOUT)
    checkpoint = latest_checkpoint(tmp_path)
    lived = steps_of(checkpoint)
    before = read_table(checkpoint / "learning.csv")
    parameters = MemAugRecurrentPPO.load(checkpoint / "model.zip").policy.state_dict()
    assert 0 < lived < run.n_timesteps
    assert not (tmp_path / "model.zip").exists()

    train(run, tmp_path)
    learning = read_table(tmp_path / "learning.parquet")
    assert learning["timesteps"].tolist() == [0, *(k * 10 * ROLLOUT for k in (1, 2, 3, 4))]
    assert learning["episode_return"][: len(before)].tolist() == pytest.approx(before["episode_return"].tolist())
    model = MemAugRecurrentPPO.load(tmp_path / "model.zip")
    assert model.num_timesteps == run.n_timesteps
    assert any((parameters[name] != value).any() for name, value in model.policy.state_dict().items())


def test_a_gradient_that_is_not_finite_leaves_the_good_checkpoint_to_go_on_from(tmp_path, monkeypatch):
    (run,) = small_runs(normalize={"norm_obs": True, "norm_reward": True}, n_rollouts=8)
    run.write(tmp_path)
    calls, accumulate = [], PolicyUpdate.accumulate_gradients

    def planted(update, minibatch):
        model = update.algorithm
        entry = accumulate(update, minibatch)
        calls.append(model.num_timesteps)
        if model.num_timesteps == 5 * ROLLOUT:
            model.policy.action_net.weight.grad[0, 0] = th.nan
        return entry

    with monkeypatch.context() as patch:
        patch.setattr(PolicyUpdate, "accumulate_gradients", planted)
        executors.run(tmp_path)
    status = read_status(tmp_path)
    assert status.state == "failed"
    assert f"epoch 1 of update 5, after {5 * ROLLOUT} steps is not finite" in status.error
    assert calls[-1] == 5 * ROLLOUT
    checkpoint = latest_checkpoint(tmp_path)
    assert steps_of(checkpoint) == 4 * ROLLOUT
    loaded = MemAugRecurrentPPO.load(checkpoint / "model.zip").policy
    assert all(parameter.isfinite().all() for parameter in loaded.parameters())
    assert not (tmp_path / "model.zip").exists()

    train(run, tmp_path)
    model = MemAugRecurrentPPO.load(tmp_path / "model.zip")
    assert model.num_timesteps == run.n_timesteps
    assert all(parameter.isfinite().all() for parameter in model.policy.parameters())


def test_statistics_of_observations_go_on_too(tmp_path):
    (run,) = small_runs(normalize={"norm_obs": True, "norm_reward": False}, n_rollouts=4)
    run.write(tmp_path)
    killed(tmp_path, steps=ROLLOUT)
    train(run, tmp_path)
    counts = [
        pickle.loads((folder / "vecnormalize.pkl").read_bytes()).obs_rms.count
        for folder in (latest_checkpoint(tmp_path), tmp_path)
    ]
    assert counts[0] < counts[1]
    # Of each step an observation, and of each start of the 4 environments.
    assert counts[1] >= run.n_timesteps + 4


def test_the_learning_rate_that_it_adapted_goes_on_too(tmp_path):
    from sb3_memaug.zoo import register

    (run,) = small_runs(n_rollouts=4, desired_kl=1e-6, learning_rate=1e-3, gamma=0.9)
    run.write(tmp_path)
    killed(tmp_path, steps=ROLLOUT)
    register()
    from sb3_memaug.experiments.train import RunManager

    checkpoint = latest_checkpoint(tmp_path)
    saved = MemAugRecurrentPPO.load(checkpoint / "model.zip")
    model, _ = RunManager(run, tmp_path, checkpoint).setup_experiment()
    model.env.close()
    assert model.adaptive_rate == saved.adaptive_rate
    assert model.adaptive_rate.rate != 1e-3
    assert (model.gamma, model.num_timesteps) == (0.9, saved.num_timesteps)


def test_the_same_seed_gives_the_same_training(tmp_path):
    runs = small_runs(n_rollouts=2)
    parameters = []
    for i in range(2):
        runs[0].write(tmp_path / str(i))
        train(runs[0], tmp_path / str(i))
        parameters.append(MemAugRecurrentPPO.load(tmp_path / str(i) / "model.zip").policy.state_dict())
    assert all((parameters[0][name] == value).all() for name, value in parameters[1].items())


def test_the_status_tells_how_far_a_training_is(tmp_path):
    (run,) = small_runs(n_rollouts=2)
    run.write(tmp_path)
    train(run, tmp_path)
    status = read_status(tmp_path)
    assert (status.state, status.timesteps, status.error) == ("training", 2 * ROLLOUT, None)
    assert status.seconds > 0
