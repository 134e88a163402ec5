"""
What the simulator does from a given state: states of a robot that are sampled, scenarios that consist of such a state,
failures, pushes and actions, and the rollouts of scenarios.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sb3_memaug.checks.probe import Probe, draw_actions
from sb3_memaug.robots import Robot, RobotState
from sb3_memaug.symmetry import RobotGeometry, read_geometry

#: What is compared of a rollout.
PARTS = ("observation", "reward", "state")
#: Where the state's quaternion is.
ORIENTATION = slice(3, 7)

# Sampled states.
#: Of the base: how far from where it stood in m, how high above relative to the robot's size, turned and tilted by how
#: much in rad, and along and about each axis in m/s and rad/s.
DISTANCE, HEIGHT, TURN, TILT, SPEED, RATE = 0.5, 0.5, 3.0, 0.3, 0.5, 1.0
#: Of joints, to either side in rad or m: what has no narrower limits may reach through itself.
ANGLE = 1.5
#: Factors for all of these, tried one after the other until the robot does not fall at once.
SPREADS = (1.0, 0.5, 0.2)
#: Most steps of random actions before a state is taken.
MAX_STEPS = 40

# Scenarios.
#: Strongest push on the base, relative to the robot's weight: downwards for the most part, as a payload; and how far
#: off it acts, relative to the robot's size.
LOWEST_PUSH, HIGHEST_PUSH, OFFSET = np.array((-0.1, -0.1, -0.3)), np.array((0.1, 0.1, 0.0)), 0.2
#: One scenario in so many goes on to the last step; it shares no factor with the kinds of scenarios.
LONG = 5


class StateSampler:
    """
    States of a robot from which rollouts start: drawn, or reached by random actions.

    :param probe: of the environment
    """

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._geometry = _geometry_of(probe)

    @property
    def size(self) -> float:
        """Of the robot in m, as far as it is known."""
        return self._geometry.size if self._geometry else 0.5

    @property
    def mass(self) -> float:
        """Of the robot in kg, as far as it is known."""
        return sum(link.mass for link in self._geometry.links) if self._geometry else 10.0

    def draw(self, rng: np.random.Generator, seed: int) -> RobotState | None:
        """
        Joints stand anywhere near where they stood and within their limits, and the robot falls from a little height.

        :param rng: of all random numbers
        :param seed: of the environment
        :return: a state in which the episode does not end at once; None where the robot's base does not float, its
            chains are closed, or no such state was found
        """
        geometry, probe = self._geometry, self._probe
        if geometry is None or not geometry.floating or geometry.closures:
            return None
        for spread in SPREADS:
            probe.reset(seed, "identity")
            state = _drawn(probe.robot.get_state(), probe.robot.joint_names, geometry, rng, spread)
            probe.robot.set_state(state)
            _, _, terminated, truncated, _ = probe.env.step(probe.neutral)
            if not (terminated or truncated):
                return state
        return None

    def reach(self, rng: np.random.Generator, seed: int) -> RobotState:
        """
        :param rng: of all random numbers
        :param seed: of the environment
        :return: a state that random actions lead to
        """
        probe = self._probe
        probe.reset(seed, "identity")
        state = probe.robot.get_state()
        for action in draw_actions(probe.action_space, rng, int(rng.integers(MAX_STEPS))):
            _, _, terminated, truncated, _ = probe.env.step(action)
            if terminated or truncated:
                break
            state = probe.robot.get_state()
        return state


def _drawn(
    state: RobotState, names: tuple[str, ...], geometry: RobotGeometry, rng: np.random.Generator, spread: float
) -> RobotState:
    limits = {joint.name: joint.limits for joint in geometry.joints}
    low, high = np.array([limits.get(name, (-np.inf, np.inf)) for name in names]).reshape(-1, 2).T
    angles = np.clip(state.joint_positions, low, high)
    low, high = np.maximum(low, angles - ANGLE), np.minimum(high, angles + ANGLE)
    shift = rng.uniform((-DISTANCE, -DISTANCE, 0.0), (DISTANCE, DISTANCE, HEIGHT * geometry.size))
    turn = rng.uniform(-1, 1, 3) * (TILT, TILT, TURN)
    return RobotState(
        state.base_position + spread * shift,
        _turned(state.base_orientation, spread * turn),
        spread * rng.uniform(-SPEED, SPEED, 3),
        spread * rng.uniform(-RATE, RATE, 3),
        angles + spread * (rng.uniform(low, high) - angles),
        spread * rng.uniform(-RATE, RATE, len(angles)),
    )


def _turned(orientation: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """
    :param orientation: (w, x, y, z)
    :param rotation: axis times angle, in the world
    """
    angle = float(np.linalg.norm(rotation))
    vector = math.sin(angle / 2) / max(angle, 1e-12) * rotation
    scalar, (w, axes) = math.cos(angle / 2), (orientation[0], orientation[1:])
    return np.array((scalar * w - vector @ axes, *(scalar * axes + w * vector + np.cross(vector, axes))))


def _geometry_of(probe: Probe) -> RobotGeometry | None:
    try:
        return read_geometry(probe.env)
    except (ValueError, NotImplementedError):
        return None


@dataclass(frozen=True, eq=False)
class Scenario:
    """
    What determines a rollout, except for what the environment draws by itself.

    :param seed: of the environment
    :param state: from which it starts
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

    def reflected(self, probe: Probe, element: str) -> Scenario:
        """
        :param probe: of the environment
        :param element: of its group, by its name
        :return: the mirror image
        """
        strength, force, point = self.strength, self.force, self.point
        reflection = probe.reflection_of(element)
        strength = strength[list(reflection.joint_map(probe.robot.motor_names).permutation)]
        force = np.array(reflection.world_axes) * force
        origin = np.array(reflection.base.origin)
        point = origin + np.array(reflection.axes) * (point - origin)
        return replace(
            self,
            state=probe.reflect_state(self.state, element),
            strength=strength,
            force=force,
            point=point,
            actions=probe.reflect_actions(self.actions, element),
        )

    def perturbed(self, size: float) -> Scenario:
        """
        :param size: of the perturbation in rad or m
        :return: the same with all joints a little aside
        """
        rng = np.random.default_rng(self.seed)
        positions = self.state.joint_positions + size * rng.uniform(-1, 1, len(self.state.joint_positions))
        return replace(self, state=self.state._replace(joint_positions=positions))

    def quiet(self, action: np.ndarray) -> Scenario:
        """
        :param action: the only one
        :return: the same without failure and push
        """
        nothing = np.zeros(3)
        sound = np.ones_like(self.strength)
        return replace(self, strength=sound, force=nothing, point=nothing, actions=action[None])


def draw_scenarios(probe: Probe, count: int, steps: Sequence[int], seed: int) -> list[Scenario]:
    """
    Every other state is drawn, where the robot allows it; the others are reached by random actions. Every other pair of
    them has a failed motor, dead or weak, and every other four of them a push, as far as the adapter can do it.

    :param probe: of the environment
    :param count: of scenarios
    :param steps: marks among the steps; one scenario in :data:`LONG` goes on to the last of three or more, the others
        to the one before it
    :param seed: of all random numbers
    :return: the scenarios
    """
    rng = np.random.default_rng(seed)
    states, robot = StateSampler(probe), probe.robot
    weight = float(np.linalg.norm(robot.gravity())) * states.mass
    strengths, pushable = _strengths(robot), _is_pushable(robot)
    scenarios = []
    for i in range(count):
        drawn = states.draw(rng, seed + i) if i & 1 else None
        strength, force = np.ones(len(robot.motor_names)), np.zeros(3)
        if i & 2 and strengths and strength.size:
            strength[rng.integers(strength.size)] = rng.choice(strengths)
        if i & 4 and pushable:
            force = weight * rng.uniform(LOWEST_PUSH, HIGHEST_PUSH)
        scenarios.append(
            Scenario(
                seed + i,
                states.reach(rng, seed + i) if drawn is None else drawn,
                strength,
                force,
                OFFSET * states.size * rng.uniform(-1, 1, 3),
                draw_actions(probe.action_space, rng, steps[-1] if i % LONG == 0 or len(steps) < 3 else steps[-2]),
            )
        )
    return scenarios


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


@dataclass(frozen=True, eq=False)
class Rollout:
    """
    What happened in a scenario.

    :param parts: after each step, the numbers of each of :data:`PARTS`, (n_steps, size)
    :param terminated: whether the last step ended the episode
    :param reward_terms: of each step, as far as ``info`` contains them
    """

    parts: Mapping[str, np.ndarray]
    terminated: bool
    reward_terms: tuple[Mapping[str, float], ...]

    def __len__(self) -> int:
        return len(self.parts["state"])

    def reflected(self, probe: Probe, element: str) -> Rollout:
        """
        :param probe: of the environment
        :param element: of its group, by its name
        :return: the mirror image
        """
        observation = probe.layout.observation_map(probe.group[element]).apply(self.parts["observation"])
        state = probe.reflect_states(self.parts["state"], element)
        return replace(self, parts={"observation": observation, "reward": self.parts["reward"], "state": state})

    def turned_like(self, other: Rollout) -> Rollout:
        """
        :param other: a rollout
        :return: the same rollout, with of the two quaternions of each orientation the one that is nearer to the other's
        """
        n = min(len(self), len(other))
        states = self.parts["state"].copy()
        turns = np.einsum("ij,ij->i", states[:n, ORIENTATION], other.parts["state"][:n, ORIENTATION])
        states[:n, ORIENTATION] *= np.where(turns < 0, -1, 1)[:, None]
        return replace(self, parts={**self.parts, "state": states})


def roll_out(probe: Probe, scenario: Scenario, element: str = "identity") -> Rollout:
    """
    :param probe: of the environment; its motors and its base are left as they were
    :param scenario: what to start from, and the actions
    :param element: of the group, by its name, under which the environment is to draw its command
    :return: what happened, to the end of the episode or as long as all numbers are finite
    """
    env, layout = probe.env, probe.layout
    probe.reset(scenario.seed, element)
    robot = probe.robot
    rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    reward_terms: list[dict[str, float]] = []
    terminated = False
    # Without failure or push, the adapter need not support it.
    fails, pushed = bool((scenario.strength != 1).any()), bool(scenario.force.any())
    robot.set_state(scenario.state)
    try:
        if fails:
            robot.set_motor_strength(scenario.strength)
        if pushed:
            robot.set_base_force(scenario.force, scenario.point)
        for action in scenario.actions:
            observation, reward, terminated, truncated, info = env.step(action)
            row = (
                layout.observation_row(observation),
                np.array([float(reward)]),
                layout.state_row(probe.robot.get_state()),
            )
            if not all(np.isfinite(numbers).all() for numbers in row):
                terminated = False
                break
            rows.append(row)
            reward_terms.append(_reward_terms(info))
            if terminated or truncated:
                break
    finally:
        if fails:
            robot.set_motor_strength(np.ones_like(scenario.strength))
        if pushed:
            robot.set_base_force(np.zeros(3), np.zeros(3))
    if not rows:
        raise ValueError(f"{env} observes or rewards something that is not finite, one step after {scenario.state}")
    parts = dict(zip(PARTS, map(np.array, zip(*rows, strict=True)), strict=True))
    return Rollout(parts, bool(terminated), tuple(reward_terms))


def _reward_terms(info: Mapping[str, Any]) -> dict[str, float]:
    """As this library's environments list them, and as Gymnasium's do."""
    listed = info.get("rewards")
    terms = {**(listed if isinstance(listed, Mapping) else {}), **{k: v for k, v in info.items() if "reward_" in k}}
    return {name: float(value) for name, value in terms.items() if np.ndim(value) == 0}
