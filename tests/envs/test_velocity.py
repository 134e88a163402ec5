import numpy as np
import pytest

from sb3_memaug.envs.tasks import VELOCITY_WEIGHTS, VelocityTask
from sb3_memaug.robots import Motion
from sb3_memaug.symmetry import Reflection, group_of_terms

SAGITTAL, TRANSVERSE = Reflection("sagittal"), Reflection("transverse")


def motion(velocity=(0, 0, 0), rate=0.0, gravity=(0, 0, -1), heading=0.0, joints=()):
    joints = np.array(joints or np.zeros(8), dtype=float)
    return Motion(velocity, (0.0, 0.0, rate), gravity, heading, (0.0, 0.0, 0.16), joints, joints)


def commanded(forward, heading=0.0):
    task = VelocityTask()
    task.forward, task.heading = forward, heading
    return task


def test_commands_are_closed_under_the_mirrors():
    task, rng = VelocityTask(speed=(0.3, 0.6), heading=0.5), np.random.default_rng(0)
    drawn = []
    for _ in range(4000):
        task.reset(rng)
        drawn.append((task.forward, task.heading))
    forward, heading = np.array(drawn).T
    assert np.abs(forward).min() >= 0.3
    assert np.abs(forward).max() <= 0.6
    assert np.abs(heading).max() <= 0.5
    assert (forward > 0).mean() == pytest.approx(0.5, abs=0.03)
    assert (heading > 0).mean() == pytest.approx(0.5, abs=0.03)
    assert np.quantile(forward[forward > 0], 0.5) == pytest.approx(0.45, abs=0.01)
    assert np.quantile(-forward[forward < 0], 0.5) == pytest.approx(0.45, abs=0.01)


@pytest.mark.parametrize("reflection", [SAGITTAL, TRANSVERSE], ids=["left_right", "front_back"])
def test_the_mirrored_command_is_what_its_terms_say(reflection):
    group = group_of_terms({"mirror": reflection}, VelocityTask.terms, [*VelocityTask.terms])
    task = commanded(0.4, heading=0.3)
    before = task.observe(motion(heading=0.1))
    task.reflect(reflection)
    after = task.observe(motion(heading=-0.1))
    np.testing.assert_array_equal(group["mirror"].apply_observation(before), after)


def test_yaw_rate_steers_to_the_heading_the_short_way_and_is_limited():
    assert commanded(0.4, heading=0.3).observe(motion(heading=0.1)) == pytest.approx([0.4, 0, 0.2])
    assert commanded(0.4, heading=3.0).observe(motion(heading=-3.0))[2] == pytest.approx(6 - 2 * np.pi)
    assert commanded(0.4, heading=2.0).observe(motion())[2] == 1.0


def test_rewards_by_hand():
    still = np.zeros(8)
    rewards = commanded(0.5).rewards(motion(velocity=(0.5, 0, 0)), still, still)
    assert rewards["velocity_progress"] == 1.0
    assert rewards["velocity_tracking"] == VELOCITY_WEIGHTS["velocity_tracking"]
    assert rewards["yaw_rate_tracking"] == VELOCITY_WEIGHTS["yaw_rate_tracking"]
    assert sum(rewards.values()) == pytest.approx(
        1 + VELOCITY_WEIGHTS["velocity_tracking"] + VELOCITY_WEIGHTS["yaw_rate_tracking"]
    )

    rewards = commanded(-0.5).rewards(
        motion(velocity=(0.25, -0.1, 0.2), rate=0.5, gravity=(0.6, 0, -0.8), joints=[2.0] * 8), still + 0.5, still
    )
    assert rewards["velocity_progress"] == -0.5
    assert rewards["velocity_tracking"] == pytest.approx(
        VELOCITY_WEIGHTS["velocity_tracking"] * np.exp(-(0.75**2 + 0.1**2) / (0.25 * 0.25))
    )
    assert rewards["yaw_rate_tracking"] == pytest.approx(VELOCITY_WEIGHTS["yaw_rate_tracking"] * np.exp(-1))
    assert rewards["lateral_velocity"] == pytest.approx(0.1 * VELOCITY_WEIGHTS["lateral_velocity"])
    assert rewards["linear_z_velocity"] == pytest.approx(0.04 * VELOCITY_WEIGHTS["linear_z_velocity"])
    assert rewards["flat_orientation"] == pytest.approx(0.36 * VELOCITY_WEIGHTS["flat_orientation"])
    assert rewards["action_rate"] == pytest.approx(2.0 * VELOCITY_WEIGHTS["action_rate"])
    assert rewards["joint_velocity"] == pytest.approx(32.0 * VELOCITY_WEIGHTS["joint_velocity"])


def test_standing_still_is_worth_less_than_creeping():
    still = np.zeros(8)
    worth = [
        sum(commanded(0.5).rewards(motion(velocity=(v, 0, 0)), still, still).values()) for v in (0, 0.05, 0.2, 0.5)
    ]
    assert worth == sorted(worth)
    assert len(set(worth)) == 4


def test_progress_is_clipped():
    still = np.zeros(8)
    assert commanded(0.5).rewards(motion(velocity=(3, 0, 0)), still, still)["velocity_progress"] == 1
    assert commanded(0.5).rewards(motion(velocity=(-3, 0, 0)), still, still)["velocity_progress"] == -1


def test_weights_can_be_set_and_misspelt_ones_are_refused():
    assert VelocityTask(weights={"action_rate": 0.0}).weights["action_rate"] == 0.0
    with pytest.raises(ValueError, match=r"\['action_rat'\]; there are"):
        VelocityTask(weights={"action_rat": 0.0})


@pytest.mark.parametrize("speed", [(0.0, 0.5), (0.6, 0.3), (-0.3, 0.3)])
def test_empty_speed_ranges_are_refused(speed):
    with pytest.raises(ValueError, match="0 < low <= high"):
        VelocityTask(speed=speed)
