"""The result of a check, in numbers and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sb3_memaug.checks.probe import Layout
from sb3_memaug.checks.rollouts import PARTS

#: Factor from which on a number is much less, or much more.
MARGIN = 10.0
#: Relative error that may come of float32.
ROUNDING = 1e-6
#: How many findings are listed for each element.
LISTED = 8


class Errors(NamedTuple):
    """
    Over some steps, of the root mean squares over the episodes in each step the largest.

    :param first: of the steps
    :param last: of the steps
    :param episodes: how many could be compared in any of them
    :param parts: relative errors by part, of each of its numbers, (size,)
    :param apart: how many episodes ended then in one of the two only
    """

    first: int
    last: int
    episodes: int
    parts: Mapping[str, np.ndarray]
    apart: int

    def of(self, part: str) -> float:
        """
        :param part: of what is compared
        :return: its largest error
        """
        return float(np.max(self.parts[part], initial=0.0))

    @property
    def worst(self) -> float:
        """The largest error of all."""
        return max(map(self.of, self.parts))


@dataclass(frozen=True, eq=False)
class ElementReport:
    """
    One element of the group against the simulator. Errors are relative to how large a number is.

    :param name: of the element
    :param errors: of mirrored episodes, in the first step and in some ranges of steps after it
    :param perturbed: of episodes that differ from their originals by a perturbation, in the same steps
    :param canonical: of the observation in a pose that is its own mirror image, (size,)
    :param tolerance: error that is tolerated
    :param layout: of the numbers
    :param findings: what is wrong
    :param remarks: what is not quite right, and tolerated
    """

    name: str
    errors: tuple[Errors, ...]
    perturbed: tuple[Errors, ...]
    canonical: np.ndarray
    tolerance: float
    layout: Layout
    findings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def relevant(self) -> tuple[Errors, ...]:
        """
        Errors of the steps that decide whether the mirror holds: all steps, if in the first one the states differ by
        much less than the perturbation. If they differ by more, because a robot is not quite symmetric or a simulator
        not exact, that step only: those after it show how fast differences grow.
        """
        return self.errors if MARGIN * self.errors[0].of("state") <= self.perturbed[0].of("state") else self.errors[:1]

    def wrong(self, part: str) -> list[int]:
        """
        :param part: ``"observation"``, ``"reward"`` or ``"state"``
        :return: indices of its numbers whose errors exceed the tolerance in the relevant steps, the worst first
        """
        return self._beyond([errors.parts[part] for errors in self.relevant])

    @property
    def wrong_pose(self) -> list[int]:
        """Indices of numbers of the observation that are no mirror images in a pose that is one, the worst first."""
        return self._beyond([self.canonical])

    def _beyond(self, errors: Sequence[np.ndarray]) -> list[int]:
        worst = np.max(errors, axis=0)
        return np.argsort(-worst, kind="stable")[: np.count_nonzero(worst > self.tolerance)].tolist()

    @property
    def apart(self) -> int:
        """How many episodes end in one of the two only, although the robots still move alike."""
        return sum(errors.apart for errors in self.errors if errors.of("state") <= self.tolerance)

    @property
    def within(self) -> bool:
        """Whether errors are within the tolerance in the relevant steps, and mirrored episodes end as they should."""
        return not self.apart and not self.wrong_pose and not any(map(self.wrong, PARTS))

    @property
    def exact(self) -> bool:
        """Whether mirrored episodes differ by no more than perturbed ones, in all steps."""
        return self.holds and all(map(self._is_rounding, PARTS))

    @property
    def moves_exactly(self) -> bool:
        """Whether that is so of the robot's state, whatever is observed and rewarded."""
        return self._is_rounding("state")

    def _is_rounding(self, part: str) -> bool:
        both = zip(self.errors, self.perturbed, strict=True)
        return all(errors.of(part) <= max(perturbed.worst, ROUNDING) for errors, perturbed in both)

    @property
    def holds(self) -> bool:
        """Whether all errors are tolerated, and nothing else is wrong."""
        return self.within and not self.findings

    def follows_from_state(self, i: int) -> bool:
        """
        :param i: index of a number of the observation
        :return: whether it is never much further off than the robot's state
        """
        return all(errors.parts["observation"][i] <= MARGIN * errors.of("state") for errors in self.errors)

    def account(self, part: str, i: int) -> str:
        """
        :param part: ``"observation"``, ``"reward"`` or ``"state"``
        :param i: index of one of its numbers
        :return: how far off it is in the relevant steps, in words
        """
        errors = max(self.relevant, key=lambda errors: float(errors.parts[part][i]))
        steps = "the first step" if errors.last == 1 else f"{errors.last} steps"
        return f"{self.layout.name(part, i)}: off by {errors.parts[part][i]:.2g} of its size in {steps}"

    def __str__(self) -> str:
        if self.exact:
            return f"{self.name}: exact"
        lines = self.findings
        title = f"{self.name}: DOES NOT HOLD"
        if self.holds:
            part = max(PARTS, key=self.errors[0].of)
            lines = (self.account(part, int(np.argmax(self.errors[0].parts[part]))), *self.remarks)
            title = f"{self.name}: holds within its tolerance"
        more = [f"and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
        return "\n  ".join([title, *lines[:LISTED], *more])


@dataclass(frozen=True, eq=False)
class SymmetryReport:
    """
    What :func:`~sb3_memaug.checks.check_symmetry` found. Its text is a table, and what is wrong.

    :param env: name of the environment
    :param elements: of its group, but for the identity
    :param unmoved: names of numbers of the observation that never moved, and so were not tested
    """

    env: str
    elements: tuple[ElementReport, ...]
    unmoved: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every mirror holds within its tolerance."""
        return all(element.holds for element in self.elements)

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [("mirror", "steps", "episodes", "observation", "reward", "state", "ended apart")]
        for element in self.elements:
            for errors, perturbed in zip(element.errors, element.perturbed, strict=True):
                steps = f"{errors.first}-{errors.last}" if errors.last > errors.first else f"{errors.last}"
                parts = (_number(errors, part) + f" ({_number(perturbed, part)})" for part in errors.parts)
                name = "" if errors.first > 1 else element.name
                rows.append((name, steps, str(errors.episodes), *parts, str(errors.apart)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = [
            "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
            for row in rows
        ]
        title = (
            f"{self.env}: largest errors of mirrored episodes, relative to how large a number is\n"
            "(in brackets those of episodes that are not mirrored, but perturbed by 1e-6)"
        )
        unmoved = [f"not put to the test, because they never moved: {', '.join(self.unmoved)}"] if self.unmoved else []
        return "\n".join([title, *table, *map(str, self.elements), *unmoved])


def _number(errors: Errors, part: str) -> str:
    return f"{errors.of(part):.1e}" if errors.episodes else "-"
