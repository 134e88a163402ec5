"""Several processes that ``torchrun`` starts, to learn as one, and one that saves what they have learned."""

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch as th
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from sb3_memaug.ppo.chunks import keeps_batch_statistics
from sb3_memaug.vec_env.distributed import all_min, gather, is_distributed, rank, share_state
from sb3_memaug.vec_env.finite import NotFiniteError, refuse_non_finite_policy
from sb3_memaug.vec_env.statistics import SharedStatistics

#: Of a rank that refuses its rollout; the others send whether they go on.
_REFUSED = -1


class Ranks:
    """
    Each rank has environments of its own; parameters, gradients, learning rate, normalizer statistics and logs agree
    on all of them, as if one process had all the environments. Rank 0 logs and saves. A single process agrees with
    itself.

    The algorithm that owns it is handed to each method, so that neither keeps the other alive.
    """

    def __init__(self) -> None:
        self._statistics: SharedStatistics | None = None

    def begin_training(self, algorithm: OnPolicyAlgorithm) -> None:
        """
        Start with the same parameters and statistics.

        :param algorithm: of this rank
        :raises ValueError: if the ranks differ, or the policy keeps statistics of batches
        """
        if not is_distributed():
            return
        settings = gather((algorithm.n_envs, algorithm.n_steps, type(algorithm).__name__))
        if len(set(settings)) > 1:
            raise ValueError(
                "all ranks must have the same number of environments, of steps and the same algorithm, got "
                f"{settings}: start the same script on all of them"
            )
        own = sorted({type(m).__name__ for m in algorithm.policy.modules() if keeps_batch_statistics(m)})
        if own:
            raise ValueError(
                f"the policy has {', '.join(own)}, of which each rank would keep statistics of its own: use "
                "LayerNorm or GroupNorm, or SyncBatchNorm on GPUs"
            )
        share_state(algorithm.policy)
        if algorithm._vec_normalize_env is not None:
            self._statistics = SharedStatistics(algorithm._vec_normalize_env, algorithm.device)
        if rank() > 0:
            algorithm.verbose = 0
            algorithm.set_logger(Logger(folder=None, output_formats=[]))

    def collect(self, device: th.device, collect_own: Callable[[], bool]) -> bool:
        """
        :param device: of the algorithm
        :param collect_own: collects the rollout of this rank, and returns whether the training goes on
        :return: whether it goes on on all ranks
        :raises NotFiniteError: if the rollout of any rank is refused
        """
        refusal = None
        try:
            own = int(collect_own())
        except NotFiniteError as error:
            own, refusal = _REFUSED, error
        agreed = all_min(own, device)
        if self._statistics is not None:
            self._statistics.share()
        if refusal is not None:
            raise refusal
        if agreed == _REFUSED:
            raise NotFiniteError(
                "another rank refuses its rollout, and says what is not finite there. Nothing was learned from this "
                "one either, and the last checkpoint is still good"
            )
        return bool(agreed)

    @contextmanager
    def all_episodes(self, algorithm: OnPolicyAlgorithm) -> Iterator[None]:
        """
        Within it the buffers of ended episodes hold those of all ranks.

        :param algorithm: of this rank
        """
        own = algorithm.ep_info_buffer, algorithm.ep_success_buffer
        algorithm.ep_info_buffer, algorithm.ep_success_buffer = (
            deque(entry for entries in gather(list(buffer or ())) for entry in entries) for buffer in own
        )
        try:
            yield
        finally:
            algorithm.ep_info_buffer, algorithm.ep_success_buffer = own

    def save(
        self, algorithm: OnPolicyAlgorithm, save: Callable[[Any], None], path: str | Path | io.BufferedIOBase
    ) -> None:
        """
        Save on rank 0. A file is whole or not there at all, also when the process is killed while it is written.

        :param algorithm: of this rank
        :param save: writes a path or an open file
        :param path: of the file, to which ``.zip`` is added where it has no ending, or an open file
        :raises ValueError: if the policy holds numbers that are not finite; a file that is there stays as it is
        """
        if rank() > 0:
            return
        refuse_non_finite_policy(algorithm)
        if not isinstance(path, (str, Path)):
            save(path)
            return
        target = Path(path)
        target = target if target.suffix else target.with_suffix(".zip")
        unfinished = target.with_name(f".{target.name}.part")
        try:
            save(unfinished)
            os.replace(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)


def seed_of_rank(seed: int | None, n_envs: int) -> int | None:
    """
    :param seed: of the first environment of rank 0; those of all ranks follow one another
    :param n_envs: number of environments of each rank
    :return: of the first environment of this rank
    """
    return None if seed is None else seed + rank() * n_envs
