"""Symmetry augmentation: where the group comes from, the images of samples, and the loss between them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch as th
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv
from torch.nn import functional

from sb3_memaug.ppo.evaluation import on_action_mean
from sb3_memaug.ppo.interface import warn_user
from sb3_memaug.symmetry import Mirror, SignedPermutation, SymmetryGroup, Transform, check_group_fits
from sb3_memaug.vec_env.equivariance import check_wrappers
from sb3_memaug.vec_env.groups import SymmetryArgument, check_normalization, group_of_environment
from sb3_memaug.vec_env.tensor_vec_env import map_observations


def check_symmetry_argument(symmetry: Any) -> None:
    """
    :param symmetry: argument of an algorithm
    :raises ValueError: if it is neither a group, nor None or False
    """
    if not (symmetry is None or symmetry is False or isinstance(symmetry, SymmetryGroup)):
        raise ValueError(
            "`symmetry` must be a SymmetryGroup, None for the group of the environment's MirrorSpec, or False for "
            f"none, got {symmetry!r}"
        )


def find_group(
    symmetry: SymmetryArgument, env: VecEnv, observation_space: spaces.Space, action_space: spaces.Space
) -> SymmetryGroup | None:
    """
    :param symmetry: argument of an algorithm
    :param env: of the algorithm, with its wrappers
    :param observation_space: of the algorithm
    :param action_space: of the algorithm
    :return: the group to mirror by; None for none
    :raises ValueError: if it does not fit the spaces, the normalizer, or another wrapper
    """
    if symmetry is False:
        return None
    group = symmetry or group_of_environment(env)
    if group is not None:
        check_normalization(group, env)
        check_wrappers(group, env)
        check_group_fits(group, observation_space, action_space)
    return group


def group_at_setup(
    symmetry: SymmetryArgument,
    group: SymmetryGroup | None,
    env: VecEnv | None,
    observation_space: spaces.Space,
    action_space: spaces.Space,
    algorithm: str,
) -> SymmetryGroup | None:
    """
    As :func:`find_group`, with a warning where there is none and nothing was said about it.

    :param symmetry: argument of the algorithm
    :param group: that it was saved with, which counts as long as there is no environment
    :param env: of the algorithm, with its wrappers; None for a model that is only used
    :param observation_space: of the algorithm
    :param action_space: of the algorithm
    :param algorithm: its name
    :return: the group to mirror by; None for none
    :raises ValueError: if it does not fit the spaces, the normalizer, or another wrapper
    """
    if env is None:
        if group is not None:
            check_group_fits(group, observation_space, action_space)
        return group
    group = find_group(symmetry, env, observation_space, action_space)
    if group is None and symmetry is None:
        warn_user(
            f"the environment has no symmetry group, so {algorithm} trains without mirrors. Wrap it in "
            "sb3_memaug.MirrorSpec, pass `symmetry=`, or say `symmetry=False` to train like this on purpose"
        )
    return group


class Augmentation:
    """
    Images of samples under a group. An orbit is a sample followed by its images, in the order of the group's elements.

    :param group: to mirror by; without one, the orbit of a sample is the sample alone
    :param action_space: of the algorithm
    :param squashed: whether the policy's actions lie between -1 and 1
    """

    def __init__(self, group: SymmetryGroup | None, action_space: spaces.Space, squashed: bool = False) -> None:
        self.group = group
        #: The group as it acts on actions as the policy gives them.
        self.policy_group = on_squashed_actions(group) if group is not None and squashed else group
        self._action_space = action_space

    @property
    def size(self) -> int:
        """Number of images of each sample, itself included."""
        return 1 if self.group is None else len(self.group)

    def observation_orbit(self, observations: Any) -> Any:
        """
        :param observations: (n, …), or a dict of them
        :return: (n · size, …), the images of a sample side by side
        """
        if self.group is None:
            return observations
        orbit = self.group.observations(observations)
        return map_observations(lambda x: x.transpose(0, 1).flatten(0, 1), orbit)

    def observation_images(self, observations: Any) -> Any:
        """
        :param observations: (n, …), or a dict of them
        :return: (n, size - 1, …): the images without the original
        """
        assert self.group is not None
        return map_observations(lambda x: x[1:].transpose(0, 1), self.group.observations(observations))

    def action_orbit(self, actions: th.Tensor) -> th.Tensor:
        """
        :param actions: as the policy gave them, (n, …)
        :return: (n · size, …), in the form in which distributions take them
        """
        if self.policy_group is not None:
            actions = self.policy_group.actions(actions).transpose(0, 1).flatten(0, 1)
        if isinstance(self._action_space, spaces.Discrete):
            return actions.long().flatten()
        return actions.float() if isinstance(self._action_space, spaces.MultiBinary) else actions

    def mirrored_means(self, means: th.Tensor) -> th.Tensor:
        """
        :param means: of the policy's actions, of samples and images, (n, size, …)
        :return: the images of the originals' means, without gradient, the same shape
        """
        assert self.policy_group is not None
        original = means[:, 0].detach()
        images = [on_action_mean(mirror.action, self._action_space) for mirror in self.policy_group]
        return th.stack([image.apply(original) for image in images], dim=1)

    def mirror_loss(self, means: th.Tensor) -> th.Tensor:
        """
        How far the mean action on a mirrored observation is from the mirrored mean action, which is held fixed.

        :param means: of the policy's actions, of samples and images, (n, size, …)
        :return: mean squared error over the images, a scalar
        """
        return functional.mse_loss(means[:, 1:], self.mirrored_means(means)[:, 1:])


@lru_cache(maxsize=8)
def on_squashed_actions(group: SymmetryGroup) -> SymmetryGroup:
    """
    Squashed actions lie between -1 and 1, to be stretched to the bounds. A mirror that fits the bounds maps their
    middle onto their middle, so that between -1 and 1 nothing is left of its offset; and since the squashing is odd,
    the same holds before it.

    :param group: as it acts on actions of the environment
    :return: the group as it acts on actions before they are stretched
    """

    def without_offset(transform: Transform) -> Transform:
        assert isinstance(transform, SignedPermutation), "only actions in a Box are squashed"
        return SignedPermutation(transform.permutation, transform.signs)

    return SymmetryGroup(
        {name: Mirror(mirror.observation, without_offset(mirror.action)) for name, mirror in group.generators.items()}
    )
