"""The memory of the mirrored life: what the LSTMs would hold had the robot lived in the mirror."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch as th
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates

from sb3_memaug.common.devices import parts_for
from sb3_memaug.common.forgetful_lstm import rectangle_of
from sb3_memaug.common.fused_evaluation import final_states
from sb3_memaug.common.lstm_states import join_states, select_states, stack_images
from sb3_memaug.common.observations import map_observations
from sb3_memaug.common.sequences import steps_since_episode_start


class MirroredMemory(NamedTuple):
    """
    :param at_starts: states of the mirrored LSTMs at each step where a sequence can start, for each image
    :param after: their states after the rollout, for each image
    """

    at_starts: list[list[RNNStates]]
    after: list[RNNStates]


@th.no_grad()
def augment_memory(
    policy: RecurrentActorCriticPolicy,
    observations: Any,
    images_of: Callable[[Any], Any],
    episode_starts: np.ndarray,
    before: list[RNNStates],
    sequence_length: int | None = None,
) -> MirroredMemory:
    """
    Run the LSTMs over the mirrored observations of a rollout, from where they were left after the last one
    (section 4.3; step 2 in docs/method.md).

    Only what an environment has lived since its present episode began can matter for its state, so no more than that
    is run, in one pass over all images.

    :param policy: with the parameters that collected the rollout
    :param observations: of the rollout, (n_steps · n_envs, …), or a dict of them
    :param images_of: makes of such observations (n, …) their images, (n, n_images, …)
    :param episode_starts: whether each step is the first of an episode, (n_steps, n_envs)
    :param before: state of each image before the rollout, each tensor (n_layers, n_envs, hidden_size)
    :param sequence_length: also note the states every so many steps
    :return: the states at those steps, and those after the rollout
    """
    n_steps, n_envs = episode_starts.shape
    length = sequence_length or n_steps
    n_parts = parts_for(policy.device, n_envs * len(before) * length * policy.lstm_actor.hidden_size)
    states, at_starts = before, []
    for first in range(0, n_steps, length):
        at_starts.append(states)
        steps = range(first, min(first + length, n_steps))
        parts = [
            _relive(policy, observations, images_of, episode_starts, states, steps, envs)
            for envs in np.array_split(np.arange(n_envs), min(n_parts, n_envs))
        ]
        states = [join_states(list(of_image)) for of_image in zip(*parts, strict=True)]
    return MirroredMemory(at_starts, states)


def _relive(
    policy: RecurrentActorCriticPolicy,
    observations: Any,
    images_of: Callable[[Any], Any],
    episode_starts: np.ndarray,
    states: list[RNNStates],
    steps: range,
    envs: np.ndarray,
) -> list[RNNStates]:
    """The state of each image after some steps of some environments."""
    n_images, device = len(states), policy.device
    starts = episode_starts[steps.start : steps.stop, envs]
    lived = steps_since_episode_start(starts)
    # Nobody remembers what was before the first of these steps.
    skipped = int(lived.any(axis=1).argmax())
    lived, starts = lived[skipped:], starts[skipped:]
    first_row = (steps.start + skipped) * episode_starts.shape[1]
    rows = first_row + np.arange(len(lived))[:, None] * episode_starts.shape[1] + envs
    where = th.as_tensor(rows[lived], device=device)
    images = map_observations(lambda x: x.flatten(0, 1), images_of(map_observations(lambda x: x[where], observations)))
    remembers = th.as_tensor(~starts[0].astype(bool) & (skipped == 0), device=device)
    before = select_states(stack_images(states), th.as_tensor(envs, device=device), remembers)
    after = final_states(policy, images, before, rectangle_of(lived, device))

    def of_image(i: int, x: th.Tensor) -> th.Tensor:
        # In float32 also where it was computed with fewer digits: it is kept, and run on from.
        return x.unflatten(1, (-1, n_images))[:, :, i].float().contiguous()

    return [RNNStates(*(tuple(of_image(i, x) for x in pair) for pair in after)) for i in range(n_images)]
