"""A board on two wheels, in a simulator of a few lines that is its own mirror image to the last bit."""

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from sb3_memaug import check_symmetry
from sb3_memaug.robots import Robot, RobotState
from sb3_memaug.symmetry import Reflection, Term
from sb3_memaug.wrappers import MirrorSpec

WHEELS = ("left", "right")
MASS, TRACK, DT = 2.0, 0.4, 0.1

REFLECTIONS = {
    "left_right": Reflection("sagittal", {"left": ("right", 1), "right": ("left", 1)}),
    "front_back": Reflection("transverse", {"left": ("left", -1), "right": ("right", -1)}),
}
LEFT_RIGHT = {"left_right": REFLECTIONS["left_right"]}
OBSERVATION = (
    Term("velocity", "xy", 2),
    Term("yaw_rate", "pseudoscalar", 1),
    Term("wheel_angles", "joints", 2, WHEELS),
    Term("wheel_speeds", "joints", 2, WHEELS),
)
ACTION = (Term("torques", "action", 2, WHEELS),)

#: Enough of a check to find what is planted.
FEW = {"n_states": 8, "steps": (1, 10)}


class SkaterRobot(Robot):
    """Wheels push their side of the board forwards; everything slows down by itself."""

    def __init__(self):
        super().__init__(WHEELS, WHEELS, ())
        self.state = RobotState(np.zeros(3), np.array((1.0, 0, 0, 0)), np.zeros(3), np.zeros(3), *np.zeros((2, 2)))
        self.strength, self.force, self.point = np.ones(2), np.zeros(3), np.zeros(3)
        self.targets = np.zeros(2)

    def get_state(self):
        return RobotState(*(part.copy() for part in self.state))

    def set_state(self, state):
        self.state = RobotState(*(part.copy() for part in state))

    def heading(self):
        w, _, _, z = self.state.base_orientation
        return 2 * np.arctan2(z, w)

    def foot_contacts(self):
        return np.zeros(0, dtype=bool)

    def set_motor_targets(self, positions):
        self.targets = np.array(positions, dtype=float)

    def set_motor_strength(self, scale):
        self.strength = np.array(scale, dtype=float)

    def set_base_force(self, force, point):
        self.force, self.point = np.array(force, dtype=float), np.array(point, dtype=float)

    def advance(self, n_steps):
        for _ in range(n_steps):
            position, _, velocity, rates, angles, speeds = self.state
            heading = self.heading()
            forward = np.array((np.cos(heading), np.sin(heading), 0.0))
            speeds = 0.9 * speeds + DT * self.strength * self.targets
            # The center of mass is higher than the ground, so that a push on one side slows the wheels of that side.
            drag = np.array((0.02, -0.02)) * self.force[2] * self.point[1]
            speeds = speeds * np.exp(drag)
            velocity = 0.9 * velocity + DT / MASS * (speeds.sum() * forward + self.force * (1, 1, 0))
            rates = 0.9 * rates + np.array((0, 0, DT / TRACK * (speeds[1] - speeds[0])))
            heading += DT * rates[2]
            turned = np.array((np.cos(heading / 2), 0, 0, np.sin(heading / 2)))
            self.state = RobotState(position + DT * velocity, turned, velocity, rates, angles + DT * speeds, speeds)

    def body_velocity(self):
        heading, (x, y, _) = self.heading(), self.state.base_linear_velocity
        return np.cos(heading) * x + np.sin(heading) * y, np.cos(heading) * y - np.sin(heading) * x


class Skater(gym.Env):
    """Is to be fast, and off the road at a distance of 3 m."""

    def __init__(self, size=7, bound=1.0):
        self.robot = SkaterRobot()
        self.observation_space = spaces.Box(-np.inf, np.inf, (size,), np.float32)
        self.action_space = spaces.Box(-bound, bound, (2,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        turn = self.np_random.uniform(-0.2, 0.2)
        speeds = self.np_random.uniform(-1, 1, 2)
        self.robot.set_state(
            RobotState(
                np.array((*self.np_random.uniform(-1, 1, 2), 0.1)),
                np.array((np.cos(turn / 2), 0, 0, np.sin(turn / 2))),
                np.array((*self.np_random.uniform(-1, 1, 2), 0.0)),
                np.array((0, 0, self.np_random.uniform(-1, 1))),
                self.np_random.uniform(-1, 1, 2),
                speeds,
            )
        )
        return self.observe(), {}

    def observe(self):
        state = self.robot.state
        numbers = (
            *self.robot.body_velocity(),
            state.base_angular_velocity[2],
            *state.joint_positions,
            *state.joint_velocities,
        )
        return np.array(numbers, dtype=np.float32)

    def reward(self):
        return float(np.hypot(*self.robot.body_velocity()))

    def terminated(self):
        return bool(abs(self.robot.state.base_position[1]) > 3)

    def step(self, action):
        self.robot.set_motor_targets(np.clip(action, self.action_space.low, self.action_space.high))
        self.robot.advance(1)
        return self.observe(), self.reward(), self.terminated(), False, {}


class Extended(Skater):
    """Observes one number more."""

    def __init__(self, number):
        self.number = number
        super().__init__(size=8)

    def observe(self):
        return np.append(super().observe(), np.float32(self.number(self)))


class Weak(SkaterRobot):
    """Whose left motor is a little weaker than the right one."""

    def __init__(self, factor):
        super().__init__()
        self.factor = np.array((factor, 1.0))

    def set_motor_targets(self, positions):
        super().set_motor_targets(self.factor * positions)


def mirrored(env, **description):
    return MirrorSpec(env, **{"observation": OBSERVATION, "action": ACTION, "reflections": REFLECTIONS, **description})


def extended(number, kind="scalar"):
    return mirrored(Extended(number), observation=(*OBSERVATION, Term("extra", kind, 1)), reflections=LEFT_RIGHT)


def weak(factor, **description):
    env = Skater()
    env.robot = Weak(factor)
    return mirrored(env, **{"reflections": LEFT_RIGHT, **description})


def element(env, **arguments):
    (found,) = check_symmetry(env, **{**FEW, **arguments}).elements
    return found
