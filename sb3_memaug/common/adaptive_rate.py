"""A learning rate that keeps the policy's step at a desired size."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class AdaptiveLearningRate:
    """
    The seeds' "target KL" schedule: divide the rate by 1.5 where the policy moved more than twice as far as desired,
    multiply it by 1.5 where it moved less than half as far.

    :param rate: where to start
    :param desired_kl: desired KL divergence between the policy before and after an update
    :param bounds: between which the rate stays
    :raises ValueError: if an argument is not positive
    """

    rate: float
    desired_kl: float
    bounds: tuple[float, float] = (1e-5, 1e-2)

    def __post_init__(self) -> None:
        if not (self.rate > 0 and self.desired_kl > 0 and 0 < self.bounds[0] <= self.bounds[1]):
            raise ValueError(f"a learning rate, its bounds and `desired_kl` must be positive, got {self}")

    def adapt(self, kl: float) -> float:
        """
        :param kl: what was measured
        :return: the new rate
        """
        low, high = self.bounds
        if kl > 2 * self.desired_kl:
            self.rate = max(low, self.rate / 1.5)
        elif kl < self.desired_kl / 2:
            self.rate = min(high, self.rate * 1.5)
        return self.rate
