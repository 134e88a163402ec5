"""What an update has measured, kept on the device until its end."""

from __future__ import annotations

from collections.abc import Mapping

import torch as th

from sb3_memaug.vec_env.distributed import all_sum, world_size


class UpdateLog:
    """Scalars of each minibatch, to be looked at once, in one transfer."""

    def __init__(self) -> None:
        self._entries: list[Mapping[str, th.Tensor]] = []

    def append(self, entry: Mapping[str, th.Tensor]) -> None:
        """
        :param entry: of a minibatch, the same names each time
        """
        self._entries.append(entry)

    def summary(self, latest: Mapping[str, th.Tensor]) -> dict[str, float]:
        """
        :param latest: scalars that were measured at the end
        :return: means over the minibatches and ranks; of the loss the last one, as SB3 logs it, and of the mirrored
            ratio the first one, since only at the first gradient step is it 1 where the policy is equivariant
        """
        columns = {name: th.stack([entry[name] for entry in self._entries]) for name in self._entries[0]}
        scalars = {name: column.mean() for name, column in columns.items()}
        scalars["loss"] = columns["loss"][-1]
        if "mirror_log_ratio" in columns:
            del scalars["mirror_log_ratio"], scalars["mirror_asymmetry"], scalars["mirror_entropy_loss"]
            scalars["mirror_first_ratio"] = columns["mirror_log_ratio"][0].exp()
            scalars["mirror_equivariance_error"] = columns["mirror_asymmetry"].sqrt().mean()
        scalars |= latest
        values = all_sum(th.stack([value.float() for value in scalars.values()])) / world_size()
        return dict(zip(scalars, values.tolist(), strict=True))
