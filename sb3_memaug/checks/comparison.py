"""Mirrored rollouts beside the mirror images of their originals: how far apart they are, relative to typical sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from sb3_memaug.checks.probe import Layout, Probe
from sb3_memaug.checks.report import ElementReport, Errors
from sb3_memaug.checks.rollouts import PARTS, Rollout, Scenario, roll_out
from sb3_memaug.robots import RobotState

#: Least size of a number, relative to how large the numbers of its term are, and absolute.
LEAST_RELATIVE, LEAST = 0.01, 1e-6
#: Relative error within which something counts as the mirror image of something else.
RESEMBLANCE = 0.05
#: Relative error of the state beyond which a perturbation is no longer small.
CHAOS = 0.05
#: rad and m, by which joints are perturbed.
PERTURBATION = 1e-6
#: Relative difference from which on two numbers are not the same.
DIFFERENT = 1e-6


class Pair(NamedTuple):
    """
    Two rollouts that should be the same.

    :param expected: such as the mirror image of an original
    :param actual: such as what the simulator made of the mirrored scenario
    """

    expected: Rollout
    actual: Rollout


class Scales:
    """
    How large each number is: its distance from its mean, on average over all that was seen. Not as a root mean square,
    because one contact may be a hundred times as large as all others and would hide them. At least a hundredth of
    how large the numbers of its term are: a joint that stands still among others that move has an error of its own,
    but no size.

    :param rollouts: that were seen
    :param layout: of the numbers
    """

    def __init__(self, rollouts: Sequence[Rollout], layout: Layout) -> None:
        self._centers, self._sizes = {}, {}
        for part in PARTS:
            rows = np.concatenate([rollout.parts[part] for rollout in rollouts])
            self._centers[part] = rows.mean(axis=0)
            terms, magnitudes = layout.terms_of(part), np.abs(rows).mean(axis=0)
            typical = np.bincount(terms, magnitudes) / np.maximum(np.bincount(terms), 1)
            spread = np.abs(rows - self._centers[part]).mean(axis=0)
            self._sizes[part] = np.maximum(spread, LEAST_RELATIVE * typical[terms] + LEAST)

    def relative(self, part: str, image: np.ndarray, values: np.ndarray) -> np.ndarray:
        """
        :param part: one of :data:`~sb3_memaug.checks.rollouts.PARTS`
        :param image: what its numbers should be, (…, size)
        :param values: what they are, (…, size)
        :return: errors relative to their sizes, or to how far a number itself is from its mean where that is more
        """
        return np.abs(values - image) / np.maximum(self._sizes[part], np.abs(image - self._centers[part]))


def comparable_steps(pair: Pair, scales: Scales) -> int:
    """
    :param pair: an episode and the same with a small perturbation
    :param scales: of the numbers
    :return: for how many steps the perturbation stays small; after that the motion is chaotic
    """
    n = min(map(len, pair))
    expected, actual = (each.parts["state"][:n] for each in pair)
    errors = scales.relative("state", expected, actual).max(axis=1)
    # A perturbed state that is the same to the last bit was reset by a simulator that became unstable.
    apart = np.flatnonzero((errors > CHAOS) | (errors == 0))
    if apart.size:
        return int(apart[0])
    return n if _end(pair.expected) == _end(pair.actual) else n - 1


def errors_by_steps(
    pairs: Sequence[Pair], lengths: Sequence[int], scales: Scales, steps: Sequence[int]
) -> tuple[Errors, ...]:
    """
    :param pairs: of episodes
    :param lengths: for how many steps to compare each of them, to its end at most
    :param scales: of the numbers
    :param steps: where to divide the steps
    :return: errors up to the first of them, from there to the second, and so on
    """
    counts = np.array([sum(n > step for n in lengths) for step in range(steps[-1])])
    roots = {}
    for part in PARTS:
        squares = np.zeros((steps[-1], pairs[0].expected.parts[part].shape[1]))
        for (expected, actual), n in zip(pairs, lengths, strict=True):
            squares[:n] += scales.relative(part, expected.parts[part][:n], actual.parts[part][:n]) ** 2
        roots[part] = np.sqrt(squares / np.maximum(counts, 1)[:, None])
    ends = [
        min(_end(pair.expected), _end(pair.actual)) if _end(pair.expected) != _end(pair.actual) else np.inf
        for pair in pairs
    ]
    return tuple(
        Errors(
            before + 1,
            last,
            int(counts[before]),
            {part: rows[before:last].max(axis=0) for part, rows in roots.items()},
            sum(before < end <= min(last, n) for end, n in zip(ends, lengths, strict=True)),
        )
        for before, last in zip((0, *steps), steps, strict=False)
    )


def _end(rollout: Rollout) -> float:
    """The step that ended the episode."""
    return len(rollout) if rollout.terminated else np.inf


class Baseline:
    """
    The originals: rollouts that are not mirrored, with which mirrored ones are compared.

    :param probe: of the environment
    :param scenarios: of the rollouts
    """

    def __init__(self, probe: Probe, scenarios: Sequence[Scenario]) -> None:
        self.probe = probe
        self.scenarios = scenarios
        #: One for each scenario.
        self.originals = [roll_out(probe, scenario) for scenario in scenarios]
        #: Each of them with the rollout of its scenario with all joints a little aside.
        self.perturbed = [
            Pair(original, roll_out(probe, scenario.perturbed(PERTURBATION)))
            for scenario, original in zip(scenarios, self.originals, strict=True)
        ]


def canonical_errors(probe: Probe, element: str, scenario: Scenario, scales: Scales) -> np.ndarray:
    """
    The canonical test: a pose that is its own mirror image must be observed as its own mirror image.

    Half way between the pose after a reset and its mirror image the robot stands still for a step. What depends on the
    command, and so differs between an episode and its mirror image there, is left out.

    :param probe: of the environment
    :param element: of the group, by its name
    :param scenario: whose seed decides the reset
    :param scales: of the numbers
    :return: relative errors of the observation, (size,)
    """
    probe.reset(scenario.seed, "identity")
    state = probe.robot.get_state()
    still = replace(scenario.quiet(probe.rest(element)), state=_half_way(state, probe.reflect_state(state, element)))
    original, mirrored = (roll_out(probe, still, name) for name in ("identity", element))
    image, seen, seen_mirrored = (
        each.parts["observation"][0] for each in (original.reflected(probe, element), original, mirrored)
    )
    errors = scales.relative("observation", image, seen)
    return np.where(scales.relative("observation", seen, seen_mirrored) < DIFFERENT, errors, 0.0)


def _half_way(state: RobotState, image: RobotState) -> RobotState:
    middle = RobotState(*((a + b) / 2 for a, b in zip(state, image, strict=True)))
    norm = np.linalg.norm(middle.base_orientation)
    # Two orientations that are opposite have no middle; no robot is in both after a reset.
    upright = middle.base_orientation / norm if norm > 0.1 else np.array((1.0, 0.0, 0.0, 0.0))
    return middle._replace(
        base_orientation=upright,
        base_linear_velocity=np.zeros(3),
        base_angular_velocity=np.zeros(3),
        joint_velocities=np.zeros_like(middle.joint_velocities),
    )


@dataclass(frozen=True, eq=False)
class Comparison:
    """
    Mirrored rollouts beside the mirror images of their originals, for one element of the group.

    :param probe: of the environment
    :param scenarios: of the originals
    :param pairs: of the mirror images of the originals, and the mirrored rollouts
    :param lengths: for how many steps each pair can be compared
    :param report: on the element, without findings
    """

    probe: Probe
    scenarios: Sequence[Scenario]
    pairs: Sequence[Pair]
    lengths: Sequence[int]
    report: ElementReport


def compare_element(baseline: Baseline, element: str, steps: Sequence[int], tolerance: float) -> Comparison:
    """
    :param baseline: the originals
    :param element: of the group, by its name
    :param steps: where to divide the steps
    :param tolerance: of errors
    :return: mirrored rollouts beside the mirror images of the originals
    """
    probe, originals = baseline.probe, baseline.originals
    pairs = []
    for scenario, original in zip(baseline.scenarios, originals, strict=True):
        image = original.reflected(probe, element)
        pairs.append(Pair(image, roll_out(probe, scenario.reflected(probe, element), element).turned_like(image)))
    # Without the mirrored rollouts: what is wrong with them must not be measured by itself.
    scales = Scales([*originals, *(pair.expected for pair in pairs)], probe.layout)
    lengths = [
        min(comparable_steps(perturbed, scales), *map(len, pair))
        for perturbed, pair in zip(baseline.perturbed, pairs, strict=True)
    ]
    report = ElementReport(
        element,
        errors_by_steps(pairs, lengths, scales, steps),
        errors_by_steps(baseline.perturbed, lengths, scales, steps),
        canonical_errors(probe, element, baseline.scenarios[0], scales),
        tolerance,
        probe.layout,
    )
    return Comparison(probe, baseline.scenarios, pairs, lengths, report)


def at_rest(comparison: Comparison) -> Comparison:
    """
    :param comparison: of an element
    :return: the same for one step of each scenario without failure, push and action, so that a mistake in these does
        not show
    """
    probe, report = comparison.probe, comparison.report
    baseline = Baseline(probe, [scenario.quiet(probe.rest(report.name)) for scenario in comparison.scenarios])
    return compare_element(baseline, report.name, (1,), report.tolerance)
