"""Isaac Lab's own tasks by their ids, as this library's commands make them."""

from __future__ import annotations

import gymnasium as gym
import pytest
import torch as th

from sb3_memaug.envs.isaaclab.registration import make_env
from sb3_memaug.envs.isaaclab.simulation import IsaacLabSimulation
from sb3_memaug.envs.isaaclab.vec_env import IsaacLabVecEnv
from sb3_memaug.vec_env.registry import vec_env_maker

from .shipped_task import shipped_cfg

ID = "Another-Task-Of-Isaac-Lab-v0"


@pytest.fixture(autouse=True)
def _registered():
    pytest.importorskip("isaaclab")
    gym.register(ID, "isaaclab.envs:ManagerBasedRLEnv", kwargs={"env_cfg_entry_point": shipped_cfg})
    yield
    gym.registry.pop(ID)


def test_a_task_that_is_not_ours_is_made_of_its_configuration():
    env = vec_env_maker(ID)(ID, num_envs=3, device="cpu", seed=0)
    try:
        assert isinstance(env, IsaacLabVecEnv)
        assert not isinstance(env, IsaacLabSimulation)
        assert env.staggered
        assert len(env.symmetry_group) == 4
        env.reset()
        assert env.step_tensors(th.zeros(3, 12)).observations.shape == (3, 48)
    finally:
        env.close()


def test_a_single_one_is_an_environment_as_gymnasium_has_them():
    env = make_env(ID, mirrors=["left_right"], seed=0)
    try:
        assert env.symmetry_group.names == ("identity", "left_right")
        observation, _ = env.reset(seed=0)
        assert env.observation_space.contains(observation)
    finally:
        env.close()
