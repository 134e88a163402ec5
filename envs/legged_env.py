"""A legged robot and its task as a Gymnasium environment, whatever the simulator."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from sb3_memaug.arguments import COUNT, FINITE, NOT_NEGATIVE, POSITIVE, Allowed, checks_arguments
from sb3_memaug.robots import Motion, Robot, RobotState
from sb3_memaug.robots.robot import reflect_state
from sb3_memaug.symmetry import Reflection, Term
from sb3_memaug.symmetry.reflection import products

from .tasks import RewardTerms, Task

#: Factors that bring to the order of one what is not of that order by itself.
ANGULAR_VELOCITY_SCALE = 0.25
JOINT_VELOCITY_SCALE = 0.05


class LeggedEnv(gym.Env[np.ndarray, np.ndarray]):
    """
    Actions are motor targets, ``default + action_scale · action`` with actions within ±1; observations are listed in
    :attr:`observation_terms`. An episode ends when the robot has fallen; its length is limited by Gymnasium's
    ``TimeLimit``.

    ``reset(options={"mirror": "left_right"})`` starts the mirror image of the episode that the seed gives: initial
    state and command reflected. ``info["rewards"]`` holds the reward terms; beside it stands what the task measures.

    :param robot: in its simulator
    :param task: command and rewards
    :param reflections: of the robot, by the names of the mirrors they make
    :param default: joint positions of the default pose in rad, which the reflections leave as it is
    :param physics_steps: physics steps per control step
    :param physics_dt: length of a physics step in s
    :param action_scale: in rad
    :param gait_frequency: of the clock that is observed as a sine and a cosine, in Hz; its phase is drawn at reset
    :param min_uprightness: cosine of the tilt at which the robot counts as fallen
    :param fall_reward: given when it falls
    """

    metadata: dict[str, Any] = {"render_modes": ["human", "rgb_array"]}

    @checks_arguments(
        {
            "physics_steps": COUNT,
            "physics_dt": POSITIVE,
            "action_scale": FINITE,
            "gait_frequency": NOT_NEGATIVE,
            "min_uprightness": Allowed(-1, 1),
            "fall_reward": FINITE,
        }
    )
    def __init__(
        self,
        robot: Robot,
        task: Task,
        reflections: Mapping[str, Reflection],
        default: np.ndarray,
        physics_steps: int,
        physics_dt: float,
        action_scale: float,
        gait_frequency: float,
        min_uprightness: float = 0.5,
        fall_reward: float = -2.0,
    ) -> None:
        self.robot = robot
        self.task = task
        self.reflections = dict(reflections)
        #: By the names of their products.
        self._products = products(self.reflections)
        self.default = default
        self.physics_steps = physics_steps
        self.dt = physics_steps * physics_dt
        self.metadata = {**self.metadata, "render_fps": round(1 / self.dt)}
        self.action_scale = action_scale
        self.gait_frequency = gait_frequency
        self.min_uprightness = min_uprightness
        self.fall_reward = fall_reward

        motors = robot.motor_names
        self.action_terms = (Term("motor_targets", "action", len(motors), motors),)
        self.observation_terms = (
            Term("base_linear_velocity", "vector", 3),
            Term("base_angular_velocity", "axial_vector", 3),
            Term("projected_gravity", "vector", 3),
            Term("motor_positions", "joints", len(motors), motors),
            Term("motor_velocities", "joints", len(motors), motors),
            Term("previous_action", "action", len(motors), motors),
            *task.terms,
            # A trot moves one diagonal pair of legs and then the other: its mirror image is half a period ahead.
            Term("gait_clock", "pseudoscalar", 2),
        )
        size = sum(term.size for term in self.observation_terms)
        self.observation_space = spaces.Box(-np.inf, np.inf, (size,), np.float32)
        self.action_space = spaces.Box(-1.0, 1.0, (len(motors),), np.float32)

        # Arrays of float64, for whose sake actions become float64 when they are clipped.
        self._action_bounds = -np.ones(len(motors)), np.ones(len(motors))
        self._default_motors = default[robot.motor_indices]
        self._previous_action = np.zeros(len(motors))
        self._phase = 0.0
        self._step = 0

    @abstractmethod
    def _initial_state(self) -> RobotState:
        """Draw a standing state from :attr:`np_random`."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        state = self._initial_state()
        self.task.reset(self.np_random)
        self._phase = float(self.np_random.uniform(0, 2 * np.pi))
        reflection = self._reflection((options or {}).get("mirror", "identity"))
        if reflection is not None:
            state = reflect_state(state, reflection, self.robot, self.default)
            self.task.reflect(reflection)
            self._phase += np.pi if reflection.determinant < 0 else 0.0
        self.robot.set_state(state)
        self.robot.set_motor_targets(self._default_motors)
        self._previous_action = np.zeros_like(self._previous_action)
        self._step = 0
        self.task.time = 0.0
        motion = self.robot.get_motion()
        return self._observe(motion), self.task.measure(motion)

    def _reflection(self, element: str) -> Reflection | None:
        """Of a group element, by its name, as ``"left_right*front_back"``; None for the identity."""
        if element == "identity":
            return None
        if element not in self._products:
            raise ValueError(
                f"options['mirror'] must be 'identity' or a product of {list(self.reflections)}, got {element!r}"
            )
        return self._products[element]

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        low, high = self._action_bounds
        action = np.minimum(np.maximum(action, low), high)
        self.robot.set_motor_targets(self._default_motors + self.action_scale * action)
        self.robot.advance(self.physics_steps)
        self._step += 1
        self.task.time = self._step * self.dt

        motion = self.robot.get_motion()
        rewards = RewardTerms(self.task.rewards(motion, action, self._previous_action))
        self._previous_action = action
        fallen = self._has_fallen(motion)
        if fallen:
            rewards["fall"] = self.fall_reward
        info = {"rewards": rewards, **self.task.measure(motion)}
        return self._observe(motion), sum(rewards.values()), fallen, False, info

    def _has_fallen(self, motion: Motion) -> bool:
        return -motion.gravity[2] < self.min_uprightness

    def _observe(self, motion: Motion) -> np.ndarray:
        phase = self._phase + 2 * np.pi * self.gait_frequency * self.task.time
        angular_velocity = [ANGULAR_VELOCITY_SCALE * rate for rate in motion.angular_velocity]
        return np.concatenate(
            (
                np.array((*motion.linear_velocity, *angular_velocity, *motion.gravity)),
                motion.motor_positions - self._default_motors,
                JOINT_VELOCITY_SCALE * motion.motor_velocities,
                self._previous_action,
                self.task.observe(motion),
                (math.sin(phase), math.cos(phase)),
            ),
            dtype=np.float32,
        )

    def close(self) -> None:
        self.robot.close()
