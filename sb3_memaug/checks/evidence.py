"""What was seen of one element of the group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sb3_memaug.checks.baseline import Baseline
from sb3_memaug.checks.canonical import canonical_errors
from sb3_memaug.checks.comparison import Pair, Scales, comparable_steps, compare
from sb3_memaug.checks.episodes import run
from sb3_memaug.checks.report import ElementReport
from sb3_memaug.checks.situations import Situation
from sb3_memaug.checks.subject import Subject


@dataclass(frozen=True, eq=False)
class Evidence:
    """
    Mirrored episodes beside the mirror images of their originals.

    :param subject: under examination
    :param situations: from which the originals went on
    :param pairs: of the mirror images of the originals, and the mirrored episodes
    :param lengths: for how many steps each pair can be compared
    :param report: on the element, without findings
    """

    subject: Subject
    situations: Sequence[Situation]
    pairs: Sequence[Pair]
    lengths: Sequence[int]
    report: ElementReport


def collect(baseline: Baseline, element: str, steps: Sequence[int], tolerance: float) -> Evidence:
    """
    :param baseline: the originals
    :param element: of the group, by its name
    :param steps: where to divide the steps
    :param tolerance: of errors
    :return: what was seen
    """
    subject, originals = baseline.subject, baseline.originals
    pairs = []
    for situation, original in zip(baseline.situations, originals, strict=True):
        image = original.reflected(subject, element)
        pairs.append(Pair(image, run(subject, situation.reflected(subject, element), element).turned_like(image)))
    # Without the mirrored episodes: what is wrong with them shall not be a measure of itself.
    scales = Scales([*originals, *(pair.image for pair in pairs)], subject.layout)
    lengths = [
        min(comparable_steps(perturbed, scales), *map(len, pair))
        for perturbed, pair in zip(baseline.perturbed, pairs, strict=True)
    ]
    report = ElementReport(
        element,
        compare(pairs, lengths, scales, steps),
        compare(baseline.perturbed, lengths, scales, steps),
        canonical_errors(subject, element, baseline.situations[0], scales),
        tolerance,
        subject.layout,
    )
    return Evidence(subject, baseline.situations, pairs, lengths, report)


def at_rest(evidence: Evidence) -> Evidence:
    """
    :param evidence: of an element
    :return: one step of each situation without failure, push and action: what is wrong with them shows nowhere
    """
    subject, report = evidence.subject, evidence.report
    baseline = Baseline(subject, [situation.quiet(subject.rest(report.name)) for situation in evidence.situations])
    return collect(baseline, report.name, (1,), report.tolerance)
