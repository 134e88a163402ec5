"""A learning rate that keeps the policy's step at a desired size."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch as th


@dataclass
class AdaptiveLearningRate:
    """
    The paper's "target KL" schedule: divide the rate by 1.5 where the policy moved more than twice as far as desired,
    multiply it by 1.5 where it moved less than half as far.

    :param rate: where to start
    :param desired_kl: desired KL divergence between the policy before and after an update
    :param bounds: between which the rate stays
    :raises ValueError: if ``desired_kl`` is not positive, or the rate starts outside its bounds
    """

    rate: float
    desired_kl: float
    bounds: tuple[float, float] = (1e-5, 1e-2)

    def __post_init__(self) -> None:
        low, high = self.bounds
        if not self.desired_kl > 0:
            raise ValueError(f"`desired_kl` must be positive, got {self.desired_kl}")
        if not 0 < low <= self.rate <= high:
            raise ValueError(
                f"an adaptive learning rate must start within its bounds {low:g} to {high:g}, got {self.rate:g}"
            )

    def adapt(self, kl: float) -> float:
        """
        :param kl: what was measured
        :return: the new rate
        """
        self.rate = float(self.after(th.tensor(self.rate, dtype=th.float64), th.tensor(kl, dtype=th.float64)))
        return self.rate

    def within_bounds(self, rate: float) -> float:
        """
        :param rate: as a device computed it, perhaps with fewer digits than the bounds have
        :return: the same, or the bound that it passed or rounds to
        """
        low, high = self.bounds
        return next(
            (bound for bound in self.bounds if math.isclose(rate, bound, rel_tol=1e-7)), min(max(rate, low), high)
        )

    def after(self, rate: th.Tensor, kl: th.Tensor) -> th.Tensor:
        """
        The same on a device, without looking at what was measured.

        :param rate: the present one, a scalar, in float64 where the device has it: the rate goes up and down for as
            long as a training lasts, and is to come back to where it was
        :param kl: what was measured, a scalar
        :return: the rate that follows, with the same number of digits
        """
        faster, slower = rate * 1.5, rate / 1.5
        follows = th.where(kl > 2 * self.desired_kl, slower, th.where(kl < self.desired_kl / 2, faster, rate))
        return follows.clamp(*self.bounds)
