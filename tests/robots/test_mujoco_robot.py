"""What is particular to the adapter of MuJoCo."""

import numpy as np
import pytest

from .hoppers import ACTUATORS, LIMIT, mujoco_hopper, state

mujoco = pytest.importorskip("mujoco")
from sb3_memaug.robots.mujoco_robot import MuJoCoRobot  # noqa: E402, as there may be no MuJoCo


@pytest.mark.parametrize("strength", [1.0, 0.4, 0.0])
@pytest.mark.parametrize("target", [0.1, 2.0, -2.0])
@pytest.mark.parametrize("actuator", list(ACTUATORS))
def test_strength_scales_the_torque_of_any_actuator_after_its_limit(actuator, target, strength):
    def torque(strength):
        robot = mujoco_hopper(actuator=actuator)
        robot.set_state(state(rate=0.3))
        robot.set_motor_targets(np.array((target,)))
        robot.set_motor_strength(np.array((strength,)))
        robot.advance(1)
        return robot.data.actuator_force[0]

    assert (abs(torque(1.0)) == LIMIT) == (abs(target) > 1)
    assert torque(strength) == pytest.approx(strength * torque(1.0), abs=1e-12)


def test_strength_is_of_the_full_torque_however_often_it_changes():
    robot = mujoco_hopper()
    full = robot.model.actuator_gainprm.copy()
    for scale in (0.5, 0.0, 0.3, 1.0):
        robot.set_motor_strength(np.array((scale,)))
    np.testing.assert_array_equal(robot.model.actuator_gainprm, full)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="foot 'foot' is made of geom 'shoe', which the model does not have"):
        mujoco_hopper(feet={"foot": ["shoe"]})


def test_a_model_without_a_floating_base_is_refused():
    model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>")
    with pytest.raises(ValueError, match="free joint"):
        MuJoCoRobot(model, mujoco.MjData(model))
