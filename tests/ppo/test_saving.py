"""A saved model is whole, or not there at all."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch as th
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback, CheckpointCallback, EvalCallback
from torch import nn

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.envs.rower import Rower
from sb3_memaug.vec_env.normalize import SymmetricVecNormalize
from tests.vec_env.test_steppers import Hidden, make

both = pytest.mark.parametrize("algorithm", [MemAugRecurrentPPO, SymmetricPPO])


class Unfinished(nn.Module):
    """A part of a policy that something happens to when half of the file has been written."""

    def __init__(self, happens) -> None:
        super().__init__()
        self.happens = happens

    def get_extra_state(self):
        return _Bomb(self.happens)


class _Bomb:
    def __init__(self, happens) -> None:
        self.happens = happens

    def __reduce__(self):
        self.happens()
        return str, ()


def small(algorithm=SymmetricPPO):
    return make(algorithm, Rower(4))


def weights(model):
    return th.cat([parameter.detach().flatten() for parameter in model.policy.parameters()])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@both
@pytest.mark.parametrize("name", ["robot", "robot.zip", "robot.v2", "folder/robot"])
@pytest.mark.filterwarnings("ignore:Path .* does not exist. Will create it")
def test_a_file_is_called_as_sb3_calls_it_and_nothing_is_left_beside_it(algorithm, name, tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
    model = small(algorithm)
    model.save(ours / name)
    PPO("MlpPolicy", Rower(4), device="cpu").save(theirs / name)
    files = [sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) for folder in (ours, theirs)]
    assert files[0] == files[1]
    assert th.equal(weights(algorithm.load(ours / name, device="cpu")), weights(model))


def test_a_path_may_be_a_string(tmp_path):
    small().save(str(tmp_path / "robot"))
    assert names(tmp_path) == ["robot.zip"]


@both
def test_it_saves_to_an_open_file(algorithm, tmp_path):
    model, memory = small(algorithm), io.BytesIO()
    model.save(memory)
    with open(tmp_path / "robot", "wb") as file:
        model.save(file)
    assert names(tmp_path) == ["robot"]
    for source in (memory, tmp_path / "robot"):
        assert th.equal(weights(algorithm.load(source, device="cpu")), weights(model))


def test_what_to_save_is_handed_on(tmp_path):
    small().save(tmp_path / "robot", exclude=["gamma"], include=["rollout_buffer"])
    with zipfile.ZipFile(tmp_path / "robot.zip") as archive:
        saved = json.loads(archive.read("data"))
    assert "gamma" not in saved
    assert {"gae_lambda", "rollout_buffer"} <= set(saved)


def fail():
    raise OSError("no space left on device")


@both
def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(algorithm, tmp_path):
    model = small(algorithm)
    model.save(tmp_path / "robot")
    old = (tmp_path / "robot.zip").read_bytes()
    model.policy.unfinished = Unfinished(fail)
    with pytest.raises(OSError, match="no space left"):
        model.save(tmp_path / "robot")
    assert names(tmp_path) == ["robot.zip"]
    assert (tmp_path / "robot.zip").read_bytes() == old


def test_a_first_save_that_fails_leaves_nothing(tmp_path):
    model = small()
    model.policy.unfinished = Unfinished(fail)
    with pytest.raises(OSError, match="no space left"):
        model.save(tmp_path / "robot")
    assert names(tmp_path) == []


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path):
    def look():
        seen.append([path.read_bytes() for path in tmp_path.iterdir() if path.suffix == ".zip"])

    seen = []
    model = small()
    model.save(tmp_path / "robot")
    old = (tmp_path / "robot.zip").read_bytes()
    model.policy.unfinished = Unfinished(look)
    model.save(tmp_path / "robot")
    assert seen
    assert all(files == [old] for files in seen)
    assert (tmp_path / "robot.zip").read_bytes() != old


def test_a_process_that_is_killed_leaves_the_old_file(tmp_path):
    model = small()
    model.save(tmp_path / "robot")
    code = f"""
import os, signal
from tests.ppo.test_saving import Unfinished, small
model = small()
model.policy.unfinished = Unfinished(lambda: os.kill(os.getpid(), signal.SIGTERM))
model.save({str(tmp_path / "robot")!r})
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], timeout=300)
    assert result.returncode != 0
    # It was in the middle of it.
    assert names(tmp_path) == [".robot.zip.part", "robot.zip"]
    assert th.equal(weights(SymmetricPPO.load(tmp_path / "robot", device="cpu")), weights(model))


NOT_FINITE = {
    "parameter": lambda model: model.policy.action_net.weight.data.view(-1)[0:1].fill_(th.nan),
    "infinite": lambda model: model.policy.value_net.bias.data.fill_(-th.inf),
    "optimizer": lambda model: model.policy.optimizer.state[model.policy.value_net.bias]["exp_avg"].fill_(th.inf),
    "buffer": lambda model: model.policy.register_buffer("mean", th.tensor([0.0, th.nan])),
}


@both
@pytest.mark.parametrize("what", NOT_FINITE)
@pytest.mark.parametrize("name", ["robot", None], ids=["path", "file"])
def test_what_is_not_finite_is_not_saved(algorithm, what, name, tmp_path):
    model = small(algorithm).learn(128)
    model.save(tmp_path / "robot")
    old = (tmp_path / "robot.zip").read_bytes()
    NOT_FINITE[what](model)
    memory = io.BytesIO()
    with pytest.raises(ValueError, match="after 128 steps the policy holds numbers that are not finite, in "):
        model.save(memory if name is None else tmp_path / name)
    assert memory.getvalue() == b""
    assert names(tmp_path) == ["robot.zip"]
    assert (tmp_path / "robot.zip").read_bytes() == old


def test_what_is_infinite_on_purpose_is_saved(tmp_path):
    """As a mask of attention is."""
    model = small()
    model.policy.register_buffer("mask", th.full((2, 2), -th.inf).triu(1))
    model.policy.frozen = nn.Parameter(th.tensor([th.inf]), requires_grad=False)
    model.save(tmp_path / "robot")
    assert names(tmp_path) == ["robot.zip"]


class Destroy(BaseCallback):
    """What the policy does is finite all the same."""

    def _on_step(self):
        if self.num_timesteps == 64:
            NOT_FINITE["infinite"](self.model)
        return True


def test_checkpoints_of_sb3_are_good_or_not_there(tmp_path):
    env = SymmetricVecNormalize(Rower(4))
    model = make(SymmetricPPO, env, n_steps=32)
    checkpoints = CheckpointCallback(8, str(tmp_path), save_vecnormalize=True)
    with pytest.raises(ValueError, match="after 64 steps the policy holds numbers that are not finite, in value_net"):
        model.learn(128, callback=[Destroy(), checkpoints])
    assert names(tmp_path) == ["rl_model_32_steps.zip", "rl_model_vecnormalize_32_steps.pkl"]
    assert weights(SymmetricPPO.load(tmp_path / "rl_model_32_steps", device="cpu")).isfinite().all()


def test_the_best_model_of_an_evaluation_stays(tmp_path):
    class Better(EvalCallback):
        """Takes every model for a better one."""

        def _on_step(self):
            self.best_mean_reward = -th.inf
            return super()._on_step()

    model = make(SymmetricPPO, Rower(4), n_steps=32)
    evaluation = Better(Rower(4), best_model_save_path=str(tmp_path), eval_freq=8, n_eval_episodes=4, verbose=0)
    with pytest.raises(ValueError, match="not finite, in value_net"):
        model.learn(128, callback=[Destroy(), evaluation])
    assert names(tmp_path) == ["best_model.zip"]
    assert weights(SymmetricPPO.load(tmp_path / "best_model", device="cpu")).isfinite().all()


@pytest.mark.parametrize("env", [lambda: Rower(4), lambda: Hidden(Rower(4))], ids=["tensors", "arrays"])
@pytest.mark.parametrize("which", ["obs_rms", "ret_rms"])
def test_statistics_that_are_not_finite_are_not_saved(env, which, tmp_path):
    normalizer = SymmetricVecNormalize(env())
    normalizer.save(str(tmp_path / "old.pkl"))
    old = (tmp_path / "old.pkl").read_bytes()
    getattr(normalizer, which).var = getattr(normalizer, which).var * th.nan
    with pytest.raises(ValueError, match=r"statistics of this Symmetric\w+ are not finite"):
        normalizer.save(str(tmp_path / "old.pkl"))
    assert (tmp_path / "old.pkl").read_bytes() == old
