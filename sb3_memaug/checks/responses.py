"""What each entry of the action does to the robot, against what its partner does to the mirrored one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sb3_memaug.checks.actions import single_action
from sb3_memaug.checks.comparison import RESEMBLANCE
from sb3_memaug.checks.episodes import run
from sb3_memaug.checks.situations import Situation
from sb3_memaug.checks.subject import Subject


def wrong_actions(subject: Subject, element: str, situations: tuple[Situation, Situation]) -> list[str]:
    """
    Move one entry of the action at a time for one step, and look whose mirror image that is: from where the robot is
    after a reset, as motors elsewhere may be at their limits; and from two such states, lest chance decides.

    :param subject: under examination
    :param element: of the group, by its name
    :param situations: whose seeds decide the resets
    :return: entries that mirror others than the group says, as ``"controls[3] LF_KFE: sign"``
    """
    transform = subject.action_map(element)
    first, second = (_sources(subject, element, situation) for situation in situations)
    findings = []
    for i, declared in enumerate(zip(transform.permutation, transform.signs, strict=True)):
        found = first.get(i)
        if found is not None and found == second.get(i) != declared:
            findings.append(subject.layout.mistake("action", i, declared, found))
    return findings


def _sources(subject: Subject, element: str, situation: Situation) -> dict[int, tuple[int, int]]:
    """Index and sign of what entries of the mirrored action do mirror, of those that do anything."""
    transform, space, rest = subject.action_map(element), subject.action_space, subject.rest(element)
    subject.reset(situation.seed, "identity")
    start = replace(situation.quiet(rest), state=subject.robot.get_state())
    twin = start.reflected(subject, element)

    def after(action: np.ndarray, mirrored: bool) -> np.ndarray:
        """State of the mirrored robot after one step."""
        if mirrored:
            trace = run(subject, replace(twin, actions=action[None]), element)
        else:
            trace = run(subject, replace(start, actions=action[None])).reflected(subject, element)
        return trace.parts["state"][0]

    still = {mirrored: after(rest, mirrored) for mirrored in (False, True)}
    originals = {
        (i, sign): after(single_action(space, rest, i, sign), False) - still[False]
        for i in range(transform.size)
        for sign in (1, -1)
    }
    found = {}
    for i in range(transform.size):
        change = after(single_action(space, rest, i, 1), True) - still[True]
        errors = {key: float(np.linalg.norm(change - other)) for key, other in originals.items()}
        # What is as declared stays so, whatever else does the same.
        declared = transform.permutation[i], transform.signs[i]
        alike = [key for key, error in errors.items() if error <= RESEMBLANCE * float(np.linalg.norm(change))]
        if alike:
            found[i] = declared if declared in alike else min(alike, key=lambda key: errors[key])
    return found
