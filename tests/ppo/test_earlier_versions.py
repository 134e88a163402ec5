"""What earlier versions have saved can still be loaded. The files were written by version 0.1's modules."""

from pathlib import Path

import numpy as np
import pytest

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO, SymmetricVecNormalize
from sb3_memaug.models import load_model
from tests.ppo.worlds import random_worlds

SAVED = Path(__file__).parent / "saved"
SEEN = np.array([0.1, 0.2, 0.3, 0.4], np.float32)


def test_a_recurrent_model_acts_and_learns_on():
    model = MemAugRecurrentPPO.load(SAVED / "memaug_ppo", device="cpu")
    actions, (hidden, cell) = model.predict(SEEN[None], deterministic=True)
    np.testing.assert_allclose(actions, [[-0.0024292, -0.00181341]], atol=1e-6)
    np.testing.assert_allclose(hidden[0, 0], [0.02065138, 0.10685189, -0.11098384, -0.01042331], atol=1e-6)
    np.testing.assert_allclose(cell[0, 0], [0.04718533, 0.1996026, -0.17165305, -0.02474293], atol=1e-6)
    assert model.group_size == 2
    assert model.adaptive_rate.desired_kl == 0.01
    env = SymmetricVecNormalize.load(str(SAVED / "vecnormalize.pkl"), random_worlds(2))
    model = MemAugRecurrentPPO.load(SAVED / "memaug_ppo", env, device="cpu")
    assert model.learn(16, reset_num_timesteps=False).num_timesteps == 48


def test_a_model_without_memory_acts():
    model = SymmetricPPO.load(SAVED / "sym_ppo", device="cpu")
    actions, _ = model.predict(SEEN, deterministic=True)
    np.testing.assert_allclose(actions, [-0.00025169, 0.00411957], atol=1e-6)


def test_statistics_are_found_beside_the_model():
    normalizer = load_model(SAVED / "memaug_ppo.zip", "memaug_ppo").normalizer
    np.testing.assert_allclose(normalizer.obs_rms.mean, [0.05787327, 0.05787327, -0.04780697, -0.04780697], atol=1e-7)
    assert normalizer.obs_rms.count == pytest.approx(68.0001)
