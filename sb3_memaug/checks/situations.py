"""Situations in which a mirror is put to the test: states, failures, payloads and actions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import gymnasium as gym
import numpy as np

from sb3_memaug.robots import Robot, RobotState
from sb3_memaug.robots.reflect import reflect_state
from sb3_memaug.symmetry import Reflection, RobotGeometry, read_geometry

#: Of the base, along and about each axis, in m/s and rad/s.
MAX_SPEED, MAX_RATE = 0.5, 1.0
#: Most steps of random actions before a state is taken.
MAX_STEPS = 40
#: Strongest push, relative to a robot of 10 kg, in N.
MAX_PUSH = 30.0


@dataclass(frozen=True, eq=False)
class Situation:
    """
    What decides an episode, but for what the environment draws by itself.

    :param seed: of the environment
    :param state: from which it goes on
    :param strength: of each motor
    :param push: on the base in N, downwards
    :param point: of the push in the base frame, in m
    :param actions: one for each step
    """

    seed: int
    state: RobotState
    strength: np.ndarray
    push: float
    point: np.ndarray
    actions: np.ndarray

    def reflected(self, reflection: Reflection, robot: Robot, default: np.ndarray) -> Situation:
        """
        :param reflection: of the robot
        :param robot: whose state it is
        :param default: joint positions from which the reflection measures angles
        :return: the mirror image, but for its actions, which are the group's affair
        """
        partners = list(reflection.joint_map(robot.motor_names).permutation)
        return replace(
            self,
            state=reflect_state(self.state, reflection, robot, default),
            strength=self.strength[partners],
            point=np.array(reflection.axes) * self.point,
        )

    def perturbed(self, size: float) -> Situation:
        """
        :param size: of the perturbation in rad, m, rad/s and m/s
        :return: the same with all joints a little aside
        """
        rng = np.random.default_rng(self.seed)
        positions = self.state.joint_positions + size * rng.uniform(-1, 1, len(self.state.joint_positions))
        return replace(self, state=self.state._replace(joint_positions=positions))


def draw_situations(env: gym.Env, robot: Robot, count: int, steps: int, seed: int) -> list[Situation]:
    """
    Half of the states are reached by random actions with failures and payloads on; in the other half, of robots without
    closed chains, joints stand anywhere within their limits, and the robot falls from a little height. Failures are of
    one motor, dead or weak; every other situation has none.

    :param env: with the robot
    :param robot: of the environment
    :param count: of situations
    :param steps: in each
    :param seed: of all random numbers
    :return: the situations
    """
    rng = np.random.default_rng(seed)
    geometry = _geometry(env)
    drawable = geometry is not None and geometry.floating and not geometry.closures
    space = env.action_space
    assert isinstance(space, gym.spaces.Box)
    low, high = np.maximum(space.low, -1.0), np.minimum(space.high, 1.0)
    situations = []
    for i in range(count):
        strength = np.ones(len(robot.motor_names))
        if i % 2:
            strength[rng.integers(len(strength))] = rng.choice([0.0, 0.5])
        push = rng.uniform(0.0, MAX_PUSH) if i % 4 > 1 else 0.0
        point = rng.uniform(-0.1, 0.1, 3)
        env.reset(seed=seed + i)
        if drawable and i % 2:
            assert geometry is not None
            state = _drawn(robot, geometry, rng)
        else:
            state = _reached(env, robot, rng, low, high)
        actions = rng.uniform(low, high, (steps, *space.shape))
        situations.append(Situation(seed + i, state, strength, push, point, actions.astype(space.dtype)))
    return situations


def _reached(env: gym.Env, robot: Robot, rng: np.random.Generator, low: np.ndarray, high: np.ndarray) -> RobotState:
    state = robot.get_state()
    for _ in range(rng.integers(MAX_STEPS)):
        _, _, terminated, truncated, _ = env.step(rng.uniform(low, high).astype(env.action_space.dtype))
        if terminated or truncated:
            break
        state = robot.get_state()
    return state


def _drawn(robot: Robot, geometry: RobotGeometry, rng: np.random.Generator) -> RobotState:
    state = robot.get_state()
    limits = {joint.name: joint.limits for joint in geometry.joints}
    positions = state.joint_positions.copy()
    for i, name in enumerate(robot.joint_names):
        low, high = limits.get(name, (-np.inf, np.inf))
        if np.isfinite((low, high)).all():
            positions[i] = rng.uniform(low, high)
    return state._replace(
        base_position=state.base_position + np.array((0.0, 0.0, 0.5 * geometry.size)),
        base_linear_velocity=rng.uniform(-MAX_SPEED, MAX_SPEED, 3),
        base_angular_velocity=rng.uniform(-MAX_RATE, MAX_RATE, 3),
        joint_positions=positions,
        joint_velocities=rng.uniform(-MAX_RATE, MAX_RATE, len(positions)),
    )


def _geometry(env: gym.Env) -> RobotGeometry | None:
    try:
        return read_geometry(env)
    except (ValueError, NotImplementedError):
        return None
