from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO, SymmetricVecNormalize
from sb3_memaug.models import load_model
from tests.memaug_ppo.worlds import random_worlds


def test_models_are_loaded_by_the_folder_they_lie_in(tmp_path):
    folder = tmp_path / "logs" / "sym_ppo" / "X_1"
    SymmetricPPO("MlpPolicy", random_worlds(), n_steps=64).save(folder / "X")
    MemAugRecurrentPPO("MlpLstmPolicy", random_worlds()).save(tmp_path / "robot")
    assert isinstance(load_model(folder / "X.zip").model, SymmetricPPO)
    assert load_model(folder / "X.zip").algo == "sym_ppo"
    assert isinstance(load_model(tmp_path / "robot.zip").model, MemAugRecurrentPPO)
    assert load_model(tmp_path / "robot.zip").normalizer is None
    assert isinstance(load_model(tmp_path / "robot.zip", "sym_ppo").model, SymmetricPPO)


def test_normalisation_is_loaded_beside_the_model(tmp_path):
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


def test_normalisation_of_other_models_is_left_to_them(tmp_path):
    env = SymmetricVecNormalize(random_worlds())
    model = SymmetricPPO("MlpPolicy", env, n_steps=64)
    other = tmp_path / "logs" / "sym_ppo" / "X_1"
    other.mkdir(parents=True)
    model.save(tmp_path / "robot")
    env.save(str(other / "vecnormalize.pkl"))
    assert load_model(tmp_path / "robot.zip", "sym_ppo").normalizer is None
    env.save(str(tmp_path / "vecnormalize.pkl"))
    assert load_model(tmp_path / "robot.zip", "sym_ppo").normalizer is not None
