"""What is particular to the adapter of PyBullet."""

import numpy as np
import pytest

from .hoppers import LIMIT, STIFFNESS, bullet_hopper, state

pytest.importorskip("pybullet")


@pytest.fixture
def make():
    made = []

    def make(**kwargs):
        made.append(bullet_hopper(**kwargs))
        return made[-1]

    yield make
    for robot in made:
        robot.close()


@pytest.mark.parametrize(("target", "torque"), [(0.1, 0.1 * STIFFNESS), (2.0, LIMIT), (-2.0, -LIMIT)])
@pytest.mark.parametrize("strength", [1.0, 0.4, 0.0])
def test_strength_scales_the_torque_after_its_limit(make, target, torque, strength):
    def first_rate(strength, target):
        robot = make()
        robot.set_state(state())
        robot.set_motor_targets(np.array((target,)))
        robot.set_motor_strength(np.array((strength,)))
        robot.advance(1)
        return robot.get_state().joint_velocities[0]

    rate_per_torque = first_rate(1.0, 0.01) / (0.01 * STIFFNESS)
    assert first_rate(strength, target) == pytest.approx(strength * torque * rate_per_torque, rel=1e-6, abs=1e-12)


def test_a_dead_motor_neither_drives_nor_brakes(make):
    robot = make()
    robot.set_motor_targets(np.array((1.0,)))
    robot.set_motor_strength(np.zeros(1))
    robot.set_state(state(rate=2.0, angular=(0, -1.0, 0)))
    robot.advance(20)
    assert robot.get_state().joint_velocities[0] == pytest.approx(2.0, rel=0.02)


def test_targets_that_are_no_numbers_are_refused(make):
    with pytest.raises(ValueError, match="`positions` must hold 1 finite values"):
        make().set_motor_targets(np.array((np.nan,)))


def test_unknown_names_are_refused(make):
    with pytest.raises(ValueError, match=r"no joint 'knee'; it has \['hip'\]"):
        make(motors=("knee",))
    with pytest.raises(ValueError, match=r"no joint 'mount'"):
        make(motors=("mount",))
    with pytest.raises(ValueError, match=r"no link 'shoe'; it has \['antenna', 'leg'\]"):
        make(feet={"foot": ["shoe"]})


def test_closing_disconnects_once(make):
    robot, other = make(), make()
    robot.close()
    robot.close()
    assert not robot.client.isConnected()
    assert other.client.isConnected()
