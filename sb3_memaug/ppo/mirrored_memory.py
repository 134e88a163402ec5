"""
What the LSTMs remember in the mirror: the paper's way, and two shortcuts that it is measured against.

Each way gives the states of every image before each stretch of a rollout and, last, those that the next rollout begins
with. Where an episode starts all memory is zero, whatever is given here for that step.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Literal

from sb3_contrib.common.recurrent.type_aliases import RNNStates

from sb3_memaug.ppo.lstm_states import zero_states
from sb3_memaug.ppo.mirrored_rollout import MirroredRollout

MemoryName = Literal["carried", "zeroed", "copied"]


def carried(rollout: MirroredRollout, before: list[RNNStates]) -> list[list[RNNStates]]:
    """
    The memory of a mirrored life (section 4.3; step 2 in docs/method.md): the LSTMs read the mirrored observations, on
    from where the last rollout left them.

    :param rollout: to live in the mirror
    :param before: state of each image before it
    :return: states of each image before each stretch and, last, after the rollout
    """
    return list(accumulate(rollout.stretches(), rollout.run, initial=before))


def zeroed(rollout: MirroredRollout, before: list[RNNStates]) -> list[list[RNNStates]]:
    """
    A mirrored life that is forgotten at each update: from zero at the first step of the rollout, then on through its
    stretches. Without ``sequence_length`` there is but one, and nothing to run.

    It is wrong because an episode is longer than a rollout: the original's action came from all that the robot had felt
    since the episode began, and its image is to be taken by a policy that has felt next to nothing.

    :param rollout: to live in the mirror
    :param before: state of each image before it, of which only the shapes matter
    :return: states of each image before each stretch and, last, zeros
    """
    zeros = [zero_states(states) for states in before]
    return [*accumulate(rollout.stretches()[:-1], rollout.run, initial=zeros), zeros]


def copied(rollout: MirroredRollout, before: list[RNNStates]) -> list[list[RNNStates]]:
    """
    The original's states, at each step where a sequence can start. Nothing is run.

    It is wrong because they tell of the original's task: a policy that remembers a broken left leg is to act for a
    robot with a broken right one, as it never will have to.

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
