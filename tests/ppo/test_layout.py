"""Sequences, columns and minibatches."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.ppo.layout import (
    PADDING,
    Sequences,
    continues,
    lay_out,
    split_into_minibatches,
    split_into_sequences,
    steps_since_episode_start,
)

quick = settings(deadline=None, max_examples=100)

#: Five steps in two environments; the first goes on with an episode of the last rollout and starts others at 2 and 3.
STARTS = np.array([[0, 1], [0, 0], [1, 0], [1, 0], [0, 0]], dtype=bool)

LENGTHS = st.one_of(st.none(), st.integers(1, 12))


@st.composite
def episode_starts(draw):
    n_steps, n_envs = draw(st.integers(1, 10)), draw(st.integers(1, 4))
    flat = draw(st.lists(st.booleans(), min_size=n_steps * n_envs, max_size=n_steps * n_envs))
    return np.array(flat).reshape(n_steps, n_envs)


def as_set(sequences):
    """(environment, first step, number of steps) of each sequence."""
    return Counter(zip(*(array.tolist() for array in sequences), strict=True))


def steps_of(sequences):
    """(step, environment) of each step of each sequence, one after another."""
    return [
        (start + i, env)
        for env, start, length in zip(*map(np.ndarray.tolist, sequences), strict=True)
        for i in range(length)
    ]


def test_cuts_at_episode_starts_by_hand():
    sequences = split_into_sequences(STARTS)
    assert sequences.envs.tolist() == [0, 0, 0, 1]
    assert sequences.starts.tolist() == [0, 2, 3, 0]
    assert sequences.lengths.tolist() == [2, 1, 2, 5]


def test_cuts_at_a_length_are_counted_from_the_start_of_the_rollout():
    sequences = split_into_sequences(STARTS, max_length=2)
    assert sequences.envs.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert sequences.starts.tolist() == [0, 2, 3, 4, 0, 2, 4]
    assert sequences.lengths.tolist() == [2, 1, 1, 1, 2, 2, 1]


def test_starts_can_be_floats_as_in_a_rollout_buffer():
    assert as_set(split_into_sequences(STARTS.astype(np.float32))) == as_set(split_into_sequences(STARTS))


def test_splitting_leaves_its_input_alone():
    starts = np.zeros((4, 2), dtype=bool)
    split_into_sequences(starts, 2)
    steps_since_episode_start(starts)
    assert not starts.any()


@quick
@given(episode_starts(), LENGTHS)
def test_every_step_lies_in_exactly_one_sequence(starts, max_length):
    sequences = split_into_sequences(starts, max_length)
    assert sorted(steps_of(sequences)) == sorted(np.ndindex(*starts.shape))
    assert (sequences.lengths > 0).all()


@quick
@given(episode_starts(), LENGTHS)
def test_sequences_begin_where_they_must_and_nowhere_else(starts, max_length):
    n_steps, n_envs = starts.shape
    expected = {
        (step, env)
        for step, env in np.ndindex(n_steps, n_envs)
        if step == 0 or starts[step, env] or (max_length is not None and step % max_length == 0)
    }
    sequences = split_into_sequences(starts, max_length)
    assert set(zip(sequences.starts.tolist(), sequences.envs.tolist(), strict=True)) == expected
    assert len(sequences.envs) == len(expected)


def test_a_sequence_goes_on_unless_an_episode_starts_with_it():
    assert continues(split_into_sequences(STARTS), STARTS).tolist() == [True, False, False, False]
    chunks = split_into_sequences(STARTS, max_length=2)
    assert continues(chunks, STARTS).tolist() == [True, False, False, True, False, True, True]


def test_steps_since_the_episode_start_by_hand():
    present = steps_since_episode_start(STARTS)
    assert present[:, 0].tolist() == [False, False, False, True, True]
    assert present[:, 1].tolist() == [True] * 5


@quick
@given(episode_starts())
def test_the_last_episode_reaches_from_its_start_to_the_end(starts):
    n_steps, n_envs = starts.shape
    present = steps_since_episode_start(starts)
    for env in range(n_envs):
        first = max([0, *np.flatnonzero(starts[:, env])])
        assert present[:, env].tolist() == [step >= first for step in range(n_steps)]


def of_lengths(*lengths):
    """Sequences of an environment each, which begin with an episode."""
    n = len(lengths)
    return Sequences(np.arange(n), np.zeros(n, dtype=np.intp), np.array(lengths)), np.zeros(n, dtype=bool)


def stretches(columns):
    """Rows of the rollout that follow one another in a column, without a gap between them."""
    found = []
    for column in columns.rows.T:
        stretch = []
        for row in [*column.tolist(), PADDING]:
            if row == PADDING and stretch:
                found.append(tuple(stretch))
                stretch = []
            elif row != PADDING:
                stretch.append(row)
    return Counter(found)


def expected_stretches(sequences, n_envs):
    envs, starts, lengths = (array.tolist() for array in sequences)
    return Counter(
        tuple((start + i) * n_envs + env for i in range(length))
        for env, start, length in zip(envs, starts, lengths, strict=True)
    )


def test_by_hand():
    sequences = split_into_sequences(STARTS)
    columns = lay_out(sequences, continues(sequences, STARTS), n_envs=2)
    # Of environment 0 steps 0 and 1 go on with an episode and lead, 3 and 4 fit behind them, 2 does not any more.
    assert columns.rows.T.tolist() == [[0, 2, PADDING, 6, 8], [1, 3, 5, 7, 9], [4] + [PADDING] * 4]
    assert columns.firsts.tolist() == [0, 3, 1]


def test_a_sequence_stands_where_it_leaves_the_least_room():
    columns = lay_out(*of_lengths(10, 6, 7, 2, 3), n_envs=5)
    assert [np.flatnonzero(column == PADDING).tolist() for column in columns.rows.T] == [[], [7], [6]]
    assert [set((column[column != PADDING] % 5).tolist()) for column in columns.rows.T] == [{0}, {2, 3}, {1, 4}]


@quick
@given(episode_starts(), LENGTHS, st.integers(1, 6))
def test_every_sequence_stands_in_one_column_and_a_gap_between_two(starts, max_length, n_minibatches):
    n_envs = starts.shape[1]
    sequences = split_into_sequences(starts, max_length)
    columns = lay_out(sequences, continues(sequences, starts), n_envs, n_minibatches)
    assert stretches(columns) == expected_stretches(sequences, n_envs)


@quick
@given(episode_starts(), LENGTHS, st.integers(1, 6))
def test_columns_begin_with_their_first_sequences_and_what_goes_on_is_first(starts, max_length, n_minibatches):
    n_envs = starts.shape[1]
    sequences = split_into_sequences(starts, max_length)
    leads = continues(sequences, starts)
    columns = lay_out(sequences, leads, n_envs, n_minibatches)
    first = sequences.starts * n_envs + sequences.envs
    assert columns.rows[0].tolist() == first[columns.firsts].tolist()
    assert set(np.flatnonzero(leads)) <= set(columns.firsts.tolist())


@quick
@given(episode_starts(), LENGTHS, st.integers(1, 12))
def test_columns_are_no_longer_than_needed_and_enough_for_the_minibatches(starts, max_length, n_minibatches):
    sequences = split_into_sequences(starts, max_length)
    columns = lay_out(sequences, continues(sequences, starts), starts.shape[1], n_minibatches)
    assert len(columns.rows) == sequences.lengths.max()
    assert len(columns.firsts) >= min(n_minibatches, len(sequences.envs))


@pytest.mark.parametrize("n_steps", [24, 128])
def test_hardly_a_place_stays_empty_where_episodes_end_now_and_then(n_steps):
    starts = np.random.default_rng(0).random((n_steps, 64)) < 0.01
    sequences = split_into_sequences(starts)
    rows = lay_out(sequences, continues(sequences, starts), 64).rows
    assert (rows == PADDING).mean() < 0.06


def test_taken_columns_are_no_longer_than_the_longest_of_them():
    columns = lay_out(*of_lengths(9, 8, 3), n_envs=3).take(np.array([2]))
    assert columns.rows.tolist() == [[2], [5], [8]]
    assert columns.firsts.tolist() == [2]


@quick
@given(episode_starts(), LENGTHS, st.integers(1, 12), st.integers(0, 1000))
def test_minibatches_share_the_sequences_out(starts, max_length, n_minibatches, seed):
    n_envs = starts.shape[1]
    sequences = split_into_sequences(starts, max_length)
    columns = lay_out(sequences, continues(sequences, starts), n_envs, n_minibatches)
    np.random.seed(seed)
    minibatches = split_into_minibatches(columns, n_minibatches)
    assert sum(map(stretches, minibatches), Counter()) == expected_stretches(sequences, n_envs)
    assert len(minibatches) == min(n_minibatches, len(sequences.envs))
    assert all(len(minibatch.firsts) for minibatch in minibatches)


@quick
@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 12))
def test_minibatches_of_equal_sequences_differ_by_one_at_most(n_sequences, length, n_minibatches):
    columns = lay_out(*of_lengths(*[length] * n_sequences), n_envs=n_sequences, n_minibatches=n_minibatches)
    counts = [(m.rows != PADDING).sum() // length for m in split_into_minibatches(columns, n_minibatches)]
    assert len(counts) == min(n_minibatches, n_sequences)
    # Short ones may share a column, which is dealt out as a whole.
    most = max((column != PADDING).sum() // length for column in columns.rows.T)
    assert max(counts) - min(counts) <= most


@quick
@given(st.lists(st.integers(1, 5), min_size=20, max_size=60), st.integers(1, 5), st.integers(0, 1000))
def test_minibatches_of_unequal_sequences_have_about_the_same_number_of_steps(lengths, n_minibatches, seed):
    np.random.seed(seed)
    columns = lay_out(*of_lengths(*lengths), n_envs=len(lengths), n_minibatches=n_minibatches)
    even = sum(lengths) / n_minibatches
    for minibatch in split_into_minibatches(columns, n_minibatches):
        assert abs((minibatch.rows != PADDING).sum() - even) <= max(lengths)


def test_minibatches_are_shuffled_and_repeat_with_the_seed():
    starts = np.ones((10, 4), dtype=bool)
    sequences = split_into_sequences(starts)
    columns = lay_out(sequences, continues(sequences, starts), 4)

    def rows(seed):
        np.random.seed(seed)
        return [m.rows.tolist() for m in split_into_minibatches(columns, 4)]

    assert rows(0) == rows(0)
    assert rows(0) != rows(1)


def test_a_sequence_that_is_longer_than_a_minibatch_leaves_none_empty():
    columns = lay_out(*of_lengths(100, 1, 1, 1), n_envs=4, n_minibatches=4)
    for seed in range(10):
        np.random.seed(seed)
        assert [len(minibatch.firsts) for minibatch in split_into_minibatches(columns, 4)] == [1, 1, 1, 1]


@pytest.mark.parametrize("n_minibatches", [1, 5, 100])
def test_one_sequence_makes_one_minibatch(n_minibatches):
    (minibatch,) = split_into_minibatches(lay_out(*of_lengths(7), 1, n_minibatches), n_minibatches)
    assert minibatch.rows.T.tolist() == [list(range(7))]
