"""
Numbers that are not finite: found before statistics or policy learn from them, and with the environment they are of.

What is not finite is not saved either: a file that is good stays good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch as th
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug.vec_env.distributed import is_distributed, rank
from sb3_memaug.vec_env.statistics import statistics_of
from sb3_memaug.vec_env.tensor_vec_env import map_observations

#: Why a number is not finite, and what to do: where the environment gave it, and where the policy did.
OF_ENVIRONMENT = (
    "the simulation diverged, something is divided by zero, or the number is too large for float32. Look at this "
    "environment there, and end its episodes before that happens"
)
OF_POLICY = (
    "the policy computed it from finite observations. Look for observations or rewards that are very large, which "
    "SymmetricVecNormalize scales, or lower the learning rate"
)


class NotFiniteError(ValueError):
    """Numbers of an environment are infinite or none."""


@contextmanager
def at_step(step: int, began: int) -> Iterator[None]:
    """
    Name the step in a :class:`NotFiniteError` that is raised within.

    :param step: of a rollout; 0 for what it began with
    :param began: number of steps that were trained before the rollout
    """
    try:
        yield
    except NotFiniteError as error:
        raise NotFiniteError(f"at step {step} of the rollout that began after {began} steps, {error}") from None


def by_name(name: str, numbers: Any) -> dict[str, Any]:
    """
    :param name: of observations
    :param numbers: an array or a tensor, or a dict of them
    :return: the same by names with the key in them
    """
    if isinstance(numbers, Mapping):
        return {f"{name} {key!r}": values for key, values in numbers.items()}
    return {name: numbers}


def is_finite(numbers: th.Tensor) -> th.Tensor:
    """
    :param numbers: a tensor
    :return: which of them are finite in float32, in which networks compute; the same shape
    """
    return numbers.float().isfinite() if numbers.is_floating_point() else th.ones_like(numbers, dtype=th.bool)


def all_finite(tensors: list[th.Tensor]) -> th.Tensor:
    """
    :param tensors: on one device
    :return: whether all numbers are finite in float32, a scalar there
    """
    return th.stack([is_finite(x).all() for x in tensors]).all()


def rows_finite(numbers: th.Tensor) -> th.Tensor:
    """
    :param numbers: (n, …)
    :return: of which rows all of them are finite in float32, (n,)
    """
    return is_finite(numbers).reshape(len(numbers), -1).all(1)


def finite_or(observations: Any, instead: float) -> Any:
    """
    :param observations: a tensor, or a dict of them
    :param instead: what to put where a number is not finite in float32; no device is waited for
    :return: such observations
    """

    def put(x: th.Tensor) -> th.Tensor:
        return th.where(is_finite(x), x, instead) if x.is_floating_point() else x

    return map_observations(put, observations)


def refuse_non_finite(numbers: Mapping[str, Any], envs: th.Tensor | None = None, cause: str = OF_ENVIRONMENT) -> None:
    """
    :param numbers: arrays, or tensors on one device, (n, …), by their names
    :param envs: which environments they are of, (n,); all of them by default
    :param cause: why a number is not finite, and what to do
    :raises NotFiniteError: if one is not finite in float32
    """
    tensors = {name: th.as_tensor(x) for name, x in numbers.items()}
    if not tensors or all_finite([*tensors.values()]):
        return
    for name, x in tensors.items():
        bad = (~rows_finite(x)).nonzero().flatten()
        if len(bad):
            raise _error(name, (bad if envs is None else envs[bad]).tolist(), cause)


class Numbers(NamedTuple):
    """
    Numbers of a rollout that is complete.

    :param name: of them
    :param values: (n, n_envs, …)
    :param first: step of the rollout that the first of them came with; 0 for what the rollout began with
    :param cause: why one of them is not finite, and what to do
    """

    name: str
    values: th.Tensor
    first: int
    cause: str


def refuse_non_finite_rollout(numbers: list[Numbers], began: int) -> None:
    """
    :param numbers: of a rollout, on one device; of the same step those first that are the cause of others
    :param began: number of steps that were trained before the rollout
    :raises NotFiniteError: if one is not finite in float32; the first one is named
    """
    found = []
    for order, (_, values, first, _) in enumerate(numbers):
        bad = ~rows_finite(values.flatten(0, 1)).view(values.shape[:2])
        if bad.any():
            row = int(bad.any(1).int().argmax())
            found.append((first + row, order, bad[row].nonzero().flatten().tolist()))
    if not found:
        return
    step, order, envs = min(found)
    with at_step(step, began):
        raise _error(numbers[order].name, envs, numbers[order].cause)


def _error(name: str, envs: list[int], cause: str) -> NotFiniteError:
    of_rank = f" of rank {rank()}" if is_distributed() else ""
    return NotFiniteError(
        f"the {name} of environment {envs}{of_rank} is not finite: {cause}. Nothing was learned from it, and the last "
        "checkpoint is still good"
    )


class LastObservations(NamedTuple):
    """
    :param observations: arrays of shape (n, …), or a dict of them
    :param envs: of each, (n,)
    """

    observations: Any
    envs: th.Tensor


def last_observations(dones: np.ndarray, infos: list[dict[str, Any]]) -> LastObservations | None:
    """
    :param dones: whether an episode ended, (n_envs,)
    :param infos: one for each environment
    :return: those of the episodes that would have gone on; None if there are none
    """
    envs = [
        i
        for i in np.flatnonzero(dones).tolist()
        if infos[i].get("TimeLimit.truncated", False) and infos[i].get("terminal_observation") is not None
    ]
    if not envs:
        return None
    last = [infos[i]["terminal_observation"] for i in envs]
    stacked = (
        {key: np.stack([observation[key] for observation in last]) for key in last[0]}
        if isinstance(last[0], Mapping)
        else np.stack(last)
    )
    return LastObservations(stacked, th.as_tensor(envs))


def refuse_non_finite_step(observations: Any, rewards: np.ndarray, last: LastObservations | None) -> None:
    """
    :param observations: after a step of environments on the host, (n_envs, …), or a dict of them
    :param rewards: for it, (n_envs,)
    :param last: of the episodes that it cut short
    :raises NotFiniteError: if a number is not finite in float32
    """
    refuse_non_finite(by_name("observation", observations))
    if last is not None:
        refuse_non_finite(by_name("last observation", last.observations), last.envs)
    refuse_non_finite({"reward": rewards})


def refuse_non_finite_policy(model: BaseAlgorithm) -> None:
    """
    :param model: to be saved or used
    :raises ValueError: if what it has learned, or its optimizer's state, is not finite
    """
    policy = model.policy
    parameters = dict(policy.named_parameters())
    finite = {name: x.isfinite().all() for name, x in parameters.items() if x.requires_grad}
    # What is not learned may be infinite on purpose, as a mask is.
    others = {**parameters, **dict(policy.named_buffers())}
    finite |= {name: ~x.isnan().any() for name, x in others.items() if name not in finite}
    optimizer = getattr(policy, "optimizer", None)
    state_of = {} if optimizer is None else optimizer.state
    for name, x in parameters.items():
        for key, value in state_of.get(x, {}).items():
            if isinstance(value, th.Tensor):
                finite[f"{key} of {name}"] = value.isfinite().all()
    marks = th.stack([x.to(model.device) for x in finite.values()]).tolist()
    bad = [name for name, is_good in zip(finite, marks, strict=True) if not is_good]
    if bad:
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        raise ValueError(
            f"after {model.num_timesteps} steps the policy holds numbers that are not finite, in {', '.join(bad[:3])}"
            f"{more}. It is neither used nor saved, and the last checkpoint is still good: go on from there, with a "
            "lower learning rate, or with smaller observations and rewards"
        )


def refuse_non_finite_statistics(normalizer: VecNormalize) -> None:
    """
    :param normalizer: to be saved
    :raises ValueError: if its statistics are not finite
    """
    if all(np.isfinite(number).all() for x in statistics_of(normalizer) for number in (x.mean, x.var, x.count)):
        return
    raise ValueError(
        f"the statistics of this {type(normalizer).__name__} are not finite, and nothing that it normalizes would be. "
        "They are not saved, and a file that was saved before is still good: go on from there. A SymmetricVecNormalize "
        "refuses such numbers before it learns from them"
    )
