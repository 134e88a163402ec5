import os
import re
import signal
import threading
from functools import partial

import pytest

from sb3_memaug.evaluation.tables import read_table
from sb3_memaug.experiments import executors
from sb3_memaug.experiments.checkpoints import latest_checkpoint, steps_of
from sb3_memaug.experiments.executors import LOG_FILE, plan, run_all, run_locally, run_on_ray
from sb3_memaug.experiments.run import read_status

from .small_run import ROLLOUT, small_runs

for extra in ("mujoco", "rl_zoo3", "pandas", "rich"):
    pytest.importorskip(extra)

TABLES = ("learning", "trajectories", "latents", "latent_symmetry", "episodes")


def process_of(folder):
    return int(re.findall(r"process (\d+) on ", (folder / LOG_FILE).read_text())[-1])


def test_a_run_is_trained_and_measured(tmp_path):
    (run,) = small_runs()
    run.write(tmp_path)
    executors.run(tmp_path)
    assert read_status(tmp_path).state == "finished", (tmp_path / LOG_FILE).read_text()[-2000:]
    for name in TABLES:
        table = read_table(tmp_path / f"{name}.parquet")
        assert table[["env", "policy", "training_seed"]].drop_duplicates().to_numpy().tolist() == [
            [run.env, "memory-id", 0]
        ], name
    episodes = read_table(tmp_path / "episodes.parquet")
    # Under each of the four mirrors; mean and sampled actions; memory kept and zeroed.
    assert len(episodes) == 4 * 2 * 2
    assert episodes["air_time"].gt(0).all()
    assert latest_checkpoint(tmp_path) is None
    assert {path.name for path in tmp_path.iterdir()} == {
        *(f"{name}.parquet" for name in TABLES),
        *("model.zip", "log.txt", "status.json", "run.yml", "hyperparameters.yml", ".lock"),
    }


def test_what_is_done_is_not_done_again(tmp_path):
    (run,) = small_runs(policies=["baseline-id"], n_rollouts=2)
    run.write(tmp_path)
    executors.run(tmp_path)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.*")}
    (tmp_path / "episodes.parquet").unlink()
    executors.run(tmp_path)  # It is finished.
    assert not (tmp_path / "episodes.parquet").exists()
    (tmp_path / "status.json").unlink()
    executors.run(tmp_path)  # It has to be measured, but not to be trained.
    assert (tmp_path / "episodes.parquet").exists()
    assert (tmp_path / "model.zip").stat().st_mtime_ns == written[tmp_path / "model.zip"]


def test_a_run_that_fails_says_so_and_the_others_are_completed(tmp_path):
    good, bad = (small_runs(policies=["baseline-id"], seeds=[seed], n_rollouts=2)[0] for seed in (0, 1))
    bad.hyperparameters["gamma"] = "no number"
    plan([bad, good], tmp_path)
    failed = run_all([bad, good], tmp_path, partial(run_locally, jobs=2))
    assert failed == [tmp_path / bad.name]
    status = read_status(tmp_path / bad.name)
    assert status.state == "failed"
    assert "Error" in status.error
    assert "Traceback" in (tmp_path / bad.name / LOG_FILE).read_text()
    assert read_status(tmp_path / good.name).state == "finished"


def test_a_process_that_is_killed_counts_as_failed_and_goes_on_next_time(tmp_path):
    (run,) = small_runs(n_rollouts=30)
    plan([run], tmp_path)
    folder = tmp_path / run.name

    def kill(watch):
        checkpoint = latest_checkpoint(folder)
        if checkpoint is not None and steps_of(checkpoint) > 0 and not killed:
            os.kill(process_of(folder), signal.SIGKILL)
            killed.append(steps_of(checkpoint))
        watch()

    killed = []
    failed = run_all([run], tmp_path, lambda folders, watch: run_locally(folders, partial(kill, watch), jobs=1))
    assert failed == [folder]
    assert "killed by signal 9" in read_status(folder).error
    assert run_all([run], tmp_path, partial(run_locally, jobs=1)) == []
    assert killed[0] > 0
    assert read_table(folder / "learning.parquet")["timesteps"].is_monotonic_increasing


def test_two_processes_do_not_perform_the_same_run(tmp_path):
    (run,) = small_runs(policies=["baseline-id"], n_rollouts=2)
    run.write(tmp_path)
    threads = [threading.Thread(target=run_locally, args=([tmp_path], lambda: None, 1)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_status(tmp_path).state == "finished"
    assert (tmp_path / LOG_FILE).read_text().count("Default hyperparameters for environment") == 1


def test_a_worker_that_ray_loses_loses_nothing(tmp_path):
    pytest.importorskip("ray")
    runs = small_runs(policies=["memory-id"], seeds=(0, 1), n_rollouts=30)
    plan(runs, tmp_path)
    folder = tmp_path / runs[0].name
    lost = []

    def kill(watch):
        checkpoint = latest_checkpoint(folder)
        if checkpoint is not None and steps_of(checkpoint) >= 7 * ROLLOUT and not lost:
            os.kill(process_of(folder), signal.SIGKILL)
            lost.append(steps_of(checkpoint))
        watch()

    on_ray = partial(run_on_ray, address="local", cpus=1, gpus=0)
    assert run_all(runs, tmp_path, lambda folders, watch: on_ray(folders, partial(kill, watch))) == []
    assert lost
    for run in runs:
        learning = read_table(tmp_path / run.name / "learning.parquet")
        assert learning["timesteps"].iloc[-1] == run.n_timesteps
        assert learning["timesteps"].is_monotonic_increasing
    # It went on from its checkpoint, and did not begin again.
    log = (folder / LOG_FILE).read_text()
    assert log.count("Default hyperparameters for environment") == 2
    assert log.count("Loading pretrained agent") == 1
