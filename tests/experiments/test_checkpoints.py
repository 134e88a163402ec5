"""A checkpoint that is good is only ever followed by one that is good."""

from __future__ import annotations

import numpy as np
import pytest
import torch as th
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.envs.rower import Rower
from sb3_memaug.experiments.checkpoints import latest_checkpoint, save_checkpoint, save_model
from sb3_memaug.vec_env.normalize import SymmetricVecNormalize
from tests.vec_env.test_steppers import Hidden, make

pytest.importorskip("pandas")
ROWS = [{"timesteps": 0, "episode_return": 1.0}]


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ours():
    return make(MemAugRecurrentPPO, SymmetricVecNormalize(Rower(4)), n_steps=8)


def of_sb3():
    return PPO("MlpPolicy", VecNormalize(Hidden(Rower(4))), n_steps=8, batch_size=32, device="cpu")


def destroy_policy(model):
    with th.no_grad():
        model.policy.value_net.weight[0, 0] = th.inf


def destroy_statistics(model):
    model.get_vec_normalize_env().ret_rms.var = np.array(np.nan)


DESTRUCTIONS = pytest.mark.parametrize("destroy", [destroy_policy, destroy_statistics])
MODELS = pytest.mark.parametrize("new", [ours, of_sb3])


@MODELS
@DESTRUCTIONS
def test_a_good_checkpoint_stays_where_the_next_one_would_not_be(new, destroy, tmp_path):
    model = new().learn(32)
    save_checkpoint(model, ROWS, tmp_path)
    good = files(tmp_path)
    assert {"checkpoint_32/model.zip", "checkpoint_32/vecnormalize.pkl", "checkpoint_32/learning.csv"} == set(good)
    model.learn(32, reset_num_timesteps=False)
    destroy(model)
    with pytest.raises(ValueError, match="not finite"):
        save_checkpoint(model, ROWS, tmp_path)
    assert files(tmp_path) == good
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint_32"]
    assert latest_checkpoint(tmp_path).name == "checkpoint_32"


@MODELS
@DESTRUCTIONS
def test_of_a_model_that_is_not_finite_nothing_is_written(new, destroy, tmp_path):
    model = new().learn(32)
    save_model(model, tmp_path)
    good = files(tmp_path)
    destroy(model)
    with pytest.raises(ValueError, match="not finite"):
        save_model(model, tmp_path)
    assert files(tmp_path) == good
