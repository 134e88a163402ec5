"""The wrappers for robots in Gymnasium's vector environments, each of which is disturbed by itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gymnasium as gym
from gymnasium.vector import SyncVectorEnv, VectorEnv, VectorWrapper

from sb3_memaug.disturbances.base import each_of
from sb3_memaug.wrappers import joint_failure, payload
from sb3_memaug.wrappers.disturbance import DisturbanceWrapper


class DisturbanceVectorWrapper(VectorWrapper):
    """
    Disturbs each robot of a vector environment, by a wrapper around each of its environments.

    ``reset(options=…)`` takes what the wrapper takes, for all of them, or a list with one entry for each.

    :param env: a ``SyncVectorEnv``, wrapped or not, in any autoreset mode
    :param wrap: wraps one environment
    :raises ValueError: if it is another kind of vector environment, whose environments cannot be reached
    """

    def __init__(self, env: VectorEnv, wrap: Callable[[gym.Env], DisturbanceWrapper]) -> None:
        super().__init__(env)
        inner = env.unwrapped
        if not isinstance(inner, SyncVectorEnv):
            raise ValueError(
                f"expected a gymnasium.vector.SyncVectorEnv, got {type(inner).__name__}, whose environments are out of "
                "reach. Have each of them wrapped where it is made, by sb3_memaug's wrapper for one environment: "
                f"`gym.make_vec(…, wrappers=[functools.partial(sb3_memaug.{type(self).__name__}, …)])`"
            )
        self._wrappers = [wrap(each) for each in inner.envs]
        inner.envs[:] = self._wrappers

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        options, option = dict(options or {}), self._wrappers[0].disturbance.option
        given = each_of(options, option, len(self._wrappers))
        options.pop(option, None)
        undecided: list[Any] = [None] * len(self._wrappers)
        decisions = undecided
        if given is not None:
            decisions = [wrapper.decide(one) for wrapper, one in zip(self._wrappers, given, strict=True)]
        self._decide(decisions)
        try:
            return self.env.reset(seed=seed, options=options or None)  # type: ignore[arg-type]
        finally:
            # Those that were not reset are not decided for when they are.
            self._decide(undecided)

    def _decide(self, decisions: list[Any]) -> None:
        for wrapper, decision in zip(self._wrappers, decisions, strict=True):
            wrapper.decision = decision


class JointFailure(DisturbanceVectorWrapper):
    """
    :class:`sb3_memaug.JointFailure` in each environment. In ``options`` a tuple of names fails together in all of
    them; a list has one entry for each.

    :param env: a ``SyncVectorEnv``, wrapped or not
    :param kwargs: arguments of :class:`sb3_memaug.JointFailure`
    """

    def __init__(self, env: VectorEnv, **kwargs: Any) -> None:
        super().__init__(env, partial(joint_failure.JointFailure, **kwargs))


class Payload(DisturbanceVectorWrapper):
    """
    :class:`sb3_memaug.Payload` in each environment.

    :param env: a ``SyncVectorEnv``, wrapped or not
    :param kwargs: arguments of :class:`sb3_memaug.Payload`
    """

    def __init__(self, env: VectorEnv, **kwargs: Any) -> None:
        super().__init__(env, partial(payload.Payload, **kwargs))
