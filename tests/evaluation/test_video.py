import gymnasium as gym
import numpy as np
import pytest
from sb3_contrib import RecurrentPPO

from sb3_memaug.evaluation.runners import Episode
from sb3_memaug.evaluation.video import record_side_by_side

from ..cli.shown_env import ShownEnv

imageio = pytest.importorskip("imageio.v3")
pytest.importorskip("PIL")


@pytest.fixture
def env_id():
    gym.register("Filmed-v0", entry_point=ShownEnv, max_episode_steps=3)
    yield "Filmed-v0"
    gym.registry.pop("Filmed-v0")


def test_models_are_filmed_beside_one_another(env_id, tmp_path):
    models = {name: RecurrentPPO("MlpLstmPolicy", gym.make(env_id), seed=0) for name in ("one", "two")}
    episodes = [Episode(0, {}), Episode(1, {})]
    assert record_side_by_side(models, env_id, episodes, tmp_path / "v.mp4") == tmp_path / "v.mp4"
    pictures = imageio.imread(tmp_path / "v.mp4")
    assert pictures.shape == (6, 64, 192, 3)
    # Below the titles.
    np.testing.assert_allclose(pictures[:, 40:].mean(axis=(1, 2, 3)), [40, 80, 120] * 2, atol=5)
