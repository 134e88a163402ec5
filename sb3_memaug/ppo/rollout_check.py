"""Looking for numbers of a rollout that are not finite, where looking does not cost time."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch as th

from sb3_memaug.ppo.tensor_rollout_buffer import TensorRolloutBuffer
from sb3_memaug.vec_env.finite import (
    OF_ENVIRONMENT,
    OF_POLICY,
    Numbers,
    all_finite,
    at_step,
    by_name,
    finite_or,
    is_finite,
    refuse_non_finite,
    refuse_non_finite_rollout,
    rows_finite,
)
from sb3_memaug.vec_env.steppers import Truncation


class RolloutCheck:
    """
    One look at the end of a rollout. What environments on the host give is looked at before, with each step.

    :param buffer: that is filled
    :param began: number of steps that were trained before the rollout
    :param looks: whether what the rollout begins with can be looked at without waiting
    """

    def __init__(self, buffer: TensorRolloutBuffer, began: int, looks: bool) -> None:
        self._buffer = buffer
        self._began = began
        self._looks = looks
        self._memory_before: list[Numbers] = []
        self._last: dict[str, Numbers] = {}

    def at_step(self, step: int) -> AbstractContextManager[None]:
        """
        :param step: of the rollout, from 1
        :return: within which a :class:`~sb3_memaug.vec_env.finite.NotFiniteError` is told this step
        """
        return at_step(step, self._began)

    def begin(self, observations: Any, memory: dict[str, th.Tensor]) -> None:
        """
        :param observations: that the rollout begins with, (n_envs, …), or a dict of them
        :param memory: of the policy before it, by name, each (n_envs, …)
        :raises NotFiniteError: if they are not finite, where that can be seen without waiting
        """
        given = by_name("observation", observations)
        if self._looks and not all_finite([*given.values(), *memory.values()]):
            with self.at_step(0):
                refuse_non_finite(given)
                refuse_non_finite(memory, cause=OF_POLICY)
        self._memory_before = self._at_once(memory, 0, OF_POLICY)

    def readable(self, observations: Any) -> Any:
        """
        :param observations: (n_envs, …), or a dict of them
        :return: what the policy can read until somebody looks
        """
        return observations if self._looks else finite_or(observations, 0.0)

    def note(self, step: int, truncation: Truncation, before: th.Tensor, after: th.Tensor) -> None:
        """
        :param step: of the rollout, from 0
        :param truncation: episodes that would have gone on
        :param before: rewards of the step, (n_envs,)
        :param after: the same with the values of the last observations, (n_envs,)
        """
        observations, envs, counts = truncation
        for name, x in by_name("last observation", observations).items():
            self._marks(name, OF_ENVIRONMENT)[step].index_copy_(0, envs, _mark(rows_finite(x) | ~counts))
        self._marks("value of the last observation", OF_POLICY)[step] = _mark(is_finite(after) | ~is_finite(before))

    def _marks(self, name: str, cause: str) -> th.Tensor:
        """Of all steps: what it was is not kept, only whether it was finite."""
        if name not in self._last:
            self._last[name] = Numbers(name, th.zeros_like(self._buffer.rewards), 1, cause)
        return self._last[name].values

    def end(self, observations: Any, values: th.Tensor, memory: dict[str, th.Tensor]) -> None:
        """
        :param observations: that the rollout ended with, (n_envs, …), or a dict of them
        :param values: of these, (n_envs, 1)
        :param memory: of the policy after it, by name, each (n_envs, …)
        :raises NotFiniteError: if a number of the rollout is not finite
        """
        buffer, n_steps = self._buffer, self._buffer.buffer_size
        given = by_name("observation", buffer.observations).items()
        numbers = [
            *self._memory_before,
            Numbers("action", buffer.actions, 1, OF_POLICY),
            Numbers("value", buffer.values, 1, OF_POLICY),
            Numbers("log-probability of the action", buffer.log_probs, 1, OF_POLICY),
            *self._at_once(memory, n_steps, OF_POLICY),
            *(Numbers(name, x, 0, OF_ENVIRONMENT) for name, x in given),
            *self._at_once(by_name("observation", observations), n_steps, OF_ENVIRONMENT),
            *self._at_once({"value": values}, n_steps, OF_POLICY),
            *self._last.values(),
            Numbers("reward", buffer.rewards, 1, OF_ENVIRONMENT),
        ]
        # They follow from all the others, but may be too large where no other number is.
        advantages = Numbers("advantage", buffer.advantages, 1, OF_ENVIRONMENT)
        if all_finite([x.values for x in (*numbers, advantages)]):
            return
        refuse_non_finite_rollout(numbers, self._began)
        refuse_non_finite_rollout([advantages], self._began)

    @staticmethod
    def _at_once(numbers: dict[str, th.Tensor], step: int, cause: str) -> list[Numbers]:
        return [Numbers(name, x.unsqueeze(0), step, cause) for name, x in numbers.items()]


def _mark(finite: th.Tensor) -> th.Tensor:
    return th.where(finite, 0.0, th.nan)
