"""How motors of a MuJoCo model lose strength, and how they are locked."""

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.robots import find_robot

from .models import arrays, changed, one_joint

mujoco = pytest.importorskip("mujoco")
from sb3_memaug.robots.mujoco.robot import MuJoCoRobot  # noqa: E402, as there may be no MuJoCo

MUSCLE = '<muscle joint="swing" lengthrange="-2 2" {}/>'
KINDS = {
    "torque": '<motor joint="swing" gear="3"/>',
    "position": '<position joint="swing" kp="7" kv="0.3"/>',
    "velocity": '<velocity joint="swing" kv="2"/>',
    "intvelocity": '<intvelocity joint="swing" kp="5" actrange="-1 1"/>',
    "damper": '<damper joint="swing" kv="3" ctrlrange="0 1"/>',
    "muscle": MUSCLE.format('force="20"'),
    "muscle of the scale": MUSCLE.format('scale="30"'),
    "limited": '<position joint="swing" kp="70" forcerange="-2 1"/>',
    "in the parent": '<motor jointinparent="swing" gear="2"/>',
    "two": '<position joint="swing" kp="7"/><velocity joint="swing" kv="2" forcerange="-0.3 0.3"/>',
}


def torque(model, strength=None, control=0.7):
    robot = MuJoCoRobot(model, mujoco.MjData(model))
    if strength is not None:
        robot.set_motor_strength(np.array((strength,)))
    data = robot.data
    data.qpos[:], data.qvel[:], data.ctrl[:] = (0.4, 0.1), (-0.6, 0.2), control
    if model.na:
        data.act[:] = 0.3
    mujoco.mj_forward(model, data)
    return data.qfrc_actuator[0]


@pytest.mark.parametrize("joint", ["", 'actuatorfrcrange="-1.5 0.4"'], ids=["free", "limited at the joint"])
@pytest.mark.parametrize("strength", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("kind", list(KINDS))
def test_strength_scales_the_torque_of_a_joint_whatever_drives_it(kind, strength, joint):
    model = one_joint(KINDS[kind], joint)
    before, full = arrays(model), torque(model)
    assert full != 0
    assert torque(model, strength) == pytest.approx(strength * full, abs=1e-15)
    assert bool(changed(model, before)) == (strength != 1)


@pytest.mark.parametrize("kind", list(KINDS))
def test_full_strength_restores_the_model_bit_for_bit(kind):
    model = one_joint(KINDS[kind], 'actuatorfrcrange="-1.5 0.4"')
    before, robot = arrays(model), MuJoCoRobot(model, mujoco.MjData(model))
    for strength in (0.3, 0.0, 0.7, 1.0):
        robot.set_motor_strength(np.array((strength,)))
    assert changed(model, before) == []


def test_actuators_of_a_joint_are_one_motor_in_the_order_of_its_first():
    model = one_joint(
        '<motor joint="bend"/><velocity joint="swing"/><position joint="bend" kp="3"/><motor tendon="both"/>'
    )
    robot = MuJoCoRobot(model, mujoco.MjData(model))
    assert robot.joint_names == ("swing", "bend")
    assert robot.motor_names == ("bend", "swing")
    robot.set_motor_strength(np.array((0.5, 1.0)))
    np.testing.assert_array_equal(model.actuator_gainprm[:, 0], (0.5, 1, 1.5, 1))
    robot.set_motor_targets(np.array((0.2, 0.4)))
    np.testing.assert_array_equal(robot.data.ctrl, (0, 0.4, 0.2, 0))


def test_a_target_is_for_the_position_actuator_and_not_for_a_muscle():
    model = one_joint(MUSCLE.format("") + '<position joint="swing" kp="7"/>')
    robot = MuJoCoRobot(model, mujoco.MjData(model))
    robot.set_motor_targets(np.array((0.2,)))
    np.testing.assert_array_equal(robot.data.ctrl, (0, 0.2))


def test_what_was_changed_by_others_while_all_were_sound_is_what_comes_back():
    model = one_joint(KINDS["torque"])
    robot = MuJoCoRobot(model, mujoco.MjData(model))
    model.actuator_gainprm[0, 0] = 9
    robot.set_motor_strength(np.zeros(1))
    robot.set_motor_strength(np.ones(1))
    assert model.actuator_gainprm[0, 0] == 9


def test_an_actuator_of_an_unknown_kind_can_be_dead_but_not_weak():
    model = one_joint('<general name="own" joint="swing" gaintype="user"/>')
    before = arrays(model)
    mujoco.set_mjcb_act_gain(lambda model, data, i: 3.0)
    try:
        assert torque(model) == pytest.approx(2.1)
        assert torque(model, 0.0) == 0
        with pytest.raises(ValueError, match=r"actuator 'own' can only have strength 1 or 0, got 0.5"):
            torque(model, 0.5)
    finally:
        mujoco.set_mjcb_act_gain(None)
    model = one_joint('<general name="own" joint="swing" gaintype="user"/>')
    robot = MuJoCoRobot(model, mujoco.MjData(model))
    robot.set_motor_strength(np.zeros(1))
    robot.set_motor_strength(np.ones(1))
    assert changed(model, before) == []


def deflections(env, locked, n_steps, seed=0):
    """How far locked motors are from where they were, under torques that are full and change their direction."""
    robot, rng = find_robot(env), np.random.default_rng(seed)
    start = robot.get_state().joint_positions[robot.motor_indices]
    robot.lock_motors(locked)
    found = []
    for step in range(n_steps):
        if step % 5 == 0:
            action = env.action_space.high * rng.choice((-1, 1), env.action_space.shape)
        env.step(action)
        motors = robot.get_state().joint_positions[robot.motor_indices]
        found.append(np.abs(motors - start)[locked].max())
    return found


@pytest.mark.parametrize(
    "name", ["Ant-v5", "Humanoid-v5", "HalfCheetah-v5", "Walker2d-v5", "Pusher-v5", "MemAug/MinitaurVelocity-MuJoCo-v0"]
)
@pytest.mark.parametrize("everything", [False, True], ids=["one", "all"])
def test_a_locked_joint_does_not_move_under_full_torque(name, everything):
    with gym.make(name) as env:
        env.reset(seed=3)
        n = len(find_robot(env).motor_names)
        locked = np.arange(n) == n // 2
        assert max(deflections(env, locked | everything, 30)) < 1e-3


@pytest.mark.parametrize("integrator", ["Euler", "RK4", "implicit", "implicitfast"])
@pytest.mark.parametrize("solver", ["PGS", "CG", "Newton"])
def test_a_lock_holds_by_every_integrator_and_solver(integrator, solver):
    model = one_joint('<motor joint="swing"/>', option=f'integrator="{integrator}" solver="{solver}"')
    robot = MuJoCoRobot(model, mujoco.MjData(model))
    robot.data.qpos[:] = (0.3, 0.5)
    robot.lock_motors(np.ones(1, dtype=bool))
    for step in range(500):
        robot.data.ctrl[0] = 30 if step % 100 < 50 else -30
        robot.advance(1)
        assert robot.data.qpos[0] == pytest.approx(0.3, abs=1e-3)
    assert abs(robot.data.qpos[1] - 0.5) > 0.1


def test_a_joint_that_is_locked_while_it_moves_comes_back_to_where_it_was():
    with gym.make("Ant-v5") as env:
        env.reset(seed=0)
        for _ in range(7):
            env.step(env.action_space.high)
        found = deflections(env, np.arange(8) == 2, 40)
    assert max(found) < 0.05
    assert max(found[5:]) < 1e-3


def test_what_is_no_longer_locked_is_as_before_bit_for_bit():
    with gym.make("Ant-v5") as env:
        robot = find_robot(env)
        before = arrays(robot.model)
        env.reset(seed=0)
        robot.lock_motors(np.arange(8) == 2)
        env.step(env.action_space.high)
        robot.lock_motors(np.arange(8) == 5)
        env.step(env.action_space.high)
        robot.lock_motors(np.zeros(8, dtype=bool))
        assert changed(robot.model, before) == []


def test_a_lock_needs_limits():
    model = one_joint('<motor joint="swing"/>')
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_LIMIT
    with pytest.raises(ValueError, match="this MuJoCo model's option flags disable"):
        MuJoCoRobot(model, mujoco.MjData(model)).lock_motors(np.zeros(1, dtype=bool))
