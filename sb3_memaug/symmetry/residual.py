"""One difference between a part of a robot and the mirror image of its partner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sb3_memaug.symmetry.differences import relative_difference


@dataclass(frozen=True)
class Residual:
    """
    :param quantity: what was compared: ``"joint axis"``, ``"mass"``, ``"limits"`` …
    :param part: a link, a joint or an actuator
    :param partner: its mirror image
    :param error: in the unit of the tolerance: m, rad, or relative
    :param tolerance: for it
    :param account: what differs, in words
    :param decisive: whether the two are no mirror images beyond the tolerance; else that is only worth telling
    """

    quantity: str
    part: str
    partner: str
    error: float
    tolerance: float
    account: str
    decisive: bool = True

    @property
    def ratio(self) -> float:
        """The error relative to its tolerance."""
        return self.error / self.tolerance if self.tolerance and self.error < np.inf else np.inf

    @property
    def breaks(self) -> bool:
        """Whether it is a reason why the robot has no such mirror."""
        return self.decisive and self.error > self.tolerance

    def __str__(self) -> str:
        parts = self.part if self.part == self.partner else f"{self.part} and {self.partner}"
        return f"{parts}: {self.account}"


def property_residuals(
    names: tuple[str, str], own: Mapping[str, float], others: Mapping[str, float], tolerance: float, decisive: bool
) -> Iterator[Residual]:
    """
    :param names: of a part and its partner
    :param own: what a mirror leaves as it is, by name; 0 for what is not there
    :param others: that of the partner
    :param tolerance: relative to the larger
    :param decisive: whether a difference beyond it is a reason why they are no mirror images
    :return: one for each property
    """
    for key in sorted({*own, *others}):
        a, b = own.get(key, 0.0), others.get(key, 0.0)
        yield Residual(key, *names, relative_difference(a, b), tolerance, f"{key} {a:.4g} and {b:.4g}", decisive)


def range_error(image: Sequence[float], limits: Sequence[float]) -> float:
    """
    :param image: lowest and highest value
    :param limits: those that there should be
    :return: the larger difference; infinite where only one of them is
    """
    return max((abs(a - b) for a, b in zip(image, limits, strict=True) if a != b), default=0.0)


def range_text(limits: Sequence[float]) -> str:
    """
    :param limits: lowest and highest value
    :return: in brackets
    """
    return f"[{limits[0]:.3g}, {limits[1]:.3g}]"
