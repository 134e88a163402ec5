"""What is wrong with a mirror that does not hold, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import NamedTuple

import numpy as np

from sb3_memaug.checks.comparison import RESEMBLANCE, Comparison, Pair, at_rest
from sb3_memaug.checks.probe import Probe, single_action
from sb3_memaug.checks.report import ElementReport
from sb3_memaug.checks.rollouts import Scenario, roll_out
from sb3_memaug.symmetry import DerivedReflection, Reflection, SignedPermutation, Term, derive_symmetry
from sb3_memaug.symmetry.derivation.derive import NOTICEABLE

#: Number of steps of a rollout in which observations are compared: more of them prove no more.
STEPS = 10
#: A number that changes by less is constant.
CHANGE = 1e-6
#: Fewest rollouts in which a number must move to determine which one it follows: in one contact it resembles many
#: others. It does not move in a rollout where it moves less than this fraction of how it moves in another.
FEWEST, STILL = 3, 0.01
#: Error relative to its size from which on a number does not follow another, not even roughly.
UNLIKE = 0.5
#: Kinds that are easily confused.
KINDS = (
    *("scalar", "pseudoscalar", "vector", "axial_vector", "xy", "quaternion_wxyz", "quaternion_xyzw"),
    *("joints", "feet", "bodies", "feet_vectors"),
)


def diagnose(comparison: Comparison) -> ElementReport:
    """
    :param comparison: of an element
    :return: the report on it with what is wrong, causes before effects, and with remarks on what is tolerated
    """
    probe, report = comparison.probe, comparison.report
    if report.exact:
        return report
    mistakes = wrong_actions(probe, report.name, (comparison.scenarios[0], comparison.scenarios[-1]))
    beyond, not_quite = ([], []) if report.moves_exactly else asymmetries(probe, report.name)
    # As long as the robots move differently, nothing can be said about what is observed and rewarded. At rest,
    # without action, they may move alike all the same.
    alike = not report.wrong("state")
    seen = comparison if alike else at_rest(comparison)
    observed = [] if seen.report.wrong("state") else wrong_observations(seen)
    if report.within:
        return replace(report, findings=(*mistakes, *beyond, *observed), remarks=tuple(not_quite))
    if not report.moves_exactly:
        mistakes += wrong_joints(probe, report.name)
    effects = [_termination(comparison), _reward(comparison)] if alike else []
    findings = [*mistakes, *beyond, *observed, *filter(None, effects), *not_quite]
    return replace(report, findings=tuple(findings or [_difference(report)]))


def _termination(comparison: Comparison) -> str:
    apart, count = comparison.report.apart, len(comparison.pairs)
    return f"termination: {apart} of {count} episodes end in one of the two only" if apart else ""


def _difference(report: ElementReport) -> str:
    part = next(part for part in ("state", "observation", "reward") if report.wrong(part))
    return f"{report.account(part, report.wrong(part)[0])}: the robots move differently"


def _reward(comparison: Comparison) -> str:
    if not comparison.report.wrong("reward"):
        return ""
    total, differences = 0.0, defaultdict[str, float](float)
    for (expected, actual), n in zip(comparison.pairs, comparison.lengths, strict=True):
        total += float(np.abs(expected.parts["reward"][:n] - actual.parts["reward"][:n]).sum())
        for terms, others in zip(expected.reward_terms[:n], actual.reward_terms[:n], strict=True):
            for name in terms.keys() & others.keys():
                differences[name] += abs(terms[name] - others[name])
    most = max(sorted(differences), key=lambda name: differences[name], default="")
    part = f", most of it {most}" if differences[most] > total / 2 else ""
    return comparison.report.account("reward", 0) + part


def wrong_actions(probe: Probe, element: str, scenarios: tuple[Scenario, Scenario]) -> list[str]:
    """
    Move one entry of the action at a time for one step, and look whose mirror image that is: from where the robot is
    after a reset, as motors elsewhere may be at their limits; and from two such states, so that chance does not decide.

    :param probe: of the environment
    :param element: of the group, by its name
    :param scenarios: whose seeds decide the resets
    :return: entries that mirror others than the group says, as ``"controls[3] LF_KFE: sign"``
    """
    transform = probe.action_map(element)
    first, second = (_mirrored_entries(probe, element, scenario) for scenario in scenarios)
    findings = []
    for i, declared in enumerate(zip(transform.permutation, transform.signs, strict=True)):
        found = first.get(i)
        if found is not None and found == second.get(i) != declared:
            findings.append(probe.layout.mistake("action", i, declared, found))
    return findings


def _mirrored_entries(probe: Probe, element: str, scenario: Scenario) -> dict[int, tuple[int, int]]:
    """Index and sign of the entry that each entry of the mirrored action mirrors, if it has any effect."""
    transform, space, rest = probe.action_map(element), probe.action_space, probe.rest(element)
    probe.reset(scenario.seed, "identity")
    start = replace(scenario.quiet(rest), state=probe.robot.get_state())
    twin = start.reflected(probe, element)

    def after(action: np.ndarray, mirrored: bool) -> np.ndarray:
        """State of the mirrored robot after one step."""
        if mirrored:
            rollout = roll_out(probe, replace(twin, actions=action[None]), element)
        else:
            rollout = roll_out(probe, replace(start, actions=action[None])).reflected(probe, element)
        return rollout.parts["state"][0]

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
        # An entry that does as declared is right, whatever other entry does the same.
        declared = transform.permutation[i], transform.signs[i]
        alike = [key for key, error in errors.items() if error <= RESEMBLANCE * float(np.linalg.norm(change))]
        if alike:
            found[i] = declared if declared in alike else min(alike, key=lambda key: errors[key])
    return found


def wrong_joints(probe: Probe, element: str) -> list[str]:
    """
    :param probe: of the environment
    :param element: of its group, by its name
    :return: joints that mirror others than the reflection says
    """
    findings = []
    for given, derived in _derived(probe, element):
        right = derived.reflection.joints if derived.reflection else {}
        for joint, (partner, sign) in given.joints.items():
            if joint not in right:
                continue
            if right[joint][0] != partner:
                findings.append(f"{joint}: mirrors {right[joint][0]}, not {partner}, says the robot's geometry")
            elif right[joint][1] != sign:
                findings.append(f"{joint}: sign, says the robot's geometry")
    return findings


def asymmetries(probe: Probe, element: str) -> tuple[list[str], list[str]]:
    """
    :param probe: of the environment
    :param element: of its group, by its name
    :return: where the robot is not its own mirror image beyond the tolerances of a derivation, except for surfaces
        that touch nothing; and where it is not quite
    """
    beyond, within = [], []
    for _, derived in _derived(probe, element):
        for residual in derived.residuals:
            if residual.ratio > 1 and (residual.decisive or residual.quantity != "surface"):
                beyond.append(f"the robot is not symmetric: {residual}")
            elif residual.ratio > NOTICEABLE:
                within.append(f"the robot is not quite symmetric: {residual}")
    return beyond, within


def _derived(probe: Probe, element: str) -> Iterator[tuple[Reflection, DerivedReflection]]:
    """The reflection of an element, and what the robot's geometry says of it where it can be read."""
    reflection = probe.reflection_of(element)
    # The pose that it leaves as it is, whatever the state of the robot is now.
    pose = {joint: reflection.pose.get(joint, 0.0) for joint in probe.robot.joint_names}
    try:
        candidates = derive_symmetry(probe.env, pose, axes=reflection.base).candidates
    except (ValueError, NotImplementedError):
        return
    for derived in candidates.values():
        if derived.reflection is not None and derived.reflection.plane == reflection.plane:
            yield reflection, derived


def wrong_observations(comparison: Comparison) -> list[str]:
    """
    :param comparison: of an element
    :return: numbers that are not what the mirror says, as ``"joint_velocities[7] LF_KFE: sign"``, and the kinds that
        their terms are of instead
    """
    probe, report = comparison.probe, comparison.report
    layout, transform = probe.layout, probe.layout.observation_map(probe.group[report.name])
    steps = min(STEPS, report.relevant[-1].last)
    matcher = Matcher(comparison.pairs, np.minimum(comparison.lengths, steps).tolist(), transform)
    mistaken: dict[int, tuple[int, int]] = {}
    mistakes, differences = [], []
    wrong = report.wrong("observation")
    for i in wrong:
        found, declared = matcher.find(i), (transform.permutation[i], transform.signs[i])
        if found is not None and found[:2] != declared:
            mistake = layout.mistake("observation", i, declared, found[:2])
            if _stays(comparison, i) and not probe.mirrors_command:
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
    return mistakes + _wrong_kinds(comparison, mistaken) + differences


def _stays(comparison: Comparison, i: int) -> bool:
    """Whether a number is seen to change from episode to episode only, as a command does."""
    episodes = [pair.actual.parts["observation"][:, i] for pair in comparison.pairs]
    return max(map(len, episodes)) > 1 and all(np.ptp(values) < CHANGE for values in episodes)


def _wrong_kinds(comparison: Comparison, mistaken: Mapping[int, tuple[int, int]]) -> list[str]:
    layout, reflections = comparison.probe.layout, [comparison.probe.reflection_of(comparison.report.name)]
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


class Match(NamedTuple):
    """
    What a number of a mirrored observation follows.

    :param number: of the original observation, by its index
    :param sign: of it
    :param offset: added to it
    """

    number: int
    sign: int
    offset: float


class Matcher:
    """
    Finds which number of the original observation a number of the mirrored observation follows.

    :param pairs: of the mirror images of rollouts and the mirrored rollouts
    :param lengths: for how many steps to look at each pair
    :param transform: how the mirror acts on observations
    """

    def __init__(self, pairs: Sequence[Pair], lengths: Sequence[int], transform: SignedPermutation) -> None:
        images, self._mirrored = (
            np.concatenate([pair[k].parts["observation"][:n] for n, pair in zip(lengths, pairs, strict=True)])
            for k in (0, 1)
        )
        self._originals = transform.inverse().apply(images)
        self._episodes = np.repeat(np.arange(len(pairs)), lengths)
        self._transform = transform

    def find(self, i: int) -> Match | None:
        """
        :param i: index of a number
        :return: what it follows, up to an offset; of several numbers the one nearest to where it should be
        """
        errors = self._errors(i)
        declared = (self._transform.permutation[i], self._transform.signs[i])
        alike = [key for key, error in errors.items() if error < RESEMBLANCE]
        if errors.get(declared, 0.0) < UNLIKE:
            alike = [key for key in alike if key == declared]
        if not alike:
            return None
        j, sign = min(alike, key=lambda key: abs(key[0] - declared[0]))
        return Match(j, sign, float(np.median(self._mirrored[:, i]) - sign * np.median(self._originals[:, j])))

    def _errors(self, i: int) -> dict[tuple[int, int], float]:
        """
        Of each number and sign that a number may follow, relative to how much that moves in each episode: the one in
        which the robot stumbles must not decide alone.
        """
        # Medians, because what a number is at rest is no movement, also where it moves in few episodes.
        values = self._mirrored[:, i] - np.median(self._mirrored[:, i])
        sizes = self._by_episode(values)
        moving = np.flatnonzero(sizes > STILL * sizes.max())
        if moving.size < FEWEST:
            return {}
        columns = self._originals - np.median(self._originals, axis=0)
        errors: dict[tuple[int, int], float] = {}
        for sign in (1, -1):
            relative = self._by_episode(values[:, None] - sign * columns)[moving] / sizes[moving, None]
            errors |= {(j, sign): error for j, error in enumerate(np.sqrt(np.mean(relative**2, axis=0)).tolist())}
        return errors

    def _by_episode(self, rows: np.ndarray) -> np.ndarray:
        """Root mean squares over the steps of each episode, (n_episodes, …)."""
        return np.array([np.sqrt(np.mean(rows[self._episodes == k] ** 2, axis=0)) for k in np.unique(self._episodes)])


def fitting_kinds(term: Term, reflections: Sequence[Reflection], found: Mapping[int, tuple[int, int]]) -> list[str]:
    """
    :param term: of an observation
    :param reflections: under which it was looked at, the one that acts first before the others
    :param found: index and sign of what numbers of the term do mirror, in the term, where it is not what the term says
    :return: the kinds that say so and agree with it about all other numbers
    """
    wanted = [found.get(i, source) for i, source in enumerate(_permuted(term, reflections))]
    kinds = []
    for kind in KINDS:
        try:
            same = _permuted(Term(term.name, kind, term.size, term.names, term.shape), reflections) == wanted
        except ValueError:  # a kind that such a term cannot be of
            continue
        kinds += [kind] if same else []
    return kinds


def _permuted(term: Term, reflections: Sequence[Reflection]) -> list[tuple[int, int]]:
    transforms = [transform for r in reflections if isinstance(transform := term.transform(r), SignedPermutation)]
    product = reduce(lambda first, then: then @ first, transforms)
    return list(zip(product.permutation, product.signs, strict=True))
