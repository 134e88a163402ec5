"""
The states that a policy's memory has in the mirror: after mirrored observations (section 4.3 of the paper), and two
shortcuts to compare with.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any, Literal, NamedTuple

import numpy as np
import torch as th
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates

from sb3_memaug.ppo.evaluation import final_states
from sb3_memaug.ppo.layout import steps_since_episode_start
from sb3_memaug.ppo.memory import join_states, rectangle_of, select_states, stack_images, zero_states
from sb3_memaug.vec_env.devices import num_chunks
from sb3_memaug.vec_env.tensor_vec_env import map_observations


class MirroredRollout(NamedTuple):
    """
    :param policy: with the parameters that collected the rollout
    :param observations: of the rollout, (n_steps · n_envs, …), or a dict of them
    :param images_of: makes of such observations (n, …) their images, (n, n_images, …)
    :param episode_starts: whether each step is the first of an episode, (n_steps, n_envs)
    :param original_states: of the memories before each stretch and, last, after the rollout, each tensor
        (n_layers, n_envs, …)
    :param sequence_length: steps of a stretch; that of the rollout by default
    :param can_split: whether running the memories in parts gives the same as at once; called with a function that
        runs them for some environments, these environments, and a function that makes parts of them
    """

    policy: RecurrentActorCriticPolicy
    observations: Any
    images_of: Callable[[Any], Any]
    episode_starts: np.ndarray
    original_states: list[RNNStates]
    sequence_length: int | None = None
    can_split: Callable[..., bool] = lambda run, envs, parts: True

    def stretches(self) -> list[range]:
        """
        :return: the steps of the rollout, cut wherever a sequence can start without an episode
        """
        n_steps = len(self.episode_starts)
        length = self.sequence_length or n_steps
        return [range(first, min(first + length, n_steps)) for first in range(0, n_steps, length)]

    @th.no_grad()
    def run(self, states: list[RNNStates], steps: range) -> list[RNNStates]:
        """
        Run the memories over the mirrored observations of a stretch, in one pass over all images.

        :param states: of each image before it, each tensor (n_layers, n_envs, …)
        :param steps: of the rollout
        :return: their states after it
        """
        n_envs = self.episode_starts.shape[1]
        n_parts = num_chunks(self.policy.device, n_envs * len(states) * len(steps) * self.policy.lstm_actor.hidden_size)
        envs, n_parts = np.arange(n_envs), min(n_parts, n_envs)
        if n_parts > 1 and not self.can_split(
            lambda few: _tensors(self._run(states, steps, few)), envs[:4], lambda: np.array_split(envs[:4], 2)
        ):
            n_parts = 1
        parts = [self._run(states, steps, some) for some in np.array_split(envs, n_parts)]
        return [join_states(list(of_image)) for of_image in zip(*parts, strict=True)]

    def _run(self, states: list[RNNStates], steps: range, envs: np.ndarray) -> list[RNNStates]:
        n_images, n_envs, device = len(states), self.episode_starts.shape[1], self.policy.device
        starts = self.episode_starts[steps.start : steps.stop, envs]
        # The steps before an environment's present episode do not matter for its state.
        present = steps_since_episode_start(starts)
        skipped = int(present.any(axis=1).argmax())
        present, starts = present[skipped:], starts[skipped:]
        rows = (steps.start + skipped + np.arange(len(present))[:, None]) * n_envs + envs
        where = th.as_tensor(rows[present], device=device)
        images = self.images_of(map_observations(lambda x: x[where], self.observations))
        remembers = th.as_tensor(~starts[0].astype(bool) & (skipped == 0), device=device)
        before = select_states(stack_images(states), th.as_tensor(envs, device=device), remembers)
        after = final_states(
            self.policy, map_observations(lambda x: x.flatten(0, 1), images), before, rectangle_of(present, device)
        )

        def of_image(i: int, x: th.Tensor) -> th.Tensor:
            # In float32 also where it was computed with fewer digits: it is kept, and run on from.
            return x.unflatten(1, (-1, n_images))[:, :, i].float().contiguous()

        return [RNNStates(*(tuple(of_image(i, x) for x in state) for state in after)) for i in range(n_images)]


def _tensors(states: list[RNNStates]) -> list[th.Tensor]:
    return [x for of_image in states for state in of_image for x in state]


MemoryName = Literal["carried", "zeroed", "copied"]


def carried(rollout: MirroredRollout, before: list[RNNStates]) -> list[list[RNNStates]]:
    """
    Mirrored memory (section 4.3; step 2 in docs/method.md): the memories read the mirrored observations, on from where
    the last rollout left them.

    :param rollout: to run in the mirror
    :param before: state of each image before it
    :return: states of each image before each stretch and, last, after the rollout
    """
    return list(accumulate(rollout.stretches(), rollout.run, initial=before))


def zeroed(rollout: MirroredRollout, before: list[RNNStates]) -> list[list[RNNStates]]:
    """
    Mirrored memory that is set to zero at each update: from zero at the first step of the rollout, then on through its
    stretches. Without ``sequence_length`` there is but one, and nothing to run.

    It is wrong because an episode is longer than a rollout: the original's action depends on all observations since the
    episode began, and its image is to be taken by a policy that has read only a few of them.

    :param rollout: to run in the mirror
    :param before: state of each image before it, of which only the shapes matter
    :return: states of each image before each stretch and, last, zeros
    """
    zeros = [zero_states(states) for states in before]
    return [*accumulate(rollout.stretches()[:-1], rollout.run, initial=zeros), zeros]


def copied(rollout: MirroredRollout, before: list[RNNStates]) -> list[list[RNNStates]]:
    """
    The original's states, at each step where a sequence can start. Nothing is run.

    It is wrong because they describe the original's task: a policy whose memory holds a broken left leg is trained to
    act for a robot with a broken right one, which never happens outside training.

    :param rollout: whose original states to copy
    :param before: one for each image, of which only the number matters
    :return: states of each image before each stretch and, last, after the rollout
    """
    return [[states] * len(before) for states in rollout.original_states]


WAYS: dict[MemoryName, Callable[[MirroredRollout, list[RNNStates]], list[list[RNNStates]]]] = {
    "carried": carried,
    "zeroed": zeroed,
    "copied": copied,
}
