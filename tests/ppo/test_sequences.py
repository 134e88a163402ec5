from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.ppo.layout import continues, split_into_sequences, steps_since_episode_start

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
    lived = steps_since_episode_start(STARTS)
    assert lived[:, 0].tolist() == [False, False, False, True, True]
    assert lived[:, 1].tolist() == [True] * 5


@quick
@given(episode_starts())
def test_what_was_lived_reaches_from_the_last_episode_start_to_the_end(starts):
    n_steps, n_envs = starts.shape
    lived = steps_since_episode_start(starts)
    for env in range(n_envs):
        first = max([0, *np.flatnonzero(starts[:, env])])
        assert lived[:, env].tolist() == [step >= first for step in range(n_steps)]
