"""."""

import gymnasium as gym
import numpy as np
import pytest
from sb3_contrib import RecurrentPPO

from sb3_memaug.evaluation.episodes import Episode
from sb3_memaug.evaluation.video import VideoFile, record_side_by_side

from ..cli.shown_env import ShownEnv

imageio = pytest.importorskip("imageio.v3")
PICTURES = [np.full((64, 96, 3), brightness, np.uint8) for brightness in (0, 100, 200)]


@pytest.mark.parametrize("suffix", ["mp4", "gif"])
def test_it_appears_complete(suffix, tmp_path):
    path = tmp_path / "new" / f"video.{suffix}"
    with VideoFile(path, fps=20) as video:
        for picture in PICTURES:
            video.add(picture)
            assert not path.exists()
    seen = imageio.imread(path)
    assert seen.shape == (3, 64, 96, 3)
    np.testing.assert_allclose(seen.mean(axis=(1, 2, 3)), (0, 100, 200), atol=3)
    meta = imageio.immeta(path)
    assert meta["fps"] == 20 if suffix == "mp4" else meta["duration"] == 50
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("suffix", ["mp4", "gif"])
def test_or_not_at_all(suffix, tmp_path):
    def break_off():
        with VideoFile(tmp_path / f"video.{suffix}", fps=20) as video:
            video.add(PICTURES[0])
            raise RuntimeError("camera broken")

    with pytest.raises(RuntimeError, match="camera broken"):
        break_off()
    assert list(tmp_path.iterdir()) == []


def test_other_kinds_are_refused_before_anything_is_drawn(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.mp4 or \.gif, got 'video\.avi'"):
        VideoFile("video.avi", fps=20)


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
