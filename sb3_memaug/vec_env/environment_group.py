"""The symmetry group that environments carry."""

from __future__ import annotations

from stable_baselines3.common.vec_env import VecEnv, VecTransposeImage, unwrap_vec_wrapper

from sb3_memaug.symmetry import SymmetryGroup


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
