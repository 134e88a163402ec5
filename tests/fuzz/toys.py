"""Small things that inputs are about: an environment, a robot, rows of tables."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from sb3_memaug.robots import Robot

JOINTS = ["left_hip", "right_hip", "waist"]
FEET = ["left", "right"]

REFLECTION: dict[str, Any] = {
    "plane": "sagittal",
    "joints": {"left_hip": ["right_hip", 1], "right_hip": ["left_hip", 1], "waist": ["waist", -1]},
    "feet": {"left": "right", "right": "left"},
    "bodies": {"trunk": "trunk"},
    "actuators": {"drive": ["drive", -1]},
    "pose": {"left_hip": 0.3, "right_hip": 0.3},
    "neutral": {"drive": 0.0},
}
OBSERVATION: list[dict[str, Any]] = [
    {"name": "velocity", "kind": "vector"},
    {"name": "command", "kind": "xy", "size": 2},
    {"name": "angles", "kind": "joint_positions", "names": JOINTS},
    {"name": "contacts", "kind": "feet", "names": "feet"},
    {"name": "scan", "kind": "grid", "shape": [2, 3]},
]
ACTION: list[dict[str, Any]] = [{"name": "torques", "kind": "action", "names": "motors", "size": 3}]
MIRRORS = {"reflections": {"left_right": REFLECTION}, "observation": OBSERVATION, "action": ACTION}


class ToyRobot(Robot):
    """Motors that may fail and a base that may be loaded, without a simulator."""

    def __init__(self) -> None:
        super().__init__(JOINTS, JOINTS, FEET)

    def set_motor_strength(self, scale: np.ndarray) -> None:
        pass

    def lock_motors(self, locked: np.ndarray) -> None:
        pass

    def set_base_force(self, force: np.ndarray, point: np.ndarray) -> None:
        pass

    def set_base_load(self, mass: float, point: np.ndarray) -> None:
        pass

    def gravity(self) -> np.ndarray:
        return np.array([0.0, 0.0, -9.81])


class ToyEnv(gym.Env):
    """As :data:`MIRRORS` describe it."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (16,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (3,), np.float32)
    dt = 0.02

    def __init__(self) -> None:
        self.robot = ToyRobot()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        return np.zeros(16, np.float32), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        return np.zeros(16, np.float32), 0.0, False, False, {}
