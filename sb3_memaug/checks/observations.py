"""What is wrong with what is observed, where robots move alike."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sb3_memaug.checks.evidence import Evidence
from sb3_memaug.checks.kinds import fitting_kinds
from sb3_memaug.checks.sources import Sources

#: Most steps of an episode to look at: robots that move alike are as good a proof in them as in more.
STEPS = 10
#: What changes less stays as it is.
CHANGE = 1e-6


def wrong_observations(evidence: Evidence) -> list[str]:
    """
    :param evidence: of an element
    :return: numbers that are not what the mirror says, as ``"joint_velocities[7] LF_KFE: sign"``, and the kinds that
        their terms are of instead
    """
    subject, report = evidence.subject, evidence.report
    layout, transform = subject.layout, subject.layout.observation_map(subject.group[report.name])
    steps = min(STEPS, report.judged[-1].last)
    sources = Sources(evidence.pairs, np.minimum(evidence.lengths, steps).tolist(), transform)
    mistaken: dict[int, tuple[int, int]] = {}
    mistakes, differences = [], []
    wrong = report.wrong("observation")
    for i in wrong:
        found, declared = sources.find(i), (transform.permutation[i], transform.signs[i])
        if found is not None and found[:2] != declared:
            mistake = layout.mistake("observation", i, declared, found[:2])
            if _stays(evidence, i) and not subject.mirrors_command:
                mistake += "; if it is drawn at reset, pass `mirror_command`"
            else:
                mistaken[i] = found[:2]
            mistakes.append(mistake)
        # Robots that move a little differently see something different, too, which need not be a mistake.
        elif report.follows_from_state(i):
            continue
        elif found is not None:
            offset = found.offset - (transform.offset[i] if transform.offset else 0.0)
            mistakes.append(f"{layout.name('observation', i)}: offset by {offset:.3g}")
        else:
            differences.append(f"{report.account('observation', i)}, and like no other number")
    for i in report.wrong_pose:
        if i not in wrong:
            name = layout.name("observation", i)
            differences.append(
                f"{name}: off by {report.canonical[i]:.2g} of its size in a pose that is its own mirror image"
            )
    return mistakes + _wrong_kinds(evidence, mistaken) + differences


def _stays(evidence: Evidence, i: int) -> bool:
    """Whether a number is seen to change from episode to episode only, as a command does."""
    episodes = [pair.trace.parts["observation"][:, i] for pair in evidence.pairs]
    return max(map(len, episodes)) > 1 and all(np.ptp(values) < CHANGE for values in episodes)


def _wrong_kinds(evidence: Evidence, mistaken: Mapping[int, tuple[int, int]]) -> list[str]:
    layout, reflections = evidence.subject.layout, [evidence.subject.reflection_of(evidence.report.name)]
    findings = []
    for label, term, entries in layout.quantities:
        place = {entry: i for i, entry in enumerate(entries)}
        # What lies outside the quantity is nowhere in it: no kind says so.
        found = {place[i]: (place.get(j, -1), sign) for i, (j, sign) in mistaken.items() if i in place}
        kinds = fitting_kinds(term, reflections, found) if found else []
        if kinds:
            fitting = " or ".join(map(repr, kinds))
            findings.append(f"{label}: mirrors as terms of kind {fitting} do, not {term.kind!r}")
    return findings
