from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch as th

from sb3_memaug.disturbances.place import Places
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


@contextmanager
def launches():
    """Counts of Warp's kernels, by name."""
    import warp as wp
    from warp._src.context import Launch

    counted: Counter[str] = Counter()
    launch, launch_again = wp.launch, Launch.launch

    def count_and_launch(kernel, *args, **kwargs):
        counted[kernel.key] += 1
        return launch(kernel, *args, **kwargs)

    def count_and_launch_again(self, *args, **kwargs):
        counted[self.kernel.key] += 1
        return launch_again(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wp, "launch", count_and_launch)
        patch.setattr(Launch, "launch", count_and_launch_again)
        yield counted


@pytest.mark.parametrize("dead", [True, False])
def test_a_reset_with_failures_has_the_simulator_compute_nothing_more(robot, dead, monkeypatch):
    env, first, _ = robot
    action = th.zeros(3, env.action_manager.total_action_dim)
    options = {"failed_joint": first if dead else None}
    event = env.event_manager.get_term_cfg("joint_failure").func

    with launches() as with_failures:
        env.reset(seed=0, options=options)
    with launches() as first_step:
        env.step(action)
    with launches() as second_step:
        env.step(action)
    monkeypatch.setattr(event, "set_rows", lambda rows, env_ids: None)
    with launches() as without:
        env.reset(seed=0, options=options)

    # How often the solver iterates depends on the contacts.
    assert first_step.keys() == second_step.keys() and first_step.total() > 500
    added = with_failures - without
    # Explicit motors are written by Isaac Lab's own function, which takes two kernels for a gain or a limit.
    explicit = {"_gather_1d_kernel": 3, "_scatter_masked_2d_kernel": 3}
    assert added == (explicit if first == "LF_HFE" else {})


def solver_arrays():
    from isaaclab_newton.physics import NewtonManager

    model, compiled = NewtonManager.get_model(), NewtonManager._solver.mjw_model
    arrays = [model.joint_target_ke, model.joint_target_kd, model.joint_effort_limit]
    arrays += [compiled.actuator_gainprm, compiled.actuator_biasprm, compiled.jnt_actfrcrange]
    return [array.numpy().copy() for array in arrays]


def test_the_solver_holds_what_isaac_labs_writers_and_all_its_constants_would_give_it(robot):
    from isaaclab_newton.physics import NewtonManager
    from newton import ModelFlags

    env, first, second = robot
    env.reset(options={"failed_joint": None})
    healthy = solver_arrays()
    env.reset(options={"failed_joint": [first, None, second]})
    failed = solver_arrays()

    NewtonManager._solver.notify_model_changed(ModelFlags.JOINT_DOF_PROPERTIES)

    for ours, theirs in zip(failed, solver_arrays(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    if first != "LF_HFE":
        # Stiffness, damping and limit of two motors: once in the model; gains and biases, and the range's two ends.
        changed = [int((one != other).sum()) for one, other in zip(healthy, failed, strict=True)]
        assert changed == [2, 2, 2, 4, 4, 4]
    env.reset(options={"failed_joint": None})
    for before, after in zip(healthy, solver_arrays(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_joints_that_fail_are_of_the_split(robot):
    env, *_ = robot
    event = env.event_manager.get_term_cfg("joint_failure").func
    seen = set()
    for _ in range(20):
        event(env, None, **{**env.event_manager.get_term_cfg("joint_failure").params, "probability": 1.0})
        seen |= set(map(tuple, event.rows.tolist()))

    assert seen == set(map(tuple, event.candidates.tolist()))
    names = env.scene["robot"].joint_names
    assert {names[row.index(1.0)] for row in seen} == set(event.disturbance.joints)


def test_joints_fail_together(robot):
    env, first, second = robot
    names = env.scene["robot"].joint_names
    failed = th.zeros(3, len(names), dtype=th.bool)
    failed[[0, 0, 2, 2], [names.index(first), names.index(second)] * 2] = True

    _, extras = env.reset(options={"failed_joint": [(first, second), (), (second, first)]})

    lowest = min(names.index(first), names.index(second))
    assert extras["failed_joint"].tolist() == [lowest, -1, lowest]
    assert th.equal(torques(env) == 0, failed)
    env.reset(options={"failed_joint": (first, second)})
    assert (torques(env) == 0).sum(dim=1).tolist() == [2, 2, 2]


def test_groups_of_joints_may_fail_in_a_split(robot):
    env, first, second = robot
    term = env.event_manager.get_term_cfg("joint_failure")
    splits = {"id": [(first, second)], "ood": [first, [second]]}
    event = type(term.func)(replace(term, params={**term.params, "splits": splits, "probability": 1.0}), env)
    names = env.scene["robot"].joint_names

    event(env, None, **event.cfg.params)

    assert event.rows.nonzero()[:, 1].tolist() == sorted(map(names.index, (first, second))) * 3
    labels = [variation.label for variation in event.of_split("ood").variations("ood", Places())]
    assert labels == [first, second]
    assert [v.joints for v in event.of_split("id").variations("id", Places())] == [(first, second)]
    event.set_rows(th.zeros(3, len(names)), th.arange(3))


def test_a_joint_that_the_robot_has_not_is_named(robot):
    with pytest.raises(ValueError, match="'elbow' is no motor of the robot"):
        robot[0].reset(options={"failed_joint": "elbow"})


def test_torques_that_would_reach_a_joint_past_its_dead_motor_are_refused(robot, monkeypatch):
    from isaaclab.envs.mdp import JointEffortActionCfg
    from isaaclab.envs.mdp.actions.joint_actions import JointEffortAction

    env, first, _ = robot
    push = JointEffortAction(JointEffortActionCfg(asset_name="robot", joint_names=[first]), env)
    monkeypatch.setitem(env.action_manager._terms, "push", push)
    monkeypatch.setattr(env.action_manager, "_term_names", ["joint_pos", "push"])
    event = env.event_manager.get_term_cfg("joint_failure")
    monkeypatch.setattr(event.func, "_parameters", [])

    if first == "LF_HFE":
        # Newton limits what an explicit motor gives, whatever it is reported.
        event.func(env, None, **event.params)
    else:
        with pytest.raises(
            NotImplementedError, match=rf"the action 'push' applies torques to the joints \['{first}'\]"
        ):
            event.func(env, None, **event.params)
