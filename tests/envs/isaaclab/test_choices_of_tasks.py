"""What may be chosen about a task beside its robot."""

from __future__ import annotations

import pytest
import torch as th

from tests.envs.isaaclab.simulated import simulated


def test_robots_stand_on_uneven_ground_in_place_of_the_plane():
    with simulated("AnymalD-Velocity", num_envs=4, terrain_noise=(0.1, 0.15)) as env:
        robot = env.scene["robot"]
        feet, _ = robot.find_bodies(".*FOOT")

        def heights():
            return robot.data.body_link_pos_w.torch[:, feet, 2]

        env.reset()
        assert heights().min() > 0.15
        for _ in range(40):
            env.step(th.zeros(4, 12))
        # A foot's origin lies about 1 cm above what it stands on.
        assert 0.1 < heights().min() < heights().max() < 0.18
        assert heights().max() - heights().min() > 0.02


def test_a_range_of_heights_that_is_none_is_refused():
    with (
        pytest.raises(ValueError, match=r"range of heights in m, the lower one first, got \(0.05, 0.0\)"),
        simulated("AnymalD-Velocity", terrain_noise=(0.05, 0.0)),
    ):
        pass


@pytest.mark.parametrize(
    ("task", "complaint"),
    [
        ("AnymalD-Velocity-JointFailure", r"one of \['id', 'ood', 'all'\], got 'test'"),
        ("G1-Position", "neither failures nor payloads"),
    ],
)
def test_a_split_that_a_task_has_not_is_named(task, complaint):
    with pytest.raises(ValueError, match=complaint), simulated(task, split="test"):
        pass
