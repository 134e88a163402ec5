from __future__ import annotations

import numpy as np
import pytest
import torch as th

from tests.envs.isaaclab.paper_weights import WEIGHTS
from tests.envs.isaaclab.simulated import simulated
from tests.envs.isaaclab.test_registration import EIGHT

#: Entries of an observation beside three for each joint: the base's, then the command's.
COMMAND = {"Velocity": 9 + 3, "Position": 9 + 1 + 2}
#: rad, of a turn about the x axis that lays a robot on its side.
ASIDE = 1.4


@pytest.fixture(scope="module", params=EIGHT)
def task(request):
    name = request.param.removeprefix("MemAug/").removesuffix("-v0")
    with simulated(name, num_envs=4) as env:
        yield name, env


def test_a_task_builds_resets_and_steps_with_finite_rewards(task):
    name, env = task
    joints = len(env.scene["robot"].joint_names)
    observation, _ = env.reset()
    assert observation["policy"].shape == (4, 3 * joints + COMMAND[name.split("-")[1]])
    for _ in range(100):
        observation, reward, *_ = env.step(0.5 * th.randn(4, env.action_manager.total_action_dim))
        assert th.isfinite(reward).all() and th.isfinite(observation["policy"]).all()


def test_every_reward_is_what_its_definition_makes_of_what_the_simulator_holds(task):
    """In a fall from a height, on the side, on joints that spin, and at the target at the end of the episode."""
    from tests.envs.isaaclab.raw_steps import RawSteps
    from tests.envs.isaaclab.rewards_by_hand import Seen, falls_by_hand, rewards_by_hand, torques_by_hand

    name, env = task
    name = name.rpartition("-")[0]
    joints = list(env.scene["robot"].joint_names)
    raw = RawSteps(env)
    observation, _ = env.reset(seed=0)
    raw.begin(slice(None))
    last_action = np.zeros((4, len(joints)))
    largest = dict.fromkeys(WEIGHTS[name], 0.0)
    ends = 0
    generator = th.Generator().manual_seed(0)
    for step in range(30):
        if step == 6:
            _lay_out(env, raw)
        action = th.randn(4, len(joints), generator=generator) * (0.0 if step > 14 else 0.5)
        command = observation["policy"][:, 3 * len(joints) + 9 :].numpy()[:, -3 if "Velocity" in name else -2 :]
        steps_left = env.max_episode_length - env.episode_length_buf.numpy() - 1
        failed = np.zeros((4, len(joints)), dtype=bool)
        if env.cfg.events.joint_failure is not None:
            failed = env.extras["failed_joint"].numpy()[:, None] == np.arange(len(joints))
        targets = env.command_manager.get_term("target").pos_command_w.numpy().copy() if "Position" in name else None

        observation, reward, terminated, timed_out, _ = env.step(action)

        to_target = np.zeros((4, 2)) if targets is None else targets[:, :2] - raw.steps[-1].places[:, 0, :2]
        seen = Seen(action.numpy(), last_action, command, 0.02 * steps_left, to_target, failed)
        np.testing.assert_allclose(
            raw.steps[-1].torques, torques_by_hand(name, joints, raw, seen), rtol=1e-3, atol=1e-2
        )
        np.testing.assert_array_equal(terminated, falls_by_hand(name, raw))
        np.testing.assert_array_equal(timed_out, steps_left == 0)
        by_hand = rewards_by_hand(name, joints, raw, seen)
        total = np.zeros(4)
        for i, term in enumerate(env.reward_manager.active_terms):
            weighted = WEIGHTS[name][term] * by_hand[term]
            found = env.reward_manager._step_reward[:, i].numpy()
            np.testing.assert_allclose(found, weighted, rtol=2e-3, atol=1e-5, err_msg=f"{term} in step {step}")
            largest[term] = max(largest[term], np.abs(weighted).max())
            total += 0.02 * weighted
        np.testing.assert_allclose(reward, total, rtol=2e-3, atol=1e-5)
        done = (terminated | timed_out).numpy()
        raw.begin(done)
        last_action = np.where(done[:, None], 0.0, action.numpy())
        ends += done.sum()
    assert ends > 0
    # This G1 has no fingers. All others were worth something at some time.
    assert {term for term, size in largest.items() if size == 0} == {"fingers_deviation"} & largest.keys()


def _lay_out(env, raw):
    """Put the robots where they earn what they seldom do."""
    from sb3_memaug.envs.isaaclab.robot import IsaacLabRobot

    place = [IsaacLabRobot(env, i) for i in range(4)]
    states = [robot.get_state() for robot in place]
    up = np.array((0.0, 0.0, 1.0))
    aside = np.array((np.cos(ASIDE / 2), np.sin(ASIDE / 2), 0.0, 0.0))
    still = np.zeros(3)
    joints = states[0].joint_positions.size
    falling, lying, spinning, arrived = states
    place[0].set_state(falling._replace(base_position=falling.base_position + 0.3 * up, base_linear_velocity=-4.0 * up))
    place[1].set_state(lying._replace(base_orientation=aside, base_linear_velocity=still))
    place[2].set_state(
        spinning._replace(base_position=spinning.base_position + up, joint_velocities=np.full(joints, 40.0))
    )
    place[3].set_state(arrived._replace(base_linear_velocity=still, base_angular_velocity=still))
    raw.begin(slice(None))
    if "target" in env.command_manager.active_terms:
        target = env.command_manager.get_term("target")
        target.pos_command_w[3, :2] = env.scene["robot"].data.root_pos_w.torch[3, :2]
        env.episode_length_buf[3] = env.max_episode_length - 152
