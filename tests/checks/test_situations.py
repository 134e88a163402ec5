"""The situations in which a mirror is put to the test."""

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug import MirrorSpec
from sb3_memaug.checks.situations import draw_situations
from sb3_memaug.checks.states import ANGLE, States
from sb3_memaug.checks.subject import Subject
from sb3_memaug.robots.robot import rotation_matrix

from .skater import REFLECTIONS, Skater, mirrored


@pytest.fixture(scope="module")
def ant():
    pytest.importorskip("mujoco")
    return Subject(MirrorSpec(gym.make("Ant-v5")))


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_every_combination_of_states_failures_and_pushes_comes_up(ant):
    situations = draw_situations(ant, 16, (1, 10, 50), seed=0)
    kinds = {((s.strength != 1).any(), s.force.any()) for s in situations[::2]}
    assert kinds == {((s.strength != 1).any(), s.force.any()) for s in situations[1::2]}
    assert len(kinds) == 4
    assert sorted({len(s.actions) for s in situations}) == [10, 50]
    assert {tuple(np.unique(s.strength)) for s in situations} == {(1.0,), (0.0, 1.0), (0.5, 1.0)}
    weight = 9.81 * ant.robot.model.body_mass.sum()
    assert all(-0.3 * weight <= s.force[2] <= 0 for s in situations)
    assert all(len(s.actions) == 7 for s in draw_situations(ant, 4, (1, 7), seed=0))


def test_the_seed_decides_everything(ant):
    one, again, other = (draw_situations(ant, 3, (1, 10), seed) for seed in (5, 5, 6))
    for a, b, c in zip(one, again, other, strict=True):
        assert (
            same(a.state, b.state) and same(a.actions, b.actions) and same((a.strength, a.force), (b.strength, b.force))
        )
        assert not same(a.actions, c.actions)


def test_drawn_states_are_within_the_limits_and_do_not_end_at_once(ant):
    states, model = States(ant), ant.robot.model
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
    state = States(ant).draw(np.random.default_rng(0), 0)
    model.jnt_limited[:] = limits
    ant.reset(0, "identity")
    assert 0.5 < np.abs(state.joint_positions - ant.robot.get_state().joint_positions).max() < ANGLE


def test_where_nothing_can_be_drawn_states_are_reached():
    subject = Subject(mirrored(Skater()))
    states = States(subject)
    assert states.draw(np.random.default_rng(0), 0) is None
    reached = [states.reach(np.random.default_rng(seed), 7) for seed in range(5)]
    subject.reset(7, "identity")
    assert not any(same(state, subject.robot.get_state()) for state in reached)


def test_a_mirrored_situation_is_mirrored_in_all_its_parts():
    subject = Subject(mirrored(Skater()))
    situation = draw_situations(subject, 7, (1, 3), seed=1)[6]
    image = situation.reflected(subject, "left_right")
    assert image.strength.tolist() == situation.strength[::-1].tolist() != situation.strength.tolist()
    assert image.force.tolist() == (situation.force * (1, -1, 1)).tolist()
    assert image.point.tolist() == (situation.point * (1, -1, 1)).tolist()
    np.testing.assert_array_equal(image.actions, situation.actions[:, ::-1])
    np.testing.assert_array_equal(image.state.base_position, situation.state.base_position * (1, -1, 1))
    for element in ("left_right", "front_back", "left_right*front_back"):
        twice = situation.reflected(subject, element).reflected(subject, element)
        assert same(twice.state, situation.state) and same(twice.actions, situation.actions)
    turned = situation.reflected(subject, "left_right*front_back")
    assert same(turned.state, image.reflected(subject, "front_back").state)


def test_a_perturbation_moves_joints_a_little_and_nothing_else():
    subject = Subject(mirrored(Skater(), reflections=REFLECTIONS))
    situation = draw_situations(subject, 1, (1,), seed=1)[0]
    moved = situation.perturbed(1e-6)
    change = moved.state.joint_positions - situation.state.joint_positions
    assert np.abs(change).min() > 0 and np.abs(change).max() <= 1e-6
    assert same(moved.state[:4], situation.state[:4]) and moved.actions is situation.actions
