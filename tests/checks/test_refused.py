"""What `check_symmetry` refuses, and what it says."""

import numpy as np
import pytest
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv

from sb3_memaug import check_symmetry
from sb3_memaug.robots import Robot

from .skater import (
    FEW,
    LEFT_RIGHT,
    Skater,
    SkaterRobot,
    extended,
    mirrored,
)


def test_an_environment_that_does_not_repeat_itself_is_refused():
    class Restless(SkaterRobot):
        rng = np.random.default_rng(0)

        def advance(self, n_steps):
            self.targets = self.rng.normal(size=2)
            super().advance(n_steps)

    env = Skater()
    env.robot = Restless()
    with pytest.raises(ValueError, match=r"does not repeat itself: .* elsewhere after one step in \d of 8 cases"):
        check_symmetry(mirrored(env), **FEW)


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="observes or rewards something that is not finite, one step after RobotState"):
        check_symmetry(extended(lambda env: np.nan), **FEW)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_states": 0}, "n_states=0"),
        ({"steps": (0, 10)}, r"steps=\(0, 10\)"),
        ({"tolerance": 0.0}, r"tolerance=0\.0"),
    ],
)
def test_senseless_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"expected at least one state, .*{message}"):
        check_symmetry(mirrored(Skater()), **arguments)


def test_an_environment_without_mirrors_is_refused():
    with pytest.raises(ValueError, match="has no attribute `symmetry_group`: wrap it in MirrorSpec first"):
        check_symmetry(Skater())


def test_several_environments_at_once_are_refused():
    with pytest.raises(ValueError, match="expected one Gymnasium environment, and not several in a vector"):
        check_symmetry(DummyVecEnv([lambda: mirrored(Skater())]))


def test_an_environment_without_a_robot_is_refused():
    env = mirrored(Skater())
    del env.unwrapped.robot
    with pytest.raises(ValueError, match=r"(?s)no robot found in Skater: .*register_adapter"):
        check_symmetry(env)


def test_an_adapter_that_cannot_set_a_state_is_refused():
    env = Skater()
    env.robot.set_state = lambda state: Robot.set_state(env.robot, state)
    env.reset = lambda **kwargs: (env.observe(), {})
    with pytest.raises(
        NotImplementedError, match="the adapter SkaterRobot cannot put the robot into a state: implement"
    ):
        check_symmetry(mirrored(env))


def test_actions_that_are_no_box_are_refused():
    env = mirrored(Skater())
    env.action_space = spaces.Discrete(3)
    with pytest.raises(ValueError, match=r"actions that move motors, in a Box, got the action space Discrete\(3\)"):
        check_symmetry(env)


def test_a_mirror_without_a_reflection_is_refused():
    env = mirrored(Skater())
    env.reflections = LEFT_RIGHT
    with pytest.raises(
        ValueError, match=r"has the mirrors \['front_back'\], but no reflections of its robot of that name"
    ):
        check_symmetry(env)
