"""What is wrong with a mirror that does not hold, in words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from sb3_memaug.checks.asymmetries import asymmetries, wrong_joints
from sb3_memaug.checks.evidence import Evidence, at_rest
from sb3_memaug.checks.observations import wrong_observations
from sb3_memaug.checks.report import ElementReport
from sb3_memaug.checks.responses import wrong_actions


def judge(evidence: Evidence) -> ElementReport:
    """
    :param evidence: of an element
    :return: the report on it with what is wrong, causes before effects, and with remarks on what is forgiven
    """
    subject, report = evidence.subject, evidence.report
    if report.exact:
        return report
    mistakes = wrong_actions(subject, report.name, (evidence.situations[0], evidence.situations[-1]))
    beyond, not_quite = ([], []) if report.moves_exactly else asymmetries(subject, report.name)
    # As long as the robots move differently, nothing can be said about what is observed and rewarded. Robots that are
    # not told to do anything do nothing wrong.
    alike = not report.wrong("state")
    seen = evidence if alike else at_rest(evidence)
    observed = [] if seen.report.wrong("state") else wrong_observations(seen)
    if report.within:
        return replace(report, findings=(*mistakes, *beyond, *observed), remarks=tuple(not_quite))
    if not report.moves_exactly:
        mistakes += wrong_joints(subject, report.name)
    effects = [_termination(evidence), _reward(evidence)] if alike else []
    findings = [*mistakes, *beyond, *observed, *filter(None, effects), *not_quite]
    return replace(report, findings=tuple(findings or [_difference(report)]))


def _termination(evidence: Evidence) -> str:
    apart, count = evidence.report.apart, len(evidence.pairs)
    return f"termination: {apart} of {count} episodes end in one of the two only" if apart else ""


def _difference(report: ElementReport) -> str:
    part = next(part for part in ("state", "observation", "reward") if report.wrong(part))
    return f"{report.account(part, report.wrong(part)[0])}: the robots move differently"


def _reward(evidence: Evidence) -> str:
    if not evidence.report.wrong("reward"):
        return ""
    total, differences = 0.0, defaultdict[str, float](float)
    for (image, trace), n in zip(evidence.pairs, evidence.lengths, strict=True):
        total += float(np.abs(image.parts["reward"][:n] - trace.parts["reward"][:n]).sum())
        for terms, others in zip(image.reward_terms[:n], trace.reward_terms[:n], strict=True):
            for name in terms.keys() & others.keys():
                differences[name] += abs(terms[name] - others[name])
    most = max(sorted(differences), key=lambda name: differences[name], default="")
    part = f", most of it {most}" if differences[most] > total / 2 else ""
    return evidence.report.account("reward", 0) + part
