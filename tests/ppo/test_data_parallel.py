"""Two processes, started by torchrun, that learn as one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch as th

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.envs.rower import Rower
from sb3_memaug.vec_env.normalize import SymmetricVecNormalize

N_ENVS, N_STEPS = 8, 12
POLICIES = {"MemAugRecurrentPPO": "MlpLstmPolicy", "SymmetricPPO": "MlpPolicy"}
SETTINGS = {
    "MemAugRecurrentPPO": {"n_minibatches": 1, "policy_kwargs": {"lstm_hidden_size": 8, "net_arch": [8]}},
    "SymmetricPPO": {"policy_kwargs": {"net_arch": [8]}},
}
ALGORITHMS = {"MemAugRecurrentPPO": MemAugRecurrentPPO, "SymmetricPPO": SymmetricPPO}


def make(algorithm: str, n_envs: int, env=None):
    return ALGORITHMS[algorithm](
        POLICIES[algorithm],
        env or Rower(n_envs),
        n_steps=N_STEPS,
        batch_size=N_STEPS * n_envs,
        n_epochs=3,
        learning_rate=1e-3,
        desired_kl=0.01,
        seed=0,
        device="cpu",
        **SETTINGS[algorithm],
    )


def fill(model, envs: slice):
    """A rollout of numbers that depend on nothing but the environment and the step."""
    _, callback = model._setup_learn(10**6)
    model.collect_rollouts(model.env, callback, model.rollout_buffer, N_STEPS)
    buffer, random = model.rollout_buffer, th.Generator().manual_seed(7)

    def draw(stored):
        return th.randn((N_STEPS, 2 * N_ENVS, *stored.shape[2:]), generator=random)[:, envs].to(stored.dtype)

    for name in ("observations", "actions", "values", "log_probs", "advantages"):
        stored = getattr(buffer, name)
        stored.copy_(draw(stored))
    buffer.log_probs -= 3.0
    buffer.episode_starts.copy_(draw(buffer.rewards) > 1.0)


def flat_parameters(model) -> list[float]:
    return th.cat([parameter.detach().flatten() for parameter in model.policy.parameters()]).tolist()


def run_ranks(task: str, folder: Path, *arguments: str) -> list[dict]:
    """What each of two ranks found."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command += ["-m", "tests.ppo.ranks", task, str(folder), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[2])
    assert result.returncode == 0, result.stderr[-3000:]
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_update_is_that_of_one_process_with_all_the_environments(algorithm, tmp_path):
    alone = make(algorithm, 2 * N_ENVS)
    fill(alone, slice(None))
    before = flat_parameters(alone)
    (tmp_path / "start.json").write_text(json.dumps(before))
    alone.train()
    first, second = run_ranks("update", tmp_path, algorithm)
    assert first["parameters"] == second["parameters"]
    assert first["parameters"] == pytest.approx(flat_parameters(alone), abs=2e-5)
    assert max(abs(a - b) for a, b in zip(before, flat_parameters(alone), strict=True)) > 1e-3
    assert first["rate"] == second["rate"] == pytest.approx(alone.adaptive_rate.rate)
    expected = alone.logger.name_to_value
    for name in ("train/approx_kl", "train/policy_gradient_loss", "train/value_loss", "train/clip_fraction"):
        assert first["log"][name] == pytest.approx(expected[name], rel=1e-2, abs=1e-5), name


def test_ranks_that_learn_agree_on_everything_and_rank_0_saves(tmp_path):
    first, second = run_ranks("learn", tmp_path)
    for name in ("parameters", "rate", "mean", "var", "count", "log", "num_timesteps"):
        assert first[name] == second[name], name
    assert first["first_actions"] != second["first_actions"]
    assert first["first_observations"] != second["first_observations"]
    assert first["num_timesteps"] == 3 * N_STEPS * N_ENVS * 2
    # Every observation of both ranks and its images, those of the first reset too.
    assert first["count"] == pytest.approx((3 * N_STEPS + 1) * N_ENVS * 2 * 4, abs=1)
    assert (tmp_path / "robot.zip").is_file()
    assert first["printed"]
    assert not second["printed"]
    model = MemAugRecurrentPPO.load(tmp_path / "robot", SymmetricVecNormalize(Rower(N_ENVS)), device="cpu")
    assert flat_parameters(model) == first["parameters"]


def test_ranks_with_different_numbers_of_environments_are_refused(tmp_path):
    with pytest.raises(AssertionError, match="all ranks must have the same number of environments"):
        run_ranks("differ", tmp_path)


def test_all_ranks_refuse_together(tmp_path):
    first, second = run_ranks("refuse", tmp_path)
    for one, other in zip(first["steps"], second["steps"], strict=True):
        assert one["same"]
        assert other["same"]
        message = one["message"]
        assert message == other["message"]
        assert message.startswith("the gradient of minibatch 1 in epoch 1 of update 1, after 192 steps is not finite")
        assert "the value loss of rank 1" in message
        assert "rank 0" not in message
    for one, other in zip(first["rollouts"], second["rollouts"], strict=True):
        assert one["same"]
        assert other["same"]
        assert one["message"].startswith("another rank refuses its rollout")
        assert other["message"].startswith(
            "at step 5 of the rollout that began after 0 steps, the reward of environment "
        )
        assert "environment [3] of rank 1 is not finite" in other["message"]
        for name in ("parameters", "var"):
            assert one[name] == other[name], name
