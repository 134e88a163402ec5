"""Which group an algorithm or a normaliser finds on its environments."""

from __future__ import annotations

import pytest
from stable_baselines3.common.vec_env import DummyVecEnv, VecTransposeImage

from sb3_memaug.envs.rower import Rower
from sb3_memaug.vec_env.environment_group import group_of_environment
from sb3_memaug.vec_env.vec_normalize import SymmetricVecNormalize
from tests.ppo.worlds import RandomWorld
from tests.vec_env.test_symmetry_source import Seeing, seeing_group


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
