import gymnasium as gym
import numpy as np
import pytest

import sb3_memaug  # noqa: F401
from sb3_memaug.evaluation import evaluate_generalization
from sb3_memaug.evaluation.episodes import run_episodes
from sb3_memaug.evaluation.gait import Gait, GaitRecorder
from sb3_memaug.evaluation.runners import Episode, SeparateEnvs
from sb3_memaug.robots import Robot

from .policies import Still


class Dancer(Robot):
    """Whose feet touch the ground as it is written."""

    def __init__(self, feet):
        super().__init__([], [], feet)

    def foot_contacts(self):
        return np.array(self.now, dtype=bool)


class Dance(gym.Env):
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (8,), np.float32)

    def __init__(self, contacts, robot=None, dt=0.5):
        self.contacts, self.robot = contacts, robot or Dancer(["left", "right"])
        if dt:
            self.dt = dt

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        self.robot.now = self.contacts[0]
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.steps += 1
        self.robot.now = self.contacts[self.steps]
        return np.zeros(1, np.float32), 0.0, False, self.steps + 1 == len(self.contacts), {}


def gaits(*envs):
    watcher = GaitRecorder()
    run_episodes(Still(), SeparateEnvs(envs), [Episode(0, {})] * len(envs), watchers=(watcher,))
    return watcher.gaits


@pytest.mark.parametrize(
    ("contacts", "air_steps", "touchdowns"),
    [
        ([(1, 1), (1, 1)], 0, 0),
        ([(0, 0), (0, 0), (0, 0)], 4, 0),
        ([(0, 0), (1, 0), (1, 0)], 2, 1),
        ([(1, 1), (0, 1), (1, 0), (0, 1), (1, 1)], 3, 3),
        # Where an episode begins, nobody has made a step yet.
        ([(0, 0), (1, 1)], 0, 2),
    ],
)
def test_air_time_and_touchdowns_are_counted(contacts, air_steps, touchdowns):
    assert gaits(Dance(contacts)) == [Gait(0.5 * air_steps, touchdowns)]


def test_each_episode_has_its_own():
    assert gaits(Dance([(0, 0), (0, 1)]), Dance([(1, 1), (0, 0), (1, 1)], dt=0.1)) == [Gait(0.5, 1), Gait(0.2, 2)]


def test_what_nobody_can_tell_is_none():
    one_step = [(0, 0), (1, 0)]
    nothing = Gait(None, None)
    blind = Robot([], [], ["left", "right"])
    assert gaits(Dance(one_step, dt=None), Dance(one_step, blind), Dance(one_step, Dancer([]))) == [
        Gait(None, 1),
        nothing,
        nothing,
    ]
    no_robot = Dance(one_step)
    no_robot.robot = type("Simulation", (), {})()
    assert gaits(no_robot) == [nothing]


def test_a_robot_that_falls_into_its_stance_comes_down_on_each_foot_once():
    pytest.importorskip("mujoco")
    results = list(evaluate_generalization(Still(), "MemAug/MinitaurVelocity-MuJoCo-v0", "still", 4))
    assert all(4 <= row.touchdowns <= 8 for row in results)
    # From 2 cm above the ground it takes 0.064 s.
    assert all(0.04 <= row.air_time < 4 * 0.5 for row in results)
    # Still is equivariant.
    assert len({(row.touchdowns, row.air_time) for row in results}) == 1


def test_gymnasium_tells_nothing_of_the_feet_of_its_robots():
    pytest.importorskip("mujoco")
    with gym.make("Ant-v5", max_episode_steps=2) as env:
        assert gaits(env) == [Gait(None, None)]
