import os
import pickle
import shutil

import pytest

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO, SymmetricVecNormalize
from sb3_memaug.files import InputError
from sb3_memaug.models import load_model
from tests.ppo.worlds import random_worlds


def test_models_are_loaded_by_the_folder_they_lie_in(tmp_path):
    folder = tmp_path / "logs" / "sym_ppo" / "X_1"
    SymmetricPPO("MlpPolicy", random_worlds(), n_steps=64).save(folder / "X")
    MemAugRecurrentPPO("MlpLstmPolicy", random_worlds()).save(tmp_path / "robot")
    assert isinstance(load_model(folder / "X.zip").model, SymmetricPPO)
    assert load_model(folder / "X.zip").algo == "sym_ppo"
    assert isinstance(load_model(tmp_path / "robot.zip").model, MemAugRecurrentPPO)
    assert load_model(tmp_path / "robot.zip").normalizer is None
    assert isinstance(load_model(tmp_path / "robot.zip", "sym_ppo").model, SymmetricPPO)


def test_normalization_is_loaded_beside_the_model(tmp_path):
    env = SymmetricVecNormalize(random_worlds())
    model = SymmetricPPO("MlpPolicy", env, n_steps=64).learn(256)
    folder = tmp_path / "logs" / "sym_ppo" / "X_1"
    model.save(folder / "X")
    (folder / "X").mkdir()
    env.save(str(folder / "X" / "vecnormalize.pkl"))
    normalizer = load_model(folder / "X.zip").normalizer
    assert isinstance(normalizer, SymmetricVecNormalize)
    assert not normalizer.training
    assert (normalizer.obs_rms.mean == env.obs_rms.mean).all()


def test_normalization_of_other_models_is_left_to_them(tmp_path):
    env = SymmetricVecNormalize(random_worlds())
    model = SymmetricPPO("MlpPolicy", env, n_steps=64)
    other = tmp_path / "logs" / "sym_ppo" / "X_1"
    other.mkdir(parents=True)
    model.save(tmp_path / "robot")
    env.save(str(other / "vecnormalize.pkl"))
    assert load_model(tmp_path / "robot.zip", "sym_ppo").normalizer is None
    env.save(str(tmp_path / "vecnormalize.pkl"))
    assert load_model(tmp_path / "robot.zip", "sym_ppo").normalizer is not None


def _normalised(folder, name):
    env = SymmetricVecNormalize(random_worlds())
    folder.mkdir(parents=True, exist_ok=True)
    SymmetricPPO("MlpPolicy", env, n_steps=64).save(folder / name)
    return env


class Trap:
    """A pickle that leaves a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_pickles_of_neighboring_folders_are_not_loaded(tmp_path):
    folder = tmp_path / "logs" / "sym_ppo" / "X_1"
    _normalised(folder, "X")
    for name in ("Y", "X-old", "best_model"):
        (folder / name).mkdir()
        (folder / name / "vecnormalize.pkl").write_bytes(pickle.dumps(Trap(tmp_path / f"sprung_{name}")))
    assert load_model(folder / "X.zip").normalizer is None
    assert not list(tmp_path.glob("sprung*"))


def test_the_best_and_the_saved_models_of_a_training_have_its_statistics(tmp_path):
    folder = tmp_path / "logs" / "sym_ppo" / "MemAug-X-v0_12"
    env = _normalised(folder, "best_model")
    shutil.copy(folder / "best_model.zip", folder / "rl_model_640_steps.zip")
    shutil.copy(folder / "best_model.zip", folder / "other.zip")
    (folder / "MemAug-X-v0").mkdir()
    env.save(str(folder / "MemAug-X-v0" / "vecnormalize.pkl"))
    assert load_model(folder / "best_model.zip").normalizer is not None
    assert load_model(folder / "rl_model_640_steps.zip").normalizer is not None
    assert load_model(folder / "other.zip").normalizer is None


def test_a_models_own_statistics_go_before_those_beside_it(tmp_path):
    env = _normalised(tmp_path, "X")
    (tmp_path / "X").mkdir()
    env.save(str(tmp_path / "X" / "vecnormalize.pkl"))
    (tmp_path / "vecnormalize.pkl").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    assert load_model(tmp_path / "X.zip", "sym_ppo").normalizer is not None
    assert not (tmp_path / "sprung").exists()


def test_what_is_no_model_or_no_statistics_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.zip"):
        load_model(tmp_path / "nothing.zip")
    (tmp_path / "text.zip").write_text("text")
    with pytest.raises(InputError, match=r"text\.zip: expected a model that memaug_ppo has saved, got ValueError"):
        load_model(tmp_path / "text.zip")
    with pytest.raises(ValueError, match=r"`algo` must be one of memaug_ppo.*got 'sac'"):
        load_model(tmp_path / "text.zip", "sac")
    _normalised(tmp_path, "X")
    for content, told in ((b"cut", "Unpickling"), (pickle.dumps({}), "got dict")):
        (tmp_path / "vecnormalize.pkl").write_bytes(content)
        with pytest.raises(
            InputError, match=rf"vecnormalize\.pkl: expected the statistics of a VecNormalize, .*{told}"
        ):
            load_model(tmp_path / "X.zip", "sym_ppo")
