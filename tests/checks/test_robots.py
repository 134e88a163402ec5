"""Robots that differ from side to side, or whose adapters cannot do everything."""

import contextlib
import re
from typing import ClassVar

import numpy as np
import pytest
from gymnasium import spaces

from sb3_memaug import check_symmetry
from sb3_memaug.robots import Robot, RobotState
from sb3_memaug.symmetry import Reflection, Term

from .skater import (
    FEW,
    LEFT_RIGHT,
    WHEELS,
    Skater,
    SkaterRobot,
    Weak,
    element,
    mirrored,
    weak,
)


def test_a_small_difference_between_left_and_right_is_accepted_within_the_tolerance():
    close = element(weak(0.95))
    assert close.holds and not close.exact
    assert re.match(
        r"left_right: holds within its tolerance\n  \w+\S* .*: off by \S+ of its size in the first", str(close)
    )
    far = element(weak(0.95), tolerance=1e-4)
    assert not far.holds
    assert far.findings[0].endswith("of its size in the first step: the robots move differently")


def test_a_wrong_sign_of_actions_that_do_next_to_nothing_is_found():
    swap = {"left": ("right", 1), "right": ("left", 1)}
    opposite = {name: (partner, -1) for name, (partner, _) in swap.items()}
    reflection = Reflection("sagittal", swap, actuators=opposite)
    env = Skater()
    env.robot = Weak(1.0)
    env.robot.factor = np.array((0.01, 0.01))
    found = element(
        mirrored(env, action=[Term("torques", "actuators", 2, WHEELS)], reflections={"left_right": reflection})
    )
    assert found.within
    assert found.findings == ("torques[0] left: sign", "torques[1] right: sign")


@pytest.mark.parametrize("hampered", ["set_motor_strength", "set_base_force"])
def test_failures_and_pushes_are_part_of_the_test(hampered):
    class OneSided(SkaterRobot):
        """Feels a failure of its left motor only, or pushes on its left side only."""

        def set_motor_strength(self, scale):
            super().set_motor_strength((scale[0], 1.0) if hampered == "set_motor_strength" else scale)

        def set_base_force(self, force, point):
            feels = hampered != "set_base_force" or point[1] > 0
            super().set_base_force(force if feels else np.zeros(3), point)

    env = Skater()
    env.robot = OneSided()
    (found,) = element(mirrored(env, reflections=LEFT_RIGHT)).findings
    assert found.endswith("the robots move differently")


def test_the_motors_and_the_base_are_left_as_they_were_whatever_happens():
    class Broken(Skater):
        steps = 0

        def step(self, action):
            self.steps += 1
            if self.steps == self.last:
                raise RuntimeError
            return super().step(action)

    for last in (1, 50, 150, 10**9):
        env = Broken()
        env.last = last
        with contextlib.suppress(RuntimeError):
            check_symmetry(mirrored(env), **FEW)
        np.testing.assert_array_equal(env.robot.strength, np.ones(2))
        np.testing.assert_array_equal(env.robot.force, np.zeros(3))
    assert env.steps > 150


def test_an_adapter_need_not_know_failures_nor_pushes():
    class Plain(SkaterRobot):
        def set_motor_strength(self, scale):
            raise NotImplementedError

        set_base_force = Robot.set_base_force

    env = Skater()
    env.robot = Plain()
    assert element(mirrored(env, reflections=LEFT_RIGHT)).exact


def test_failures_may_be_of_dead_motors_only():
    class OnOff(SkaterRobot):
        strengths: ClassVar = set()

        def set_motor_strength(self, scale):
            if not np.isin(scale, (0, 1)).all():
                raise ValueError(f"can only have strength 1 or 0, got {scale}")
            self.strengths.add(tuple(scale))
            super().set_motor_strength(scale)

    env = Skater()
    env.robot = OnOff()
    assert element(mirrored(env, reflections=LEFT_RIGHT)).exact
    assert {(0.0, 1.0), (1.0, 0.0)} <= OnOff.strengths


def test_a_base_that_does_not_float_stays_where_it_is():
    class Bolted(SkaterRobot):
        """Turns its wheels, and itself not at all."""

        def set_state(self, state):
            still = RobotState(np.ones(3), np.array((1.0, 0, 0, 0)), np.zeros(3), np.zeros(3), *state[4:])
            super().set_state(still)

        def advance(self, n_steps):
            super().advance(n_steps)
            self.set_state(self.state)

    env = Skater()
    env.robot = Bolted()
    assert all(each.exact for each in check_symmetry(mirrored(env), **FEW).elements)


class Tailed(SkaterRobot):
    """With a tail on one side, which no mirror names."""

    tail = np.zeros(2)

    def __init__(self):
        super().__init__()
        self.joint_names = (*WHEELS, "tail")

    def get_state(self):
        state = super().get_state()
        angles, speeds = (np.append(part, x) for part, x in zip(state[4:], self.tail, strict=True))
        return state._replace(joint_positions=angles, joint_velocities=speeds)

    def set_state(self, state):
        wheels = [part[:2] for part in state[4:]]
        self.tail = np.array([part[2:].sum() for part in state[4:]])
        super().set_state(RobotState(*state[:4], *wheels))


def test_a_joint_that_no_mirror_names_stays_as_it_is():
    env = Skater()
    env.robot = Tailed()
    assert all(each.exact for each in check_symmetry(mirrored(env), **FEW).elements)


def test_controls_that_are_not_symmetric_about_zero():
    class Offset(Skater):
        action_space = None

        def __init__(self):
            super().__init__()
            self.action_space = spaces.Box(np.array([-0.5, -1.5]), np.array([1.5, 0.5]), dtype=np.float64)

        def step(self, action):
            self.robot.set_motor_targets(np.clip(action, self.action_space.low, self.action_space.high) - (0.5, -0.5))
            self.robot.advance(1)
            return self.observe(), self.reward(), self.terminated(), False, {}

    def one(sign):
        swap, opposite = ({"left": ("right", s), "right": ("left", s)} for s in (1, sign))
        reflection = Reflection("sagittal", swap, actuators=opposite, neutral={"left": 0.5, "right": -0.5})
        action = [Term("servos", "actuators", 2, WHEELS)]
        return element(mirrored(Offset(), action=action, reflections={"left_right": reflection}))

    assert one(1).exact
    assert one(-1).findings == ("servos[0] left: sign", "servos[1] right: sign")
