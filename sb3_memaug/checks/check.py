"""Proving an environment's mirrors in its simulator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import gymnasium as gym
import numpy as np

from sb3_memaug.checks.comparison import Pair, Scales, errors_after, scales
from sb3_memaug.checks.diagnosis import diagnose_action, diagnose_joints, diagnose_observation
from sb3_memaug.checks.episodes import CommandMirror, Trace, run, state_of, state_vector
from sb3_memaug.checks.layout import Layout
from sb3_memaug.checks.report import ElementReport, SymmetryReport
from sb3_memaug.checks.situations import Situation, draw_situations
from sb3_memaug.robots import Robot, find_robot
from sb3_memaug.robots.reflect import reflect_state
from sb3_memaug.symmetry import Mirror, Reflection, SignedPermutation, SymmetryGroup, derive_symmetry

#: rad, m, rad/s and m/s: what the errors of mirrored episodes are compared with.
PERTURBATION = 1e-6


def check_symmetry(
    env: gym.Env,
    n_states: int = 16,
    steps: Sequence[int] = (1, 10, 50),
    tolerance: float = 0.05,
    seed: int = 0,
    mirror_command: CommandMirror | None = None,
) -> SymmetryReport:
    """
    Put the environment in random states, with failures and payloads on, and its mirror images in theirs; step both,
    with random and with mirrored actions; and compare.

    The report tells the errors of observation, reward, termination and state for each element of the group, beside
    those of an unmirrored perturbation by 1e-6, which tells rounding errors that grow from mistakes that are there from
    the first step on. Where a mirror does not hold, it names the worst entries and what is wrong with them.

    :param env: with mirrors (:class:`~sb3_memaug.MirrorSpec`) and a robot that
        :func:`~sb3_memaug.robots.find_robot` finds
    :param n_states: how many states, half of them with a failed motor and half of them with a push
    :param steps: after how many to compare
    :param tolerance: error after one step that is forgiven, relative to the size of what it is an error of, both as
        root mean squares; after more steps it grows as the perturbation does
    :param seed: of everything that is random
    :param mirror_command: mirrors what an environment of your own draws at reset beside the robot's state: called with
        the environment and the element's name. Environments with a reset option ``mirror``, as ours, need none
    :return: errors and findings, ``report.holds`` and a table as its text
    :raises ValueError: if the environment has no mirrors, or no robot that can be put into a state
    """
    for attribute in ("symmetry_group", "reflections", "observation_terms"):
        if not env.has_wrapper_attr(attribute):
            raise ValueError(f"{env} has no attribute `{attribute}`: wrap it in MirrorSpec first")
    check = _Check(env, sorted(steps), tolerance, mirror_command)
    situations = draw_situations(env, check.robot, n_states, max(steps), seed)
    originals = [check.run(situation) for situation in situations]
    perturbed = [Pair(a, check.run(s.perturbed(PERTURBATION))) for a, s in zip(originals, situations, strict=True)]
    elements = [
        check.element(name, mirror, situations, originals, perturbed)
        for name, mirror in zip(check.group.names, check.group.elements, strict=True)
        if name != "identity"
    ]
    return SymmetryReport(str(env.unwrapped.spec.id if env.unwrapped.spec else env.unwrapped), tuple(elements))


class _Check:
    """One environment under examination."""

    def __init__(
        self, env: gym.Env, steps: Sequence[int], tolerance: float, mirror_command: CommandMirror | None
    ) -> None:
        self.env = env
        self.steps = steps
        self.tolerance = tolerance
        self.mirror_command = mirror_command
        self.robot: Robot = find_robot(env)
        self.group: SymmetryGroup = env.get_wrapper_attr("symmetry_group")
        self.reflections: dict[str, Reflection] = env.get_wrapper_attr("reflections")
        self.layout = Layout(env)

    def run(self, situation: Situation, element: str = "identity") -> Trace:
        return run(self.env, self.robot, self.layout, situation, element, self.mirror_command)

    def reflected(self, situation: Situation, element: str, mirror: Mirror) -> Situation:
        for reflection in self._factors(element):
            situation = situation.reflected(reflection, self.robot, self._default(reflection))
        flat = situation.actions.reshape(len(situation.actions), -1)
        return replace(situation, actions=mirror.apply_action(flat).reshape(situation.actions.shape))

    def reflected_states(self, states: np.ndarray, element: str) -> np.ndarray:
        rows = []
        for row in states:
            state = state_of(row)
            for reflection in self._factors(element):
                state = reflect_state(state, reflection, self.robot, self._default(reflection))
            rows.append(np.concatenate(state))
        return np.array(rows)

    def _factors(self, element: str) -> list[Reflection]:
        """Of a product the last factor acts first."""
        return [self.reflections[factor] for factor in reversed(element.split("*"))]

    def _default(self, reflection: Reflection) -> np.ndarray:
        """Joint positions that the reflection leaves as they are."""
        return np.array([reflection.pose.get(name, 0.0) for name in self.robot.joint_names])

    def element(
        self,
        name: str,
        mirror: Mirror,
        situations: Sequence[Situation],
        originals: Sequence[Trace],
        perturbed: Sequence[Pair],
    ) -> ElementReport:
        transform = self.layout.transform(mirror)
        pairs = [
            Pair(
                replace(
                    original,
                    observations=transform.apply(original.observations),
                    states=self.reflected_states(original.states, name),
                ),
                self.run(self.reflected(situation, name, mirror), name),
            )
            for situation, original in zip(situations, originals, strict=True)
        ]
        seen = scales([trace for pair in pairs for trace in pair])
        report = ElementReport(
            name,
            tuple(errors_after(pairs, steps) for steps in self.steps),
            tuple(errors_after(perturbed, steps) for steps in self.steps),
            seen,
            self._canonical_error(name, mirror, situations[0], seen),
            (),
            self.tolerance,
        )
        if report.holds:
            return report
        findings = [
            *self._wrong_actions(name, mirror, situations[0]),
            *self._against_geometry(name),
            *self._wrong_observations(report, transform, pairs, originals),
        ]
        return replace(report, findings=tuple(findings))

    def _canonical_error(self, name: str, mirror: Mirror, situation: Situation, seen: Scales) -> float:
        """
        A pose that is its own mirror image must be observed as its own mirror image, but for what depends on the
        command: what differs between an episode and its mirror image there.
        """
        self.env.reset(seed=situation.seed)
        row = state_vector(self.robot)
        middle = state_of((row + self.reflected_states(row[None], name)[0]) / 2)
        orientation = middle.base_orientation / np.linalg.norm(middle.base_orientation)
        still = middle._replace(
            base_orientation=orientation,
            base_linear_velocity=np.zeros(3),
            base_angular_velocity=np.zeros(3),
            joint_velocities=np.zeros_like(middle.joint_velocities),
        )
        action = np.zeros_like(situation.actions[0]).ravel()
        action = (action + mirror.apply_action(action)) / 2
        start = Situation(
            situation.seed,
            still,
            np.ones_like(situation.strength),
            0.0,
            np.zeros(3),
            action.reshape(1, *situation.actions.shape[1:]),
        )
        one, other = (self.run(start, element).observations[0] for element in ("identity", name))
        error = np.abs(self.layout.transform(mirror).apply(one) - one) / seen.observation
        return float(np.max(error[np.abs(one - other) < 1e-6 * seen.observation], initial=0.0))

    def _wrong_observations(
        self, report: ElementReport, transform: SignedPermutation, pairs: Sequence[Pair], originals: Sequence[Trace]
    ) -> list[str]:
        relative = report.errors[0].observation / report.scales.observation
        wrong = [int(i) for i in np.argsort(-relative) if relative[i] > self.tolerance]
        first = np.array([trace.observations[0] for trace in originals])
        mirrored = np.array([pair.trace.observations[0] for pair in pairs])
        return diagnose_observation(wrong, first, mirrored, transform, self.layout)

    def _wrong_actions(self, name: str, mirror: Mirror, situation: Situation) -> list[str]:
        """From what each entry of the action alone does to the state in one step."""
        size = int(np.prod(situation.actions.shape[1:]))
        space = self.env.action_space
        assert isinstance(space, gym.spaces.Box)
        push = np.where(np.isfinite(space.high), space.high, 1.0).ravel() / 2
        sound = replace(situation, strength=np.ones_like(situation.strength), push=0.0)
        twin = self.reflected(sound, name, mirror)

        def end(start: Situation, element: str, action: np.ndarray) -> np.ndarray:
            """State after one step, as its mirror image for the originals."""
            states = self.run(
                replace(start, actions=action.astype(space.dtype).reshape(1, *space.shape)), element
            ).states
            return (self.reflected_states(states, name) if element == "identity" else states)[0]

        still = np.zeros(size)
        originals = {
            (i, sign): end(sound, "identity", sign * np.diag(push)[i]) - end(sound, "identity", still)
            for i in range(size)
            for sign in (1, -1)
        }
        mirrored = [end(twin, name, row) - end(twin, name, still) for row in np.diag(push)]
        assert isinstance(mirror.action, SignedPermutation)
        labels = [(term, i) for term in self.env.get_wrapper_attr("action_terms") for i in range(term.size)]

        def label(i: int) -> str:
            term, index = labels[i]
            return f"{term.name}[{index}] {term.names[index] if term.names else ''}".rstrip()

        return diagnose_action(originals, mirrored, mirror.action, label)

    def _against_geometry(self, name: str) -> list[str]:
        """What the robot's geometry says against the reflection, and against there being one."""
        try:
            candidate = derive_symmetry(self.env).candidates.get(name)
        except (ValueError, NotImplementedError):
            return []
        if candidate is None or name not in self.reflections:
            return []
        joints = diagnose_joints(self.reflections[name], candidate.reflection) if candidate.reflection else []
        unlike = [residual for residual in candidate.residuals if residual.ratio > 1]
        return joints + [f"the robot is not symmetric: {residual}" for residual in unlike]
