"""A learning rate that keeps the policy's step at a desired size."""

from __future__ import annotations

from dataclasses import dataclass


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
        low, high = self.bounds
        if kl > 2 * self.desired_kl:
            self.rate = max(low, self.rate / 1.5)
        elif kl < self.desired_kl / 2:
            self.rate = min(high, self.rate * 1.5)
        return self.rate
