"""Proving an environment's mirrors in its simulator."""

from __future__ import annotations

from collections.abc import Sequence

import gymnasium as gym
import numpy as np

from sb3_memaug.arguments import SEED, Allowed
from sb3_memaug.checks.baseline import PERTURBATION, Baseline
from sb3_memaug.checks.comparison import Scales, comparable_steps
from sb3_memaug.checks.evidence import collect
from sb3_memaug.checks.findings import judge
from sb3_memaug.checks.report import SymmetryReport
from sb3_memaug.checks.situations import draw_situations
from sb3_memaug.checks.subject import CommandMirror, Subject
from sb3_memaug.symmetry.arguments import int_of, ints_of

#: By how much a number changes that never moves, relative to itself.
STILL = 1e-9


def check_symmetry(
    env: gym.Env,
    n_states: int = 16,
    steps: Sequence[int] = (1, 10, 50),
    tolerance: float = 0.05,
    seed: int = 0,
    mirror_command: CommandMirror | None = None,
) -> SymmetryReport:
    """
    Put the environment in random states, with failures and pushes on, and its mirror images in theirs; step both, with
    random and with mirrored actions; and compare.

    The report tells the errors of observation, reward, termination and state for each element of the group, beside
    those of an unmirrored perturbation by 1e-6, which tells rounding errors that grow from mistakes that are there from
    the first step on. An episode is compared as long as the perturbation stays small. Where robots differ by more than
    rounding in the first step, because no real robot is quite symmetric and not every simulator exact, that step alone
    is judged. Where a mirror does not hold, the report names the worst numbers and what is wrong with them.

    The environment wants a reset afterwards. What it draws must follow from the seed of a reset; noise is no mirror
    image of itself, and has to be switched off.

    :param env: with mirrors (:class:`~sb3_memaug.MirrorSpec`) and a robot that
        :func:`~sb3_memaug.robots.find_robot` finds
    :param n_states: how many states; half of them with a failed motor, and half with a push
    :param steps: after how many to compare; of three or more only one state in five goes on to the last, the others to
        the one before it
    :param tolerance: error that is forgiven, relative to how large a number is
    :param seed: of everything that is random
    :param mirror_command: mirrors what an environment of your own draws at reset beside the robot's state: called with
        the environment and the element's name after a reset. Environments with a reset option ``mirror``, as ours,
        need none
    :return: errors and findings, ``report.holds`` and a table as its text
    :raises ValueError: if an argument is out of range, the environment has no mirrors or no robot, or does not repeat
        itself
    :raises NotImplementedError: if the robot's adapter cannot put it into a state
    """
    n_states, steps, seed = int_of(n_states, "`n_states`"), ints_of(steps, "`steps`"), SEED.check("seed", seed)
    tolerance = Allowed(infinite=True).check("tolerance", tolerance)
    if n_states < 1 or not tolerance > 0 or any(step < 1 for step in steps):
        raise ValueError(
            "expected at least one state, a positive tolerance and positive numbers of steps, got "
            f"n_states={n_states}, tolerance={tolerance}, steps={tuple(steps)}"
        )
    subject = Subject(env, mirror_command)
    marks = sorted({1, *steps})
    situations = draw_situations(subject, n_states, marks, seed)
    baseline = Baseline(subject, situations)
    _refuse_chance(baseline)
    elements = tuple(judge(collect(baseline, name, marks, tolerance)) for name in subject.group.names[1:])
    spec = env.unwrapped.spec
    return SymmetryReport(spec.id if spec else str(env.unwrapped), elements, _unmoved(baseline))


def _refuse_chance(baseline: Baseline) -> None:
    """An environment that differs from itself cannot be compared with its mirror image."""
    env, perturbed = baseline.subject.env, baseline.perturbed
    scales = Scales(baseline.originals, baseline.subject.layout)
    chance = sum(comparable_steps(pair, scales) == 0 for pair in perturbed)
    if 2 * chance > len(perturbed):
        raise ValueError(
            f"{env} does not repeat itself: with the same seed and actions, and the same state but for "
            f"{PERTURBATION:g} rad, it is elsewhere after one step in {chance} of {len(perturbed)} cases. Everything "
            "random must come from `env.np_random`, and nothing of an episode may outlast a reset"
        )


def _unmoved(baseline: Baseline) -> tuple[str, ...]:
    rows = np.concatenate([trace.parts["observation"] for trace in baseline.originals])
    still = np.ptp(rows, axis=0) <= STILL * np.abs(rows).max(axis=0)
    return tuple(baseline.subject.layout.ranges("observation", still))
