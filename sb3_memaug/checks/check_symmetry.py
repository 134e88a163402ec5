"""Proving an environment's mirrors in its simulator."""

from __future__ import annotations

from collections.abc import Sequence

import gymnasium as gym
import numpy as np

from sb3_memaug.arguments import SEED, Allowed
from sb3_memaug.checks.comparison import PERTURBATION, Baseline, Scales, comparable_steps, compare_element
from sb3_memaug.checks.diagnosis import diagnose
from sb3_memaug.checks.probe import CommandMirror, Probe
from sb3_memaug.checks.report import SymmetryReport
from sb3_memaug.checks.rollouts import draw_scenarios
from sb3_memaug.symmetry.arguments import int_of, ints_of

#: A number that changes by less, relative to itself, never moved.
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

    The report lists the errors of observation, reward, termination and state for each element of the group, beside
    those of an unmirrored perturbation by 1e-6: rounding errors grow as these do, mistakes are there from the first
    step on. An episode is compared as long as the perturbation stays small. Where robots differ by more than rounding
    in the first step, because no real robot is quite symmetric and not every simulator exact, that step alone counts.
    Where a mirror does not hold, the report names the worst numbers and what is wrong with them.

    The environment needs a reset afterwards. What it draws must follow from the seed of a reset; noise is no mirror
    image of itself, and has to be switched off.

    :param env: with mirrors (:class:`~sb3_memaug.MirrorSpec`) and a robot that
        :func:`~sb3_memaug.robots.find_robot` finds
    :param n_states: how many states; half of them with a failed motor, and half with a push
    :param steps: after how many to compare; of three or more only one state in five goes on to the last, the others to
        the one before it
    :param tolerance: error that is tolerated, relative to how large a number is
    :param seed: of everything that is random
    :param mirror_command: mirrors what an environment of your own draws at reset beside the robot's state: called with
        the environment and the element's name after a reset. Environments with a reset option ``mirror``, as ours,
        do not need it
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
    probe = Probe(env, mirror_command)
    marks = sorted({1, *steps})
    scenarios = draw_scenarios(probe, n_states, marks, seed)
    baseline = Baseline(probe, scenarios)
    _refuse_randomness(baseline)
    elements = tuple(diagnose(compare_element(baseline, name, marks, tolerance)) for name in probe.group.names[1:])
    spec = env.unwrapped.spec
    return SymmetryReport(spec.id if spec else str(env.unwrapped), elements, _unmoved(baseline))


def _refuse_randomness(baseline: Baseline) -> None:
    """An environment whose rollouts differ for the same seed and actions cannot be compared with its mirror image."""
    env, perturbed = baseline.probe.env, baseline.perturbed
    scales = Scales(baseline.originals, baseline.probe.layout)
    differing = sum(comparable_steps(pair, scales) == 0 for pair in perturbed)
    if 2 * differing > len(perturbed):
        raise ValueError(
            f"{env} does not repeat itself: with the same seed and actions, and the same state but for "
            f"{PERTURBATION:g} rad, it is elsewhere after one step in {differing} of {len(perturbed)} cases. "
            "Everything random must come from `env.np_random`, and nothing of an episode may outlast a reset"
        )


def _unmoved(baseline: Baseline) -> tuple[str, ...]:
    rows = np.concatenate([rollout.parts["observation"] for rollout in baseline.originals])
    still = np.ptp(rows, axis=0) <= STILL * np.abs(rows).max(axis=0)
    return tuple(baseline.probe.layout.ranges("observation", still))
