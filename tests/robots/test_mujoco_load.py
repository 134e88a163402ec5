"""A mass on a body of a MuJoCo model, against a model that has it in its file."""

import numpy as np
import pytest

from .models import arrays, changed

mujoco = pytest.importorskip("mujoco")
from sb3_memaug.robots.mujoco.robot import MuJoCoRobot  # noqa: E402, as there may be no MuJoCo

MASS, POINT = 1.7, np.array((0.2, -0.1, 0.15))


def quadruped(inertial="", load="", leg=True):
    return mujoco.MjModel.from_xml_string(
        f"""
        <mujoco>
          <compiler fusestatic="true"/>
          <worldbody>
            <geom type="plane" size="5 5 1"/>
            <body name="base" pos="0 0 1">
              <freejoint/>
              {inertial}
              <geom name="hull" type="box" size="0.3 0.15 0.1" mass="3"/>
              <geom name="head" type="sphere" size="0.05" pos="0.35 0 0" mass="0.2"/>
              <geom name="tail" type="sphere" size="0.05" pos="-0.35 0 0.05" mass="0.2"/>
              <site name="imu" pos="0.1 0 0"/>
              {load}
              {LEG if leg else ""}
            </body>
          </worldbody>
          <actuator>{'<muscle joint="hip" lengthrange="-1 1" scale="50"/>' if leg else ""}</actuator>
        </mujoco>
        """
    )


LEG = """
<body name="leg" pos="0.2 0.15 0">
  <joint name="hip" axis="0 1 0"/>
  <geom type="capsule" size="0.02" fromto="0 0 0 0 0 -0.3" mass="0.5"/>
</body>
"""
OWN = '<inertial pos="0.02 0.01 0" euler="0 20 50" mass="4" diaginertia="0.1 0.14 0.2"/>'
LOAD = (
    f'<body pos="{" ".join(map(str, POINT))}"><inertial pos="0 0 0" mass="{MASS}" diaginertia="1e-12 1e-12 1e-12"/>'
    "</body>"
)


def accelerations(model, seed):
    """Of a robot that moves and touches the ground."""
    data, rng = mujoco.MjData(model), np.random.default_rng(seed)
    data.qpos[2] = 0.09
    data.qpos[3:7] = np.array((1, 0, 0, 0)) + rng.normal(0, 0.05, 4)
    data.qpos[7:], data.qvel[:] = rng.normal(0, 0.3, 1), rng.normal(0, 0.5, 7)
    mujoco.mj_forward(model, data)
    return data.qacc_smooth.copy(), data.qacc.copy(), data.ncon


@pytest.mark.parametrize("inertial", ["", OWN], ids=["of the geoms", "given"])
@pytest.mark.parametrize("seed", range(5))
def test_a_load_moves_as_a_body_that_is_fixed_to_the_base(inertial, seed):
    model, expected = quadruped(inertial), quadruped(inertial, LOAD)
    MuJoCoRobot(model, mujoco.MjData(model)).set_base_load(MASS, POINT)
    (smooth, found, n), (smooth_expected, found_expected, n_expected) = (
        accelerations(m, seed) for m in (model, expected)
    )
    np.testing.assert_allclose(smooth, smooth_expected, rtol=1e-6, atol=1e-5)
    # Early versions do not fuse it, and a contact is the softer the lighter the body that it belongs to.
    if model.nbody == expected.nbody:
        np.testing.assert_allclose(found, found_expected, rtol=1e-5, atol=1e-4)
    assert n == n_expected > 0


@pytest.mark.parametrize("inertial", ["", OWN], ids=["of the geoms", "given"])
def test_no_load_restores_the_model_bit_for_bit(inertial):
    model = quadruped(inertial)
    before, robot = arrays(model), MuJoCoRobot(model, mujoco.MjData(model))
    robot.set_base_load(MASS, POINT)
    assert "body_mass" in changed(model, before)
    robot.set_base_load(3.0, -POINT)
    robot.set_base_load(0.0, POINT)
    assert changed(model, before) == []


def test_a_second_load_takes_the_place_of_the_first():
    model, expected = quadruped(), quadruped()
    robot = MuJoCoRobot(model, mujoco.MjData(model))
    robot.set_base_load(5.0, np.zeros(3))
    robot.set_base_load(MASS, POINT)
    MuJoCoRobot(expected, mujoco.MjData(expected)).set_base_load(MASS, POINT)
    assert changed(model, arrays(expected)) == []


def test_a_load_leaves_pose_and_motion_and_muscles_alone():
    model = quadruped()
    robot = MuJoCoRobot(model, mujoco.MjData(model))
    robot.data.qpos[:3], robot.data.qvel[:] = (1, 2, 3), 0.5
    before, acc0 = np.concatenate(robot.get_state()), model.actuator_acc0.copy()
    robot.set_base_load(MASS, POINT)
    np.testing.assert_array_equal(np.concatenate(robot.get_state()), before)
    np.testing.assert_array_equal(model.actuator_acc0, acc0)


def test_a_load_stays_while_motors_fail_and_recover():
    model, expected = quadruped(), quadruped()
    robot, other = (MuJoCoRobot(m, mujoco.MjData(m)) for m in (model, expected))
    before = arrays(model)
    robot.lock_motors(np.ones(1, dtype=bool))
    robot.set_motor_strength(np.zeros(1))
    robot.set_base_load(MASS, POINT)
    robot.set_motor_strength(np.ones(1))
    robot.lock_motors(np.zeros(1, dtype=bool))
    other.set_base_load(MASS, POINT)
    assert changed(model, arrays(expected)) == []
    robot.lock_motors(np.ones(1, dtype=bool))
    robot.set_base_load(0.0, POINT)
    robot.lock_motors(np.zeros(1, dtype=bool))
    assert changed(model, before) == []


def test_a_body_without_limbs_is_refused():
    model = quadruped('<inertial pos="0 0 0" mass="4" diaginertia="0.1 0.14 0.2"/>', leg=False)
    if not model.body_simple[1]:
        pytest.skip("this MuJoCo does not simplify the body")
    with pytest.raises(ValueError, match="'base' as a simple one"):
        MuJoCoRobot(model, mujoco.MjData(model)).set_base_load(0.0, POINT)
