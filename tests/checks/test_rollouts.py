"""The scenarios in which a mirror is put to the test."""

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug import MirrorSpec
from sb3_memaug.checks.probe import Probe
from sb3_memaug.checks.rollouts import ANGLE, StateSampler, draw_scenarios
from sb3_memaug.robots.robot import rotation_matrix

from .skater import REFLECTIONS, Skater, mirrored


@pytest.fixture(scope="module")
def ant():
    pytest.importorskip("mujoco")
    return Probe(MirrorSpec(gym.make("Ant-v5")))


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_every_combination_of_states_failures_and_pushes_comes_up(ant):
    scenarios = draw_scenarios(ant, 16, (1, 10, 50), seed=0)
    kinds = {((s.strength != 1).any(), s.force.any()) for s in scenarios[::2]}
    assert kinds == {((s.strength != 1).any(), s.force.any()) for s in scenarios[1::2]}
    assert len(kinds) == 4
    assert sorted({len(s.actions) for s in scenarios}) == [10, 50]
    assert {tuple(np.unique(s.strength)) for s in scenarios} == {(1.0,), (0.0, 1.0), (0.5, 1.0)}
    weight = 9.81 * ant.robot.model.body_mass.sum()
    assert all(-0.3 * weight <= s.force[2] <= 0 for s in scenarios)
    assert all(len(s.actions) == 7 for s in draw_scenarios(ant, 4, (1, 7), seed=0))


def test_the_seed_decides_everything(ant):
    one, again, other = (draw_scenarios(ant, 3, (1, 10), seed) for seed in (5, 5, 6))
    for a, b, c in zip(one, again, other, strict=True):
        assert (
            same(a.state, b.state) and same(a.actions, b.actions) and same((a.strength, a.force), (b.strength, b.force))
        )
        assert not same(a.actions, c.actions)


def test_drawn_states_are_within_the_limits_and_do_not_end_at_once(ant):
    states, model = StateSampler(ant), ant.robot.model
    low, high = model.jnt_range[1:].T
    drawn = [states.draw(np.random.default_rng(seed), seed) for seed in range(20)]
    assert None not in drawn
    for state in drawn:
        assert (low <= state.joint_positions).all() and (state.joint_positions <= high).all()
        assert rotation_matrix(state.base_orientation)[2, 2] > 0.5
        ant.reset(0, "identity")
        ant.robot.set_state(state)
        assert not ant.env.step(ant.neutral)[2]
    headings = [np.arctan2(*rotation_matrix(state.base_orientation)[1::-1, 0]) for state in drawn]
    assert np.ptp(headings) > np.pi
    spread = np.ptp([state.joint_positions for state in drawn], axis=0)
    assert (spread > 0.5 * (high - low)).all()


def test_joints_without_limits_stay_near_where_they_stood(ant):
    model = ant.robot.model
    limits = model.jnt_limited.copy()
    model.jnt_limited[:] = 0
    state = StateSampler(ant).draw(np.random.default_rng(0), 0)
    model.jnt_limited[:] = limits
    ant.reset(0, "identity")
    assert 0.5 < np.abs(state.joint_positions - ant.robot.get_state().joint_positions).max() < ANGLE


def test_where_nothing_can_be_drawn_states_are_reached():
    probe = Probe(mirrored(Skater()))
    states = StateSampler(probe)
    assert states.draw(np.random.default_rng(0), 0) is None
    reached = [states.reach(np.random.default_rng(seed), 7) for seed in range(5)]
    probe.reset(7, "identity")
    assert not any(same(state, probe.robot.get_state()) for state in reached)


def test_a_mirrored_situation_is_mirrored_in_all_its_parts():
    probe = Probe(mirrored(Skater()))
    scenario = draw_scenarios(probe, 7, (1, 3), seed=1)[6]
    image = scenario.reflected(probe, "left_right")
    assert image.strength.tolist() == scenario.strength[::-1].tolist() != scenario.strength.tolist()
    assert image.force.tolist() == (scenario.force * (1, -1, 1)).tolist()
    assert image.point.tolist() == (scenario.point * (1, -1, 1)).tolist()
    np.testing.assert_array_equal(image.actions, scenario.actions[:, ::-1])
    np.testing.assert_array_equal(image.state.base_position, scenario.state.base_position * (1, -1, 1))
    for element in ("left_right", "front_back", "left_right*front_back"):
        twice = scenario.reflected(probe, element).reflected(probe, element)
        assert same(twice.state, scenario.state) and same(twice.actions, scenario.actions)
    turned = scenario.reflected(probe, "left_right*front_back")
    assert same(turned.state, image.reflected(probe, "front_back").state)


def test_a_perturbation_moves_joints_a_little_and_nothing_else():
    probe = Probe(mirrored(Skater(), reflections=REFLECTIONS))
    scenario = draw_scenarios(probe, 1, (1,), seed=1)[0]
    moved = scenario.perturbed(1e-6)
    change = moved.state.joint_positions - scenario.state.joint_positions
    assert np.abs(change).min() > 0 and np.abs(change).max() <= 1e-6
    assert same(moved.state[:4], scenario.state[:4]) and moved.actions is scenario.actions
