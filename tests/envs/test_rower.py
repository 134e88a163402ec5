"""The rowing boat: its mirrors are exact, and it takes memory and mirrors to row it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch as th

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.envs.rower import EPISODE_STEPS, LOST, SPEED, Rower
from sb3_memaug.symmetry import check_group_fits

#: Columns of an observation.
AHEAD, ASIDE, YAW_RATE, COMMAND, COMMAND_ASIDE, HEADING = range(6)
ELEMENTS = ("identity", "left_right", "front_back", "left_right*front_back")


def set_state(env, observations, reversed_oar, steps=0):
    """Put boats where these observations are made."""
    env._velocity, env._sideways, env._yaw_rate = (observations[:, i] for i in (AHEAD, ASIDE, YAW_RATE))
    env._command, env._heading = observations[:, COMMAND], observations[:, HEADING]
    env.reversed_oar = reversed_oar
    env._steps = th.full_like(env._steps, steps)


def at(observation, reversed_oar=-1, steps=0):
    """One boat in this state."""
    env = Rower(1)
    env.reset_tensors()
    set_state(env, th.tensor([observation]), th.tensor([reversed_oar]), steps)
    return env


def step(env, left, right):
    return env.step_tensors(th.tensor([[left, right]]))


@pytest.mark.parametrize("element", ELEMENTS)
def test_mirrored_episodes_stay_mirrored(element):
    n, random = 256, th.Generator().manual_seed(0)
    original, image = Rower(n), Rower(n)
    mirror = original.symmetry_group[element]
    state = th.randn(n, 6, generator=random) * th.tensor([1.0, 0.3, 1.0, 1.0, 0.0, 0.5])
    oars = th.randint(-1, 2, (n,), generator=random)
    # In the mirror of the left-right plane the left oar is the right one.
    mirrored_oars = th.where(oars < 0, oars, 1 - oars) if "left_right" in element else oars
    set_state(original, state, oars)
    set_state(image, mirror.apply_observation(state), mirrored_oars)
    goes_on = th.ones(n, dtype=th.bool)
    for _ in range(60):
        actions = th.rand(n, 2, generator=random) * 2 - 1
        ours, theirs = original.step_tensors(actions), image.step_tensors(mirror.apply_action(actions))
        for name in ("rewards", "terminated", "truncated"):
            th.testing.assert_close(getattr(theirs, name)[goes_on], getattr(ours, name)[goes_on], rtol=1e-6, atol=1e-6)
        expected = mirror.apply_observation(ours.final_observations)
        th.testing.assert_close(theirs.final_observations[goes_on], expected[goes_on], rtol=1e-6, atol=1e-6)
        goes_on &= ~ours.dones
    assert 9 < goes_on.sum() < n


def test_a_mirror_of_the_state_alone_is_none():
    original, image = at([0.0] * 6, reversed_oar=0), at([0.0] * 6, reversed_oar=0)
    mirror = original.symmetry_group["left_right"]
    ours = step(original, 1.0, 0.5).observations
    theirs = image.step_tensors(mirror.apply_action(th.tensor([[1.0, 0.5]]))).observations
    assert not th.allclose(theirs, mirror.apply_observation(ours), atol=0.1)


def test_the_group_fits_and_has_four_elements():
    env = Rower(1)
    assert env.symmetry_group.names == ELEMENTS
    check_group_fits(env.symmetry_group, env.observation_space, env.action_space)


@pytest.mark.parametrize(("split", "oars"), [("id", {0}), ("ood", {1}), ("all", {0, 1})])
@pytest.mark.parametrize("probability", [0.0, 0.5, 1.0])
def test_a_split_says_which_oar_may_be_reversed(split, oars, probability):
    env = Rower(4096, split=split, probability=probability)
    env.reset_tensors()
    for _ in range(2):
        seen = env.reversed_oar
        assert set(seen.tolist()) == (oars if probability else set()) | ({-1} if probability < 1 else set())
        assert (seen >= 0).float().mean() == pytest.approx(probability, abs=0.03)
        if len(oars) == 2 and probability:
            assert (seen[seen >= 0] == 0).float().mean() == pytest.approx(0.5, abs=0.04)
        # The same of the episodes that follow.
        env._steps += EPISODE_STEPS
        env.step_tensors(th.zeros(4096, 2))


def test_what_is_asked_for_is_balanced():
    env = Rower(8192)
    first = env.reset_tensors()
    env._steps += EPISODE_STEPS
    for observations in (first, env.step_tensors(th.zeros(8192, 2)).observations):
        command, heading = observations[:, COMMAND], observations[:, HEADING]
        assert SPEED[0] <= command.abs().min() < command.abs().max() <= SPEED[1]
        assert (command > 0).float().mean() == pytest.approx(0.5, abs=0.02)
        assert command.abs().mean() == pytest.approx(sum(SPEED) / 2, abs=0.01)
        assert heading.abs().max() <= 0.5
        assert heading.mean() == pytest.approx(0, abs=0.02)
        assert not observations[:, [AHEAD, ASIDE, YAW_RATE, COMMAND_ASIDE]].any()


def test_episodes_take_a_hundred_steps_and_do_not_end_together():
    env = Rower(64)
    env.reset_tensors()
    lengths = [[] for _ in range(64)]
    for _ in range(2 * EPISODE_STEPS + 60):
        now = env.step_tensors(th.zeros(64, 2))
        # Who does not row keeps the heading.
        assert not now.terminated.any()
        for i in now.dones.nonzero().flatten().tolist():
            lengths[i].append(int(now.episode_lengths[i]))
    firsts = {first for first, *_ in lengths}
    assert EPISODE_STEPS // 2 < min(firsts) < max(firsts) <= EPISODE_STEPS
    assert len(firsts) > 20
    assert {length for _, *others in lengths for length in others} == {EPISODE_STEPS}
    assert min(len(of_one) for of_one in lengths) >= 2


def test_who_has_lost_the_heading_is_out():
    env = at([0.0, 0.0, 3.0, 0.5, 0.0, LOST - 0.2])
    now = step(env, 0.0, 0.0)
    assert now.terminated.tolist() == [True]
    assert now.truncated.tolist() == [False]
    assert now.final_observations[0, HEADING] > LOST
    assert now.observations[0, HEADING].abs() <= 0.5
    assert step(env, 0.0, 0.0).terminated.tolist() == [False]


def test_only_who_has_ended_starts_anew():
    env = Rower(2)
    env.reset_tensors()
    set_state(env, th.tensor([[0.5, 0.1, 0.0, 0.5, 0.0, 0.1]] * 2), th.tensor([0, 0]))
    env._steps = th.tensor([EPISODE_STEPS - 1, 3])
    now = env.step_tensors(th.ones(2, 2))
    assert now.truncated.tolist() == [True, False]
    assert th.equal(now.observations[1], now.final_observations[1])
    assert not now.observations[0, [AHEAD, ASIDE, YAW_RATE]].any()
    assert env._steps.tolist() == [0, 4]
    assert env.reversed_oar[1] == 0


def test_a_step_by_hand():
    now = step(at([0.5, 0.2, 1.0, 0.6, 0.0, 0.3]), 1.0, 0.5)
    # Ahead 0.5 + 0.1·(1.5 − 0.5), turning 1 + 0.1·(3·(−0.5) − 2·1), aside by the new ones 0.2 + 0.1·(−0.6·0.65 − 0.6).
    expected = [0.6, 0.101, 0.65, 0.6, 0.0, 0.365]
    assert now.observations[0].tolist() == pytest.approx(expected, abs=1e-6)
    assert now.rewards.item() == pytest.approx(np.exp(-(0.365**2) / 0.25), abs=1e-6)
    slower = step(at([0.5, 0.2, 1.0, 0.8, 0.0, 0.3]), 1.0, 0.5)
    assert slower.rewards.item() == pytest.approx(np.exp(-(0.2**2) / 0.1 - 0.365**2 / 0.25), abs=1e-6)


@pytest.mark.parametrize(("left", "right"), list(product((-1.0, 0.25), (0.5, 1.0))))
def test_a_reversed_oar_rows_the_other_way(left, right):
    state = [0.5, 0.2, 1.0, 0.6, 0.0, 0.3]
    for oar, signs in ((0, (-1, 1)), (1, (1, -1))):
        reversed_ = step(at(state, reversed_oar=oar), left, right)
        normal = step(at(state), signs[0] * left, signs[1] * right)
        assert th.equal(reversed_.observations, normal.observations)
        assert not th.equal(reversed_.observations, step(at(state), left, right).observations)


def test_nothing_observed_tells_which_oar_is_reversed():
    boats = [at([0.5, 0.2, 1.0, 0.6, 0.0, 0.3], reversed_oar=oar) for oar in (-1, 0, 1)]
    assert len({tuple(boat._observe().flatten().tolist()) for boat in boats}) == 1


def test_the_same_seed_makes_the_same_boats():
    first, second, third = (Rower(16, seed=seed).reset_tensors() for seed in (3, 3, 4))
    assert th.equal(first, second)
    assert not th.equal(first, third)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "test"}, r"`split` must be one of \['id', 'ood', 'all'\], got 'test'"),
        ({"probability": 1.5}, "`probability` must lie between 0 and 1, got 1.5"),
        ({"probability": -0.1}, "`probability` must lie between 0 and 1, got -0.1"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Rower(4, **arguments)


def mean_return(model, split):
    """Of whole episodes, on the mean action; at best their length."""
    env = Rower(512, split=split, probability=1.0, seed=1)
    observations, state, starts = env.reset(), None, np.ones(512, dtype=bool)
    env._steps = th.zeros_like(env._steps)
    returns, goes_on = np.zeros(512), np.ones(512, dtype=bool)
    for _ in range(EPISODE_STEPS):
        actions, state = model.predict(observations, state, starts, deterministic=True)
        observations, rewards, starts, _ = env.step(actions)
        returns += rewards * goes_on
        goes_on &= ~starts
    assert not goes_on.any()
    return returns.mean()


@pytest.mark.slow
@pytest.mark.parametrize(("symmetry", "low", "high"), [(None, 70, 100), (False, 0, 30)], ids=["mirrors", "none"])
def test_with_mirrors_it_rows_with_the_other_oar_reversed(symmetry, low, high):
    model = MemAugRecurrentPPO(
        "MlpLstmPolicy",
        Rower(256),
        n_steps=32,
        n_minibatches=4,
        n_epochs=4,
        batch_size=None,
        gamma=0.97,
        learning_rate=1e-3,
        ent_coef=0.002,
        desired_kl=0.01,
        policy_kwargs={"lstm_hidden_size": 32, "net_arch": [32], "lstm_skip_connection": True},
        symmetry=symmetry,
        seed=0,
        device="cpu",
    )
    model.learn(60 * 32 * 256)
    assert mean_return(model, "id") > 70
    assert low <= mean_return(model, "ood") <= high
