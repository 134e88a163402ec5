"""What came of a check, in numbers and in a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sb3_memaug.checks.comparison import Errors, Scales

#: How many findings a table lists for each element.
LISTED = 6


@dataclass(frozen=True, eq=False)
class ElementReport:
    """
    One element of the group against the simulator.

    :param name: of the element
    :param errors: of mirrored episodes after 1, 10, 50 … steps
    :param perturbed: of episodes that differ from their originals by a small perturbation, after as many steps
    :param scales: of observations, rewards and states
    :param canonical: largest error of the observation in a pose that is its own mirror image, relative to its scale
    :param findings: what is wrong, the worst first
    :param tolerance: error after one step, relative to the scales, that is forgiven
    """

    name: str
    errors: tuple[Errors, ...]
    perturbed: tuple[Errors, ...]
    scales: Scales
    canonical: float
    findings: tuple[str, ...]
    tolerance: float

    def relative(self, i: int) -> float:
        """
        :param i: index of a number of steps
        :return: the worst error of observation, reward and state then, relative to their scales
        """
        errors = self.errors[i]
        if not errors.episodes:
            return 0.0
        return max(
            float(np.max(errors.observation / self.scales.observation)),
            errors.reward / self.scales.reward,
            float(np.max(errors.state / self.scales.state)),
        )

    def allowed(self, i: int) -> float:
        """
        :param i: index of a number of steps
        :return: what is forgiven then: the tolerance, grown as the perturbation has grown since the first step
        """
        first, now = (float(np.max(self.perturbed[k].state / self.scales.state)) for k in (0, i))
        return self.tolerance * max(1.0, now / max(first, 1e-12)) if np.isfinite(now) else np.inf

    @property
    def holds(self) -> bool:
        """Whether no error goes beyond what is forgiven, and mirrored episodes end when their originals do."""
        within = all(self.relative(i) <= self.allowed(i) for i in range(len(self.errors)))
        return within and self.canonical <= self.tolerance and not self.errors[0].terminations

    @property
    def exact(self) -> bool:
        """Whether mirrored episodes differ no more than what rounding errors make of them."""
        return self.holds and all(
            float(np.max(e.state, initial=0.0)) <= 10 * float(np.max(p.state, initial=0.0)) or not e.episodes
            for e, p in zip(self.errors, self.perturbed, strict=True)
        )

    def __str__(self) -> str:
        word = "exact" if self.exact else "holds within its tolerance" if self.holds else "DOES NOT HOLD"
        lines = [f"{self.name}: {word}", *(f"  {finding}" for finding in self.findings[:LISTED])]
        if len(self.findings) > LISTED:
            lines.append(f"  and {len(self.findings) - LISTED} more")
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class SymmetryReport:
    """
    What :func:`~sb3_memaug.checks.check_symmetry` found.

    :param env: name of the environment
    :param elements: of its group, but for the identity
    """

    env: str
    elements: tuple[ElementReport, ...]

    @property
    def holds(self) -> bool:
        """Whether every mirror holds within its tolerance."""
        return all(element.holds for element in self.elements)

    def __str__(self) -> str:
        rows = [("mirror", "steps", "observation", "reward", "state", "ended apart", "state, perturbed by 1e-6")]
        for element in self.elements:
            for i, (errors, perturbed) in enumerate(zip(element.errors, element.perturbed, strict=True)):
                rows.append(
                    (
                        "" if i else element.name,
                        str(errors.steps),
                        _number(errors.observation),
                        _number(errors.reward),
                        _number(errors.state),
                        str(errors.terminations),
                        _number(perturbed.state),
                    )
                )
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
            for row in rows
        ]
        title = f"{self.env}: errors of mirrored episodes, root mean squares of the worst entries"
        return "\n".join([title, *lines, *map(str, self.elements)])


def _number(values: np.ndarray | float) -> str:
    largest = float(np.max(values))
    return "-" if np.isnan(largest) else f"{largest:.1e}"
