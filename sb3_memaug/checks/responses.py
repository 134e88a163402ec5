"""What each entry of the action does to the robot, against what its partner does to the mirrored one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sb3_memaug.checks.actions import single_action
from sb3_memaug.checks.comparison import RESEMBLANCE
from sb3_memaug.checks.episodes import run
from sb3_memaug.checks.situations import Situation
from sb3_memaug.checks.subject import Subject


def wrong_actions(subject: Subject, element: str, situation: Situation) -> list[str]:
    """
    Move one entry of the action at a time for one step, and look whose mirror image that is.

    :param subject: under examination
    :param element: of the group, by its name
    :param situation: where to begin, without its failure and its push
    :return: entries that mirror others than the group says, as ``"controls[3] LF_KFE: sign"``
    """
    transform, space = subject.action_map(element), subject.action_space
    start = situation.quiet(subject.neutral)
    twin = start.reflected(subject, element)

    def after(action: np.ndarray, mirrored: bool) -> np.ndarray:
        """State of the mirrored robot after one step."""
        if mirrored:
            trace = run(subject, replace(twin, actions=action[None]), element)
        else:
            trace = run(subject, replace(start, actions=action[None])).reflected(subject, element)
        return trace.parts["state"][0]

    still = {mirrored: after(subject.neutral, mirrored) for mirrored in (False, True)}
    entries = range(transform.size)
    originals = {
        (i, sign): after(single_action(space, i, sign), False) - still[False] for i in entries for sign in (1, -1)
    }
    findings = []
    for i in entries:
        change = after(single_action(space, i, 1), True) - still[True]
        declared = transform.permutation[i], transform.signs[i]
        errors = {key: float(np.linalg.norm(change - other)) for key, other in originals.items()}
        best = min(errors, key=lambda key: errors[key])
        forgiven = RESEMBLANCE * float(np.linalg.norm(change))
        if errors[declared] > forgiven and errors[best] <= forgiven:
            findings.append(subject.layout.mistake("action", i, declared, best))
    return findings
