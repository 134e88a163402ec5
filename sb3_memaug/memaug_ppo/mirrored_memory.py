"""The memory of the mirrored life: what the LSTMs would hold had the robot lived in the mirror."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch as th
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates

from sb3_memaug.common.forgetful_lstm import rectangle_of
from sb3_memaug.common.fused_evaluation import final_states
from sb3_memaug.common.lstm_states import select_states, stack_images
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
    images: Any,
    episode_starts: np.ndarray,
    before: list[RNNStates],
    sequence_length: int | None = None,
) -> MirroredMemory:
    """
    Run the LSTMs over the mirrored observations of a rollout, from where they were left after the last one
    (section 4.3; step 2 in docs/method.md).

    Only what an environment has lived since its present episode began can matter for its state, so no more than that
    is run, in one pass over all environments and images.

    :param policy: with the parameters that collected the rollout
    :param images: mirrored observations, (n_steps · n_envs, n_images, …), or a dict of them
    :param episode_starts: whether each step is the first of an episode, (n_steps, n_envs)
    :param before: state of each image before the rollout, each tensor (n_layers, n_envs, hidden_size)
    :param sequence_length: also note the states every so many steps
    :return: the states at those steps, and those after the rollout
    """
    n_steps = len(episode_starts)
    states, at_starts = before, []
    for first in range(0, n_steps, sequence_length or n_steps):
        at_starts.append(states)
        states = _relive(policy, images, episode_starts, states, range(n_steps)[first:][: sequence_length or n_steps])
    return MirroredMemory(at_starts, states)


def _relive(
    policy: RecurrentActorCriticPolicy, images: Any, episode_starts: np.ndarray, states: list[RNNStates], steps: range
) -> list[RNNStates]:
    n_images, n_envs = len(states), episode_starts.shape[1]
    device = states[0].pi[0].device
    starts = episode_starts[steps.start : steps.stop]
    lived = steps_since_episode_start(starts)
    # Nobody remembers what was before the first of these steps.
    skipped = int(lived.any(axis=1).argmax())
    lived, starts = lived[skipped:], starts[skipped:]
    rows = th.as_tensor(np.flatnonzero(lived) + (steps.start + skipped) * n_envs, device=device)
    observations = (
        {key: value[rows].flatten(0, 1) for key, value in images.items()}
        if isinstance(images, dict)
        else images[rows].flatten(0, 1)
    )
    remembers = th.as_tensor(~starts[0].astype(bool) & (skipped == 0), device=device)
    before = select_states(stack_images(states), th.arange(n_envs, device=device), remembers)
    after = final_states(policy, observations, before, rectangle_of(lived, device))
    return [
        RNNStates(*(tuple(x.unflatten(1, (n_envs, n_images))[:, :, i].contiguous() for x in pair) for pair in after))
        for i in range(n_images)
    ]
