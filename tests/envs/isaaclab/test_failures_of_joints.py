from __future__ import annotations

import pytest
import torch as th

from tests.envs.isaaclab.simulated import simulated


@pytest.fixture(
    scope="module",
    params=[("AnymalD", "LF_HFE", "RH_KFE"), ("G1", "left_hip_pitch_joint", "right_hip_roll_joint")],
    ids=["explicit", "implicit"],
)
def robot(request):
    name, *joints = request.param
    with simulated(f"{name}-Velocity-JointFailure") as env:
        yield env, *joints


def torques(env):
    """After some steps that ask all motors for torque."""
    for _ in range(3):
        env.step(th.ones(env.num_envs, env.action_manager.total_action_dim))
    return env.scene["robot"].actuators.applied_effort.torch.clone()


def simulated_torques(env):
    """Of explicit motors and of implicit ones, as the solver has them, in the order of Newton's joints."""
    from isaaclab_newton.physics import NewtonManager

    explicit = NewtonManager.get_control().joint_f.numpy().reshape(env.num_envs, -1)
    return th.as_tensor(explicit + NewtonManager._solver.mjw_data.qfrc_actuator.numpy())[:, 6:]


def test_a_failed_motor_gives_no_torque_and_the_others_do(robot):
    env, first, second = robot
    names = env.scene["robot"].joint_names
    failed = th.zeros(3, len(names), dtype=th.bool)
    failed[0, names.index(first)] = failed[2, names.index(second)] = True

    _, extras = env.reset(options={"failed_joint": [first, None, second]})

    assert extras["failed_joint"].tolist() == [names.index(first), -1, names.index(second)]
    applied = torques(env)
    assert (applied[failed] == 0).all() and (applied[~failed] != 0).all()
    assert th.equal(simulated_torques(env) == 0, failed)


def test_what_is_asked_of_a_dead_motor_is_no_overload(robot):
    env, first, _ = robot
    env.reset(options={"failed_joint": first})
    torques(env)

    asked = env.scene["robot"].actuators.computed_effort.torch
    assert (asked[:, env.scene["robot"].joint_names.index(first)] == 0).all()


def test_a_motor_recovers_as_it_was(robot):
    env, first, _ = robot
    env.reset(options={"failed_joint": None})
    parameters = env.event_manager.get_term_cfg("joint_failure").func._parameters
    env.reset(options={"failed_joint": first})
    env.reset(options={"failed_joint": None})

    assert (torques(env) != 0).all()
    assert all((parameter.read() == parameter.values).all() for parameter in parameters)


def test_joints_that_fail_are_of_the_split(robot):
    env, *_ = robot
    event = env.event_manager.get_term_cfg("joint_failure").func
    seen = set()
    for _ in range(20):
        event(env, None, **{**env.event_manager.get_term_cfg("joint_failure").params, "probability": 1.0})
        seen |= set(event.failed.tolist())

    assert seen == set(event.candidates.tolist())


def test_a_joint_that_the_robot_has_not_is_named(robot):
    with pytest.raises(ValueError, match="got 'elbow'"):
        robot[0].reset(options={"failed_joint": "elbow"})
