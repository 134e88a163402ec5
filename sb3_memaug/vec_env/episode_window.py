"""Returns and lengths of the latest episodes, kept on the device until they are logged."""

from __future__ import annotations

import torch as th


class EpisodeWindow:
    """
    :param size: number of episodes to keep
    :param device: to keep them on
    """

    def __init__(self, size: int, device: th.device) -> None:
        self.size = size
        # One place more, for what has not ended: so nothing depends on how many have.
        self._returns = th.zeros(size + 1, device=device)
        self._lengths = th.zeros(size + 1, device=device, dtype=th.int64)
        self._count = th.zeros((), device=device, dtype=th.int64)

    def add(self, returns: th.Tensor, lengths: th.Tensor, ended: th.Tensor) -> None:
        """
        :param returns: of each environment's present episode, (n_envs,)
        :param lengths: of the same, (n_envs,)
        :param ended: whether it has ended, (n_envs,)
        """
        number = self._count + ended.cumsum(0) - 1
        self._count = self._count + ended.sum()
        # Of two that would come to the same place, a device writes either one: so only the latest ones are written.
        kept = ended & (number >= self._count - self.size)
        place = th.where(kept, number % self.size, self.size)
        self._returns[place] = returns.float()
        self._lengths[place] = lengths

    def episodes(self) -> list[dict[str, float]]:
        """
        :return: return ``"r"`` and length ``"l"`` of each, the latest last, as SB3's ``ep_info_buffer`` holds them
        """
        count = int(self._count)
        order = [i % self.size for i in range(max(0, count - self.size), count)]
        returns, lengths = self._returns.tolist(), self._lengths.tolist()
        return [{"r": returns[i], "l": lengths[i]} for i in order]
