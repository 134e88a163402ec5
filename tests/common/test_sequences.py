from collections import Counter

import numpy as np
import pytest
import torch as th
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_sequence

from sb3_memaug.common.sequences import Sequences, last_sequences, pack, split_into_minibatches, split_into_sequences

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
    last_sequences(starts)
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


def test_last_sequences_by_hand():
    sequences = last_sequences(STARTS)
    assert sequences.envs.tolist() == [0, 1]
    assert sequences.starts.tolist() == [3, 0]
    assert sequences.lengths.tolist() == [2, 5]


@quick
@given(episode_starts())
def test_last_sequences_reach_from_the_last_episode_start_to_the_end(starts):
    n_steps, n_envs = starts.shape
    sequences = last_sequences(starts)
    assert sequences.envs.tolist() == list(range(n_envs))
    assert sequences.starts.tolist() == [max([0, *np.flatnonzero(starts[:, env])]) for env in range(n_envs)]
    assert (sequences.starts + sequences.lengths == n_steps).all()


def test_take_selects_sequences():
    sequences = split_into_sequences(STARTS).take(np.array([3, 1]))
    assert as_set(sequences) == {(1, 0, 5): 1, (0, 2, 1): 1}


def test_packing_by_hand():
    sequences, indices, batch_sizes = pack(split_into_sequences(STARTS), n_envs=2)
    assert sequences.envs.tolist() == [1, 0, 0, 0]
    assert sequences.starts.tolist() == [0, 0, 3, 2]
    assert sequences.lengths.tolist() == [5, 2, 2, 1]
    # First steps 0 of environment 1, then 0, 3 and 2 of environment 0; second steps; the rest of environment 1.
    assert indices.tolist() == [1, 0, 6, 4, 3, 2, 8, 5, 7, 9]
    assert batch_sizes.tolist() == [4, 3, 1, 1, 1]


@quick
@given(episode_starts(), LENGTHS)
def test_packing_agrees_with_pytorch(starts, max_length):
    n_steps, n_envs = starts.shape
    data = th.arange(n_steps * n_envs * 3).reshape(n_steps, n_envs, 3)
    packing = pack(split_into_sequences(starts, max_length), n_envs)
    parts = [
        data[start : start + length, env]
        for env, start, length in zip(*map(np.ndarray.tolist, packing.sequences), strict=True)
    ]
    expected = pack_sequence(parts, enforce_sorted=True)
    assert th.equal(data.flatten(0, 1)[th.from_numpy(packing.indices)], expected.data)
    assert th.equal(packing.batch_sizes, expected.batch_sizes)
    assert packing.batch_sizes.dtype == th.int64
    assert packing.batch_sizes.device.type == "cpu"


@quick
@given(episode_starts(), LENGTHS)
def test_packing_keeps_the_sequences_and_every_step(starts, max_length):
    sequences = split_into_sequences(starts, max_length)
    packing = pack(sequences, starts.shape[1])
    assert as_set(packing.sequences) == as_set(sequences)
    assert (np.diff(packing.sequences.lengths) <= 0).all()
    assert sorted(packing.indices.tolist()) == list(range(starts.size))


@quick
@given(episode_starts(), LENGTHS, st.integers(1, 12), st.integers(0, 1000))
def test_minibatches_share_the_sequences_out(starts, max_length, n_minibatches, seed):
    sequences = split_into_sequences(starts, max_length)
    np.random.seed(seed)
    minibatches = split_into_minibatches(sequences, n_minibatches)
    assert sum(map(as_set, minibatches), Counter()) == as_set(sequences)
    assert all(len(minibatch.envs) for minibatch in minibatches)
    assert len(minibatches) == min(n_minibatches, len(sequences.envs))


@quick
@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 12))
def test_minibatches_of_equal_sequences_differ_by_one_at_most(n_sequences, length, n_minibatches):
    sequences = Sequences(
        np.arange(n_sequences), np.zeros(n_sequences, dtype=np.intp), np.full(n_sequences, length, dtype=np.intp)
    )
    counts = [len(minibatch.envs) for minibatch in split_into_minibatches(sequences, n_minibatches)]
    assert len(counts) == min(n_minibatches, n_sequences)
    assert max(counts) - min(counts) <= 1


@quick
@given(st.lists(st.integers(1, 5), min_size=20, max_size=60), st.integers(1, 5), st.integers(0, 1000))
def test_minibatches_of_unequal_sequences_have_about_the_same_number_of_steps(lengths, n_minibatches, seed):
    n = len(lengths)
    np.random.seed(seed)
    minibatches = split_into_minibatches(
        Sequences(np.arange(n), np.zeros(n, dtype=np.intp), np.array(lengths)), n_minibatches
    )
    even = sum(lengths) / n_minibatches
    assert all(abs(minibatch.lengths.sum() - even) <= max(lengths) for minibatch in minibatches)


def test_minibatches_are_shuffled_and_repeat_with_the_seed():
    sequences = split_into_sequences(np.ones((10, 4), dtype=bool))

    def envs_and_starts(seed):
        np.random.seed(seed)
        return [(m.envs.tolist(), m.starts.tolist()) for m in split_into_minibatches(sequences, 4)]

    assert envs_and_starts(0) == envs_and_starts(0)
    assert envs_and_starts(0) != envs_and_starts(1)


def test_a_sequence_that_is_longer_than_a_minibatch_leaves_none_empty():
    sequences = Sequences(np.arange(4), np.zeros(4, dtype=np.intp), np.array([100, 1, 1, 1]))
    for seed in range(10):
        np.random.seed(seed)
        assert [len(minibatch.envs) for minibatch in split_into_minibatches(sequences, 4)] == [1, 1, 1, 1]


@pytest.mark.parametrize("n_minibatches", [1, 5, 100])
def test_one_sequence_makes_one_minibatch(n_minibatches):
    sequences = split_into_sequences(np.zeros((7, 1), dtype=bool))
    (minibatch,) = split_into_minibatches(sequences, n_minibatches)
    assert as_set(minibatch) == {(0, 0, 7): 1}
