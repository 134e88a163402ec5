"""What ``memaug experiment`` does in Isaac Lab: train, measure on ID and OOD tasks on the way, and in the end."""

from __future__ import annotations

import pytest

from sb3_memaug.experiments.matrix import read_matrix

from .simulated import FILES

MATRIX = """
envs: [MemAug/AnymalD-Position-JointFailure-v0]
policies: [memory-aug]
seeds: [0]
n_timesteps: 96
evaluation: {{n_episodes: 4, learning_points: 2, learning_episodes: 4}}
settings:
  n_envs: 4
  n_steps: 12
  policy_kwargs: dict(lstm_hidden_size=8, net_arch=[8])
  env_kwargs: {{robot: {robot}, device: cpu, episode_length_s: 0.1}}
"""


def test_a_run_is_trained_and_measured_in_one_simulation_at_a_time(tmp_path):
    pytest.importorskip("isaaclab")
    pytest.importorskip("rl_zoo3")
    pd = pytest.importorskip("pandas")
    from sb3_memaug.experiments.measure import evaluate, film
    from sb3_memaug.experiments.train import train

    if not FILES["AnymalD"].is_file():
        pytest.skip("example-robot-data is not installed")
    (tmp_path / "small.yml").write_text(MATRIX.format(robot=FILES["AnymalD"]))
    (run,) = read_matrix(tmp_path / "small.yml").runs()
    folder = tmp_path / "run"
    run.write(folder)
    train(run, folder)
    learning = pd.read_parquet(folder / "learning.parquet")
    assert learning["timesteps"].unique().tolist() == [0, 48, 96]
    assert learning["split"].unique().tolist() == ["none", "id", "ood"]
    evaluate(run, folder)
    film(run, folder)
    episodes = pd.read_parquet(folder / "episodes.parquet")
    # Thirteen variations under four mirrors, memory kept and zeroed, mean actions and samples.
    assert len(episodes) == 13 * 4 * 2 * 2
    assert (episodes["length"] == 5).mean() > 0.9
    assert episodes["distance"].between(0, 6).all()
    latents = pd.read_parquet(folder / "latent_symmetry.parquet")
    assert latents["mirror"].tolist() == ["left_right", "front_back", "left_right*front_back"]
    assert not list(folder.glob("*.mp4"))
