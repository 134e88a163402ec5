from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch as th

pytest.importorskip("isaaclab")

from sb3_memaug.envs.isaaclab.mdp import position as position_rewards
from sb3_memaug.envs.isaaclab.mdp import rewards as motion_rewards


def proxy(values):
    return SimpleNamespace(torch=th.tensor(values))


def environment(target, velocity, steps_done, joints=((0.0, 0.0),)):
    """One at the origin, whose episodes have 400 steps of 0.02 s."""
    to_target = th.tensor([target])
    command = SimpleNamespace(to_target=to_target, distance=th.linalg.norm(to_target, dim=1))
    data = SimpleNamespace(
        root_lin_vel_w=proxy([[*velocity, 0.0]]), joint_pos=proxy(joints), default_joint_pos=proxy([[0.1, 0.1]])
    )
    return SimpleNamespace(
        scene={"robot": SimpleNamespace(data=data)},
        command_manager=SimpleNamespace(get_term=lambda name: command),
        episode_length_buf=th.tensor([steps_done]),
        max_episode_length=400,
        step_dt=0.02,
    )


ROBOT = SimpleNamespace(name="robot", joint_ids=slice(None))


@pytest.mark.parametrize(("steps_done", "reward"), [(249, 0.0), (250, 0.5 / 3), (400, 0.5 / 3)])
def test_the_distance_counts_in_the_last_three_seconds(steps_done, reward):
    env = environment((1.0, 0.0), (0.0, 0.0), steps_done)

    assert position_rewards.position_tracking(env, "target", 3.0).item() == pytest.approx(reward)


@pytest.mark.parametrize(("velocity", "reward"), [((0.0, 2.0), 1.0), ((0.3, 0.0), 0.0), ((0.0, -0.1), -1.0)])
def test_exploration_is_the_cosine_to_the_target(velocity, reward):
    assert position_rewards.exploration(environment((0.0, 3.0), velocity, 0), "target", ROBOT).item() == reward


@pytest.mark.parametrize(
    ("target", "speed", "penalty"), [((1.0, 0.0), 0.1, 1.0), ((1.0, 0.0), 0.3, 0.0), ((0.2, 0.0), 0.1, 0.0)]
)
def test_stalling_is_to_be_slow_far_from_the_target(target, speed, penalty):
    assert position_rewards.stalling(environment(target, (speed, 0.0), 0), "target", asset_cfg=ROBOT).item() == penalty


@pytest.mark.parametrize(
    ("target", "steps_done", "penalty"), [((0.05, 0.0), 400, 0.05), ((0.2, 0.0), 400, 0.0), ((0.05, 0.0), 100, 0.0)]
)
def test_a_robot_shall_stand_still_where_it_has_arrived_in_time(target, steps_done, penalty):
    env = environment(target, (0.0, 0.0), steps_done, joints=((0.3, 0.0),))

    assert position_rewards.stand_still(env, "target", 3.0, asset_cfg=ROBOT).item() == pytest.approx(penalty)


def test_collisions_count_from_one_newton_and_by_their_force_from_two_hundred():
    forces = th.zeros(1, 3, 4, 3)
    forces[0, 1, :, 2] = th.tensor([0.9, 2.0, 200.0, 500.0])
    sensor = SimpleNamespace(data=SimpleNamespace(net_normal_forces_w_history=SimpleNamespace(torch=forces)))
    env = SimpleNamespace(scene=SimpleNamespace(sensors={"contact_forces": sensor}))
    bodies = SimpleNamespace(name="contact_forces", body_ids=[0, 1, 2, 3])

    assert motion_rewards.collision(env, bodies).item() == pytest.approx(0.0 + 1.0 + 1.0 + 2.5)


def test_base_acceleration_is_squared_and_its_angular_part_counts_a_fiftieth():
    data = SimpleNamespace(body_lin_acc_w=proxy([[[1.0, 2.0, 2.0]]]), body_ang_acc_w=proxy([[[0.0, 0.0, 10.0]]]))
    env = SimpleNamespace(scene={"robot": SimpleNamespace(data=data)})

    base = SimpleNamespace(name="robot", body_ids=[0])
    assert motion_rewards.base_acceleration(env, base).item() == pytest.approx(9.0 + 2.0)
