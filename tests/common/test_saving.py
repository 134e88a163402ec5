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
from torch import nn

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.envs.rower import Rower
from tests.common.test_sources import make

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
from tests.common.test_saving import Unfinished, small
model = small()
model.policy.unfinished = Unfinished(lambda: os.kill(os.getpid(), signal.SIGTERM))
model.save({str(tmp_path / "robot")!r})
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], timeout=300)
    assert result.returncode != 0
    # It was in the middle of it.
    assert names(tmp_path) == [".robot.zip.part", "robot.zip"]
    assert th.equal(weights(SymmetricPPO.load(tmp_path / "robot", device="cpu")), weights(model))
