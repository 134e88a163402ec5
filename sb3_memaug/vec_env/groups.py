"""Where an algorithm's symmetry group comes from, and which normalizers fit it."""

from __future__ import annotations

from typing import Literal

from stable_baselines3.common.vec_env import VecEnv, VecNormalize, VecTransposeImage, unwrap_vec_wrapper

from sb3_memaug.symmetry import SymmetryGroup
from sb3_memaug.vec_env.equivariance import wrapper_chain

#: What users may pass: a group, None to ask the environment, or False to train without mirrors.
SymmetryArgument = SymmetryGroup | Literal[False] | None

#: Why a plain ``VecNormalize`` is refused.
PLAIN_REFUSED = (
    "a plain VecNormalize normalizes an observation and its mirror image by different statistics, which breaks the "
    "symmetry: use sb3_memaug.SymmetricVecNormalize in its place, whose `load` takes a plain one's file too, or "
    "VecNormalize(…, norm_obs=False)"
)


def group_of_environment(env: VecEnv) -> SymmetryGroup | None:
    """
    :param env: whose environments may carry the attribute ``symmetry_group``, as ``MirrorSpec`` gives it
    :return: the group, for observations as the algorithm sees them; None if there is none
    :raises ValueError: if the environments disagree
    """
    if not env.has_attr("symmetry_group"):
        return None
    groups = env.get_attr("symmetry_group")
    if any(group != groups[0] for group in groups):
        raise ValueError(
            "the environments of one VecEnv must share one symmetry group, but their `symmetry_group`s differ"
        )
    group = groups[0]
    if group is not None and unwrap_vec_wrapper(env, VecTransposeImage) is not None:
        group = group.channels_first()
    return group


def check_normalization(group: SymmetryGroup, env: VecEnv) -> None:
    """
    Refuse observation statistics that a mirror would change: mirroring a normalized observation would not be
    normalizing the mirrored one.

    :param group: the symmetry group
    :param env: wrapped or not
    :raises ValueError: if observations are normalized by a plain ``VecNormalize``, or by one with another group
    """
    for normalizer in wrapper_chain(env):
        if not isinstance(normalizer, VecNormalize) or not normalizer.norm_obs:
            continue
        averaged = vars(normalizer).get("symmetry_group")  # as a SymmetricVecNormalize has it
        if averaged is None:
            raise ValueError(PLAIN_REFUSED)
        # An image that SB3 transposes above the normalizer has its channels elsewhere there; it is the same mirror.
        if group not in (averaged, averaged.channels_first()):
            raise ValueError(
                f"SymmetricVecNormalize averages over {averaged}, but the algorithm mirrors by {group}: give both the "
                "same group"
            )
