"""What is particular to the adapter of MuJoCo."""

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.robots import find_robot

from .hoppers import ACTUATORS, LIMIT, MOVING, mujoco_hopper, state

mujoco = pytest.importorskip("mujoco")
from sb3_memaug.robots.mujoco.robot import MuJoCoRobot  # noqa: E402, as there may be no MuJoCo


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


def test_a_model_without_joints_is_refused():
    model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>")
    with pytest.raises(ValueError, match="found one without any joints"):
        MuJoCoRobot(model, mujoco.MjData(model))


def test_a_base_that_does_not_float_is_at_rest_and_its_joints_are_ordinary_ones():
    with gym.make("Walker2d-v5") as env:
        robot = find_robot(env)
        env.reset(seed=0)
        assert robot.model.body(robot.base_body).name == "torso"
        assert robot.joint_names[:3] == ("rootx", "rootz", "rooty")
        assert robot.motor_names[:2] == ("thigh_joint", "leg_joint")
        now = robot.get_state()
        np.testing.assert_array_equal(np.concatenate(now[:4]), (0, 0, 0, 1, *np.zeros(9)))
        np.testing.assert_array_equal(now.joint_positions, robot.data.qpos)
        np.testing.assert_array_equal(now.joint_velocities, robot.data.qvel)
        motion = robot.get_motion()
        assert motion.gravity == (0, 0, -1)
        np.testing.assert_array_equal(motion.motor_positions, robot.data.qpos[3:])
        moved = now._replace(joint_positions=now.joint_positions + 0.1, joint_velocities=now.joint_velocities - 0.2)
        robot.set_state(moved)
        for name, expected, found in zip(moved._fields, moved, robot.get_state(), strict=True):
            np.testing.assert_array_equal(found, expected, err_msg=name)


@pytest.mark.parametrize("first", ["ball", "robot"])
@pytest.mark.parametrize("floats", [True, False])
def test_the_base_is_where_the_motors_are(first, floats):
    bodies = {
        "ball": '<body name="ball" pos="9 0 0"><freejoint/><geom size="0.1"/></body>',
        "robot": f"""<body name="base">{"<freejoint/>" if floats else ""}<geom size="0.1"/>
            <body name="arm"><joint name="elbow"/><geom size="0.1"/></body></body>""",
    }
    xml = bodies[first] + "".join(body for name, body in bodies.items() if name != first)
    model = mujoco.MjModel.from_xml_string(
        f'<mujoco><worldbody>{xml}</worldbody><actuator><motor joint="elbow"/></actuator></mujoco>'
    )
    robot = MuJoCoRobot(model, mujoco.MjData(model))
    assert model.body(robot.base_body).name == ("base" if floats else "arm")


def test_gravity_is_that_of_the_model():
    np.testing.assert_array_equal(mujoco_hopper(gravity=3.7).gravity(), (0, 0, -3.7))


def test_a_quaternion_of_any_length_is_a_rotation():
    robot = mujoco_hopper()
    robot.set_state(MOVING)
    expected, motion = robot.get_state(), robot.get_motion()
    robot.data.qpos[3:7] *= 0.8
    for name, one, other in zip(expected._fields, expected, robot.get_state(), strict=True):
        np.testing.assert_allclose(other, one, atol=1e-15, err_msg=name)
    for name, one, other in zip(motion._fields, motion, robot.get_motion(), strict=True):
        np.testing.assert_allclose(other, one, atol=1e-14, err_msg=name)
