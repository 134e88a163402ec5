"""Policies are evaluated in Isaac Lab's simulation, beside a training and by themselves."""

from __future__ import annotations

import math
from importlib import import_module

import gymnasium as gym
import numpy as np
import pytest
import torch as th

from sb3_memaug.evaluation import evaluate_generalization
from sb3_memaug.evaluation.split_evaluator import SplitEvaluator
from sb3_memaug.evaluation.trajectories import record_trajectories
from sb3_memaug.evaluation.trials import Trial, open_trials

from .simulated import FILES

#: Control steps of 0.02 s.
STEPS = 5


class Kicks:
    """A policy that moves all motors by the same amount."""

    action_size = 12

    def predict(self, observations, state=None, episode_start=None, deterministic=True):
        return np.full((len(observations), self.action_size), 0.5, np.float32), state


def short_task(task, robot="AnymalD"):
    """Id and arguments of a task whose episodes are short, without noise."""
    pytest.importorskip("isaaclab")
    env_id = f"MemAug/{task}-v0"
    if not FILES[robot].is_file():
        pytest.skip("example-robot-data is not installed")
    module, _, name = gym.spec(env_id).kwargs["env_cfg_entry_point"].partition(":")
    cfg = getattr(import_module(module), name)()
    cfg.episode_length_s = 0.02 * STEPS
    cfg.observations.policy.enable_corruption = False
    return env_id, {"cfg": cfg, "robot": FILES[robot], "device": "cpu"}


def test_every_joint_may_fail_and_all_episodes_run_together():
    env_id, env_kwargs = short_task("AnymalD-Velocity-JointFailure")
    results = list(evaluate_generalization(Kicks(), env_id, "kicks", 4, env_kwargs=env_kwargs))
    variations = [result.variation for result in results[::4]]
    assert [result.split for result in results[::4]] == ["none"] + ["id"] * 3 + ["ood"] * 9
    assert variations[:4] == ["none", "LF_HAA", "LF_HFE", "LF_KFE"]
    assert len(set(variations)) == 13
    assert [result.mirror for result in results[:4]] == ["identity", "left_right", "front_back", "left_right*front_back"]
    assert all(math.isfinite(result.episode_return) and 1 <= result.length <= STEPS for result in results)
    assert all(result.air_time is not None and result.distance is None for result in results)
