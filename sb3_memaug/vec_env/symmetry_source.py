"""Where an algorithm's symmetry group comes from, and whether it fits what surrounds it."""

from __future__ import annotations

from typing import Literal

from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from sb3_memaug.symmetry import SymmetryGroup
from sb3_memaug.vec_env.between import chain_of
from sb3_memaug.vec_env.vec_normalize import PLAIN, SymmetricVecNormalize

#: What users may pass: a group, None to ask the environment, or False to train without mirrors.
SymmetryArgument = SymmetryGroup | Literal[False] | None


def check_normalization(group: SymmetryGroup, env: VecEnv) -> None:
    """
    Refuse observation statistics that a mirror would change: mirroring a normalised observation would not be
    normalising the mirrored one.

    :param group: the symmetry group
    :param env: wrapped or not
    :raises ValueError: if observations are normalised by a plain ``VecNormalize``, or by one with another group
    """
    for normalizer in chain_of(env):
        if isinstance(normalizer, VecNormalize) and normalizer.norm_obs:
            _check_normalizer(group, normalizer)


def _check_normalizer(group: SymmetryGroup, normalizer: VecNormalize) -> None:
    if not isinstance(normalizer, SymmetricVecNormalize):
        raise ValueError(PLAIN)
    # An image that SB3 transposes above the normaliser has its channels elsewhere there; it is the same mirror.
    if group not in (normalizer.symmetry_group, normalizer.symmetry_group.channels_first()):
        raise ValueError(
            f"SymmetricVecNormalize averages over {normalizer.symmetry_group}, but the algorithm mirrors by {group}: "
            "give both the same group"
        )
