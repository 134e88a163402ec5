"""Situations in which a mirror is put to the test: states, failures, pushes and actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sb3_memaug.checks.actions import draw_actions
from sb3_memaug.checks.states import States
from sb3_memaug.checks.subject import Subject
from sb3_memaug.robots import Robot, RobotState

#: Strongest push on the base, relative to the robot's weight: downwards for the most part, as a payload; and how far
#: off it acts, relative to the robot's size.
LOWEST_PUSH, HIGHEST_PUSH, OFFSET = np.array((-0.1, -0.1, -0.3)), np.array((0.1, 0.1, 0.0)), 0.2
#: One situation in so many goes on to the last step; it shares no factor with the kinds of situations.
LONG = 5


@dataclass(frozen=True, eq=False)
class Situation:
    """
    What decides an episode, but for what the environment draws by itself.

    :param seed: of the environment
    :param state: from which it goes on
    :param strength: of each motor
    :param force: on the base in N in the world, (3,)
    :param point: where it acts in the base frame, in m, (3,)
    :param actions: one for each step
    """

    seed: int
    state: RobotState
    strength: np.ndarray
    force: np.ndarray
    point: np.ndarray
    actions: np.ndarray

    def reflected(self, subject: Subject, element: str) -> Situation:
        """
        :param subject: whose situation it is
        :param element: of its group, by its name
        :return: the mirror image
        """
        strength, force, point = self.strength, self.force, self.point
        reflection = subject.reflection_of(element)
        strength = strength[list(reflection.joint_map(subject.robot.motor_names).permutation)]
        force = np.array(reflection.world_axes) * force
        origin = np.array(reflection.base.origin)
        point = origin + np.array(reflection.axes) * (point - origin)
        return replace(
            self,
            state=subject.reflect_state(self.state, element),
            strength=strength,
            force=force,
            point=point,
            actions=subject.reflect_actions(self.actions, element),
        )

    def perturbed(self, size: float) -> Situation:
        """
        :param size: of the perturbation in rad or m
        :return: the same with all joints a little aside
        """
        rng = np.random.default_rng(self.seed)
        positions = self.state.joint_positions + size * rng.uniform(-1, 1, len(self.state.joint_positions))
        return replace(self, state=self.state._replace(joint_positions=positions))

    def quiet(self, action: np.ndarray) -> Situation:
        """
        :param action: the only one
        :return: the same without failure and push
        """
        nothing = np.zeros(3)
        sound = np.ones_like(self.strength)
        return replace(self, strength=sound, force=nothing, point=nothing, actions=action[None])


def draw_situations(subject: Subject, count: int, steps: Sequence[int], seed: int) -> list[Situation]:
    """
    Every other state is drawn, where the robot allows it; the others are reached by random actions. Every other pair of
    them has a failed motor, dead or weak, and every other four of them a push, as far as the adapter can do it.

    :param subject: under examination
    :param count: of situations
    :param steps: marks among the steps; one situation in :data:`LONG` goes on to the last of three or more, the others
        to the one before it
    :param seed: of all random numbers
    :return: the situations
    """
    rng = np.random.default_rng(seed)
    states, robot = States(subject), subject.robot
    weight = float(np.linalg.norm(robot.gravity())) * states.mass
    strengths, pushable = _strengths(robot), _is_pushable(robot)
    situations = []
    for i in range(count):
        drawn = states.draw(rng, seed + i) if i & 1 else None
        strength, force = np.ones(len(robot.motor_names)), np.zeros(3)
        if i & 2 and strengths and strength.size:
            strength[rng.integers(strength.size)] = rng.choice(strengths)
        if i & 4 and pushable:
            force = weight * rng.uniform(LOWEST_PUSH, HIGHEST_PUSH)
        situations.append(
            Situation(
                seed + i,
                states.reach(rng, seed + i) if drawn is None else drawn,
                strength,
                force,
                OFFSET * states.size * rng.uniform(-1, 1, 3),
                draw_actions(subject.action_space, rng, steps[-1] if i % LONG == 0 or len(steps) < 3 else steps[-2]),
            )
        )
    return situations


def _strengths(robot: Robot) -> tuple[float, ...]:
    """Of failed motors: dead, and weak where the simulator can do it."""
    sound = np.ones(len(robot.motor_names))
    try:
        robot.set_motor_strength(sound / 2)
    except NotImplementedError:
        return ()
    except ValueError:
        robot.set_motor_strength(sound)
        return (0.0,)
    robot.set_motor_strength(sound)
    return 0.0, 0.5


def _is_pushable(robot: Robot) -> bool:
    try:
        robot.set_base_force(np.zeros(3), np.zeros(3))
    except NotImplementedError:
        return False
    return True
