"""Episodes that are not mirrored: what others are compared with."""

from __future__ import annotations

from collections.abc import Sequence

from sb3_memaug.checks.comparison import Pair
from sb3_memaug.checks.episodes import run
from sb3_memaug.checks.situations import Situation
from sb3_memaug.checks.subject import Subject

#: rad and m, by which joints are perturbed.
PERTURBATION = 1e-6


class Baseline:
    """
    :param subject: under examination
    :param situations: from which episodes go on
    """

    def __init__(self, subject: Subject, situations: Sequence[Situation]) -> None:
        self.subject = subject
        self.situations = situations
        #: What came of each situation.
        self.originals = [run(subject, situation) for situation in situations]
        #: Each of them with what comes of its situation when all joints stand a little aside.
        self.perturbed = [
            Pair(original, run(subject, situation.perturbed(PERTURBATION)))
            for situation, original in zip(situations, self.originals, strict=True)
        ]
