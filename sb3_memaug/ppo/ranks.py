"""Algorithms that ``torchrun`` can start several times, to learn as one."""

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from sb3_memaug.ppo.update import keeps_batch_statistics
from sb3_memaug.vec_env.distributed import all_min, gather, init, is_distributed, rank, share_state
from sb3_memaug.vec_env.finite import NotFiniteError, refuse_non_finite_policy
from sb3_memaug.vec_env.statistics import SharedStatistics

#: What a rank tells the others, besides whether it goes on.
_REFUSED = -1


class DataParallel(OnPolicyAlgorithm):
    """
    Each rank has environments of its own; parameters, gradients, learning rate, normaliser statistics and logs agree
    on all of them, as if one process had all the environments. Rank 0 logs and saves.

    A saved file is whole or not there at all, also when the process is killed while it is written.
    """

    _shared_statistics: SharedStatistics | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        init(kwargs.get("device", "auto"))
        super().__init__(*args, **kwargs)

    def set_random_seed(self, seed: int | None = None) -> None:
        """
        :param seed: of the first environment of rank 0; those of all ranks follow one another
        """
        super().set_random_seed(None if seed is None else seed + rank() * self.n_envs)

    def _setup_learn(self, *args: Any, **kwargs: Any) -> tuple[int, BaseCallback]:
        if is_distributed():
            self._agree()
        return super()._setup_learn(*args, **kwargs)

    def _agree(self) -> None:
        settings = gather((self.n_envs, self.n_steps, type(self).__name__))
        if len(set(settings)) > 1:
            raise ValueError(
                "all ranks must have the same number of environments, of steps and the same algorithm, got "
                f"{settings}: start the same script on all of them"
            )
        own = sorted({type(m).__name__ for m in self.policy.modules() if keeps_batch_statistics(m)})
        if own:
            raise ValueError(
                f"the policy has {', '.join(own)}, of which each rank would keep statistics of its own: use "
                "LayerNorm or GroupNorm, or SyncBatchNorm on GPUs"
            )
        share_state(self.policy)
        if self._vec_normalize_env is not None:
            self._shared_statistics = SharedStatistics(self._vec_normalize_env, self.device)
        if rank() > 0:
            self.verbose = 0
            self.set_logger(Logger(folder=None, output_formats=[]))

    def collect_rollouts(
        self, env: VecEnv, callback: BaseCallback, rollout_buffer: RolloutBuffer, n_rollout_steps: int
    ) -> bool:
        refusal = None
        try:
            own = int(super().collect_rollouts(env, callback, rollout_buffer, n_rollout_steps))
        except NotFiniteError as error:
            own, refusal = _REFUSED, error
        agreed = all_min(own, self.device)
        if self._shared_statistics is not None:
            self._shared_statistics.share()
        if refusal is not None:
            raise refusal
        if agreed == _REFUSED:
            raise NotFiniteError(
                "another rank refuses its rollout, and says what is not finite there. Nothing was learned from this "
                "one either, and the last checkpoint is still good"
            )
        return bool(agreed)

    def dump_logs(self, iteration: int = 0) -> None:
        """
        :param iteration: number of the rollout
        """
        own = self.ep_info_buffer, self.ep_success_buffer
        self.ep_info_buffer, self.ep_success_buffer = (
            deque(entry for entries in gather(list(buffer or ())) for entry in entries) for buffer in own
        )
        super().dump_logs(iteration)
        self.ep_info_buffer, self.ep_success_buffer = own

    def save(
        self,
        path: str | Path | io.BufferedIOBase,
        exclude: Iterable[str] | None = None,
        include: Iterable[str] | None = None,
    ) -> None:
        """
        :param path: of the file, to which ``.zip`` is added where it has no ending, or an open file
        :param exclude: names of attributes to leave out
        :param include: names of attributes to save that would be left out
        :raises ValueError: if the policy holds numbers that are not finite; a file that is there stays as it is
        """
        if rank() > 0:
            return
        refuse_non_finite_policy(self)
        if not isinstance(path, (str, Path)):
            super().save(path, exclude, include)
            return
        target = Path(path)
        target = target if target.suffix else target.with_suffix(".zip")
        unfinished = target.with_name(f".{target.name}.part")
        try:
            super().save(unfinished, exclude, include)
            os.replace(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_shared_statistics"]
