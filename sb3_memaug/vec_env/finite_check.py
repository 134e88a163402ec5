"""Numbers that are infinite or none: found before the statistics or the policy learn from them, and told whose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch as th

from sb3_memaug.vec_env.distributed import is_distributed, rank
from sb3_memaug.vec_env.observations import map_observations

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
    Say so in a :class:`NotFiniteError` that is raised within.

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
    :return: the same by names that tell the key
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
    :param instead: what to put where a number is not finite in float32; nobody looks where that is
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
