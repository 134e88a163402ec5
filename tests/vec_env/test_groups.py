"""Which group an algorithm or a normalizer finds on its environments, and which normalizers it accepts."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize, VecTransposeImage, unwrap_vec_wrapper

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.envs.rower import Rower
from sb3_memaug.symmetry import ImageFlip, Mirror, SignedPermutation, SymmetryGroup
from sb3_memaug.vec_env.groups import check_normalization, group_of_environment
from sb3_memaug.vec_env.normalize import SymmetricVecNormalize
from tests.ppo.worlds import RandomWorld

SWAP = SignedPermutation([1, 0])


def seeing_group(**flip):
    return SymmetryGroup({"left_right": Mirror({"camera": ImageFlip(**flip), "feet": SignedPermutation([1, 0])}, SWAP)})


class Seeing(RandomWorld):
    """Feels its feet, and sees through a camera, with the channels last."""

    def __init__(self):
        super().__init__("dict", "box")
        self.observation_space = spaces.Dict(
            camera=spaces.Box(0, 255, (36, 40, 3), np.uint8), feet=spaces.Box(-1, 1, (2,), np.float32)
        )
        self.symmetry_group = seeing_group(horizontal=True)


def seeing(**kwargs):
    return SymmetricVecNormalize(DummyVecEnv([Seeing] * 2), norm_obs_keys=["feet"], **kwargs)


def test_the_group_of_the_environment_is_that_of_what_the_algorithm_sees():
    venv = DummyVecEnv([Seeing] * 2)
    assert group_of_environment(venv) == seeing_group(horizontal=True)
    assert group_of_environment(VecTransposeImage(venv)) == seeing_group(horizontal=True, channels_last=False)
    assert group_of_environment(SymmetricVecNormalize(Rower(2))) == Rower(2).symmetry_group
    assert group_of_environment(DummyVecEnv([lambda: RandomWorld(symmetric=False)])) is None


def test_environments_of_different_groups_are_refused():
    class Tall(Seeing):
        def __init__(self):
            super().__init__()
            self.symmetry_group = seeing_group(vertical=True)

    with pytest.raises(ValueError, match="must share one symmetry group"):
        group_of_environment(DummyVecEnv([Seeing, Tall]))


def test_an_image_that_is_transposed_above_the_normalizer_is_accepted():
    venv = seeing()
    small = {"lstm_hidden_size": 4, "net_arch": [4]}
    model = MemAugRecurrentPPO(
        "MultiInputLstmPolicy", venv, n_steps=4, n_epochs=1, batch_size=None, policy_kwargs=small, device="cpu"
    )
    assert unwrap_vec_wrapper(model.env, VecTransposeImage) is not None
    assert model.observation_space["camera"].shape == (3, 36, 40)
    assert model.symmetry_group == seeing_group(horizontal=True).channels_first() != venv.symmetry_group
    model.learn(16)
    assert venv.obs_rms["feet"].count == pytest.approx((8 + 1) * 2 * 2, abs=1e-3)


def test_statistics_of_transposed_images_are_symmetric_the_right_way():
    venv = SymmetricVecNormalize(VecTransposeImage(DummyVecEnv([Seeing] * 2)))
    venv.reset()
    for _ in range(3):
        venv.step(np.zeros((2, 2)))
    mean = venv.obs_rms["camera"].mean
    np.testing.assert_allclose(mean, mean[:, :, ::-1], atol=1e-4)
    assert not np.allclose(mean, mean[:, ::-1], atol=1)
    small = {"lstm_hidden_size": 4, "net_arch": [4]}
    model = MemAugRecurrentPPO("MultiInputLstmPolicy", venv, n_steps=4, batch_size=None, policy_kwargs=small)
    assert model.symmetry_group == venv.symmetry_group


def test_another_group_than_that_of_the_normalizer_is_refused():
    with pytest.raises(ValueError, match=r"averages over SymmetryGroup\(.*give both the same group"):
        check_normalization(seeing_group(vertical=True), VecTransposeImage(seeing()))
    with pytest.raises(ValueError, match="give both the same group"):
        MemAugRecurrentPPO("MultiInputLstmPolicy", seeing(), symmetry=seeing_group(vertical=True).channels_first())
    generators = Rower(1).symmetry_group.generators
    part = SymmetryGroup({"left_right": generators["left_right"]})
    with pytest.raises(ValueError, match="give both the same group"):
        check_normalization(part, SymmetricVecNormalize(Rower(4)))
    check_normalization(part, SymmetricVecNormalize(Rower(4), symmetry=part))


def test_a_plain_normalizer_is_refused_unless_it_leaves_observations_alone():
    for env in (Rower(4), DummyVecEnv([RandomWorld])):
        group = group_of_environment(env)
        with pytest.raises(ValueError, match=r"a plain VecNormalize .* use sb3_memaug\.SymmetricVecNormalize"):
            check_normalization(group, VecNormalize(env))
        check_normalization(group, VecNormalize(env, norm_obs=False))
        check_normalization(group, env)


def test_a_normalizer_that_leaves_observations_alone_may_have_any_group():
    venv = SymmetricVecNormalize(Rower(4), norm_obs=False)
    check_normalization(SymmetryGroup({"left_right": venv.symmetry_group.generators["left_right"]}), venv)
