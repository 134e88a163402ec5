"""Isaac Lab's own task as a batch of tensors, and the algorithms on it."""

import pytest
import torch as th
from stable_baselines3 import PPO

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.envs.isaaclab.vec_env import IsaacLabVecEnv

from .shipped_task import EPISODE_STEPS, shipped_task

JOINT_POSITIONS = slice(12, 24)


@pytest.fixture(scope="module")
def env():
    env = IsaacLabVecEnv(shipped_task())
    yield env
    env.close()


def test_the_final_observation_is_the_one_before_the_reset(env, monkeypatch):
    inner, before = env.env, {}
    reset = inner._reset_idx

    def look_first(env_ids):
        data = inner.scene["robot"].data
        before["joints"] = (data.joint_pos.torch - data.default_joint_pos.torch).clone()
        reset(env_ids)

    env.reset_tensors(seed=1)
    monkeypatch.setattr(inner, "_reset_idx", look_first)
    for _ in range(EPISODE_STEPS):
        step = env.step_tensors(th.randn(4, 12))
        # Where a robot falls, its episode ends earlier.
        done = step.dones
        if not done.any():
            assert step.final_observations is None
            continue
        final = step.final_observations[done, JOINT_POSITIONS]
        assert th.equal(final, before["joints"][done])
        assert not th.allclose(final, step.observations[done, JOINT_POSITIONS], atol=1e-3)
    assert done.any()
    assert th.equal(step.truncated | step.terminated, done)


def test_the_same_seed_gives_the_same_episodes(env):
    def play():
        observations = [env.reset_tensors(seed=3)]
        th.manual_seed(0)
        return th.stack(observations + [env.step_tensors(0.2 * th.randn(4, 12)).observations for _ in range(2)])

    assert th.allclose(play(), play(), atol=1e-4)


def test_staggered_episodes_do_not_all_end_at_once(env):
    ages = env.env.episode_length_buf
    env.staggered = True
    env.reset_tensors(seed=0)
    assert 0 <= ages.min() < ages.max() < EPISODE_STEPS
    expected, left = EPISODE_STEPS - ages, th.zeros_like(ages)
    for step in range(1, EPISODE_STEPS + 1):
        left[env.step_tensors(th.zeros(4, 12)).truncated & (left == 0)] = step
    assert left.tolist() == expected.tolist()
    env.staggered = False
    env.reset_tensors()
    assert ages.tolist() == [0] * 4


@pytest.mark.parametrize(("algorithm", "policy"), [(MemAugRecurrentPPO, "MlpLstmPolicy"), (SymmetricPPO, "MlpPolicy")])
def test_algorithms_train_with_the_mirrors_of_the_robot(env, algorithm, policy):
    model = algorithm(policy, env, n_steps=8, batch_size=32, n_epochs=2, seed=0, device="cpu")
    before = [parameter.clone() for parameter in model.policy.parameters()]
    # No table, which would empty the logger.
    model.learn(3 * 4 * 8, log_interval=1000)
    assert len(model.symmetry_group) == 4
    assert any(not th.equal(old, new) for old, new in zip(before, model.policy.parameters(), strict=True))
    logged = model.logger.name_to_value
    assert th.tensor([logged["train/loss"], logged["Episode_Reward/track_lin_vel_xy_exp"]]).isfinite().all()
    assert max(episode["l"] for episode in model.ep_info_buffer) == EPISODE_STEPS


def test_an_algorithm_of_stable_baselines3_trains_too(env):
    model = PPO("MlpPolicy", env, n_steps=8, batch_size=32, n_epochs=1, seed=0, device="cpu").learn(32)
    assert len(model.ep_info_buffer) >= 4
