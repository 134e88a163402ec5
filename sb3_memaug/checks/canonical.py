"""The canonical test: a pose that is its own mirror image must be observed as its own mirror image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sb3_memaug.checks.comparison import Scales
from sb3_memaug.checks.episodes import run
from sb3_memaug.checks.situations import Situation
from sb3_memaug.checks.subject import Subject
from sb3_memaug.robots import RobotState

#: Relative difference of two numbers that are not the same.
DIFFERENT = 1e-6


def canonical_errors(subject: Subject, element: str, situation: Situation, scales: Scales) -> np.ndarray:
    """
    Half way between the pose after a reset and its mirror image the robot stands still for a step. What depends on the
    command, and so differs between an episode and its mirror image there, is left out.

    :param subject: under examination
    :param element: of the group, by its name
    :param situation: whose seed decides the reset
    :param scales: of the numbers
    :return: relative errors of the observation, (size,)
    """
    subject.reset(situation.seed, "identity")
    state = subject.robot.get_state()
    still = replace(
        situation.quiet(subject.rest(element)), state=_half_way(state, subject.reflect_state(state, element))
    )
    trace, other = (run(subject, still, name) for name in ("identity", element))
    image, seen, seen_mirrored = (
        each.parts["observation"][0] for each in (trace.reflected(subject, element), trace, other)
    )
    errors = scales.relative("observation", image, seen)
    return np.where(scales.relative("observation", seen, seen_mirrored) < DIFFERENT, errors, 0.0)


def _half_way(state: RobotState, image: RobotState) -> RobotState:
    middle = RobotState(*((a + b) / 2 for a, b in zip(state, image, strict=True)))
    norm = np.linalg.norm(middle.base_orientation)
    # Two orientations that are opposite have no middle, which nobody stands in after a reset.
    upright = middle.base_orientation / norm if norm > 0.1 else np.array((1.0, 0.0, 0.0, 0.0))
    return middle._replace(
        base_orientation=upright,
        base_linear_velocity=np.zeros(3),
        base_angular_velocity=np.zeros(3),
        joint_velocities=np.zeros_like(middle.joint_velocities),
    )
