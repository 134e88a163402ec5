"""SB3's rollout buffer is the measure of ours."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch as th
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.buffers import DictRolloutBuffer, RolloutBuffer

from sb3_memaug.ppo.buffer import TensorRolloutBuffer

OBSERVATIONS = {
    "vector": spaces.Box(-np.inf, np.inf, (3,), np.float32),
    "image": spaces.Box(0, 255, (4, 5, 3), np.uint8),
    "discrete": spaces.Discrete(5),
    "dict": spaces.Dict(vector=spaces.Box(-1, 1, (2, 2), np.float32), label=spaces.Discrete(4)),
}
ACTIONS = {
    "box": spaces.Box(-1, 1, (2,), np.float32),
    "matrix": spaces.Box(-1, 1, (2, 3), np.float32),
    "discrete": spaces.Discrete(4),
    "multidiscrete": spaces.MultiDiscrete([3, 2]),
    "multibinary": spaces.MultiBinary(3),
}
quick = settings(deadline=None, max_examples=80)


def draw(space, n_envs):
    samples = [space.sample() for _ in range(n_envs)]
    if isinstance(space, spaces.Dict):
        return {key: np.stack([sample[key] for sample in samples]) for key in space}
    return np.stack(samples)


def as_tensors(observation):
    if isinstance(observation, dict):
        return {key: th.as_tensor(value) for key, value in observation.items()}
    return th.as_tensor(observation)


def fill(buffers, seed, start=0.3):
    """The same random rollout into each of some buffers, and its end."""
    first, random = buffers[0], np.random.default_rng(seed)
    observation_space, action_space = deepcopy((first.observation_space, first.action_space))
    observation_space.seed(seed)
    action_space.seed(seed)
    for _ in range(first.buffer_size):
        observation, action = draw(observation_space, first.n_envs), draw(action_space, first.n_envs)
        starts = random.random(first.n_envs) < start
        reward, value, log_prob = random.normal(size=(3, first.n_envs)).astype(np.float32)
        for buffer in buffers:
            given = observation, action, reward, starts
            if isinstance(buffer, TensorRolloutBuffer):
                given = map(as_tensors, given)
            # Policies give values a column of their own.
            buffer.add(*given, th.as_tensor(value).unsqueeze(1), th.as_tensor(log_prob))
    last_values = th.as_tensor(random.normal(size=(first.n_envs, 1)).astype(np.float32))
    dones = random.random(first.n_envs) < start
    for buffer in buffers:
        ours = isinstance(buffer, TensorRolloutBuffer)
        buffer.compute_returns_and_advantage(last_values, th.as_tensor(dones) if ours else dones)


def pair(observation="vector", action="box", n_steps=5, n_envs=3, **kwargs):
    """Ours and theirs."""
    theirs = DictRolloutBuffer if observation == "dict" else RolloutBuffer
    spaces_ = OBSERVATIONS[observation], ACTIONS[action]
    return [kind(n_steps, *spaces_, device="cpu", n_envs=n_envs, **kwargs) for kind in (TensorRolloutBuffer, theirs)]


@quick
@given(
    st.integers(1, 8),
    st.integers(1, 4),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.integers(0, 2**31 - 1),
)
def test_advantages_and_returns_are_those_of_sb3(n_steps, n_envs, gamma, gae_lambda, start, seed):
    ours, theirs = pair(n_steps=n_steps, n_envs=n_envs, gamma=gamma, gae_lambda=gae_lambda)
    fill((ours, theirs), seed, start)
    np.testing.assert_allclose(ours.advantages, theirs.advantages, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.returns, theirs.returns, rtol=1e-4, atol=1e-5)


def test_advantages_by_hand():
    buffer = TensorRolloutBuffer(3, *[spaces.Box(-1, 1, (1,))] * 2, device="cpu", gamma=0.5, gae_lambda=0.5)
    for reward, starts, value in ((1.0, True, 2.0), (2.0, False, 4.0), (3.0, True, 1.0)):
        zeros = th.zeros(1, 1)
        buffer.add(zeros, zeros, th.tensor([reward]), th.tensor([starts]), th.tensor([value]), th.zeros(1))
    buffer.compute_returns_and_advantage(th.tensor([8.0]), th.tensor([False]))
    # The episode of steps 0 and 1 has ended: δ = 1 + 0.5·4 − 2 = 1, then 2 − 4 = −2; that of step 2 goes on.
    assert buffer.advantages.flatten().tolist() == [1 + 0.25 * -2, -2, 3 + 0.5 * 8 - 1]
    assert buffer.returns.flatten().tolist() == [2.5, 2, 7]


@quick
@given(
    st.sampled_from(sorted(OBSERVATIONS)),
    st.sampled_from(sorted(ACTIONS)),
    st.integers(1, 4),
    st.integers(1, 3),
    st.one_of(st.none(), st.integers(1, 13)),
    st.integers(0, 2**31 - 1),
)
def test_samples_are_drawn_as_by_sb3(observation, action, n_steps, n_envs, batch_size, seed):
    ours, theirs = pair(observation, action, n_steps, n_envs, gamma=0.9, gae_lambda=0.8)
    fill((ours, theirs), seed)
    # Every epoch draws anew.
    for epoch in range(2):
        drawn = []
        for buffer in (ours, theirs):
            np.random.seed(seed // 2 + epoch)
            drawn.append(list(buffer.get(batch_size)))
        for our_batch, their_batch in zip(*drawn, strict=True):
            our_observations, *our_others = our_batch
            their_observations, *their_others = their_batch
            if observation == "dict":
                assert set(our_observations) == set(their_observations)
                for key in their_observations:
                    th.testing.assert_close(our_observations[key], their_observations[key], rtol=0, atol=0)
            else:
                th.testing.assert_close(our_observations, their_observations, rtol=0, atol=0)
            for a, b in zip(our_others, their_others, strict=True):
                th.testing.assert_close(a.float(), b.float(), rtol=1e-5, atol=1e-5)


def stored(buffer):
    """Every tensor that a buffer holds."""
    values = [*vars(buffer).values(), *(buffer.observations.values() if isinstance(buffer.observations, dict) else ())]
    assert not any(isinstance(value, np.ndarray) and value.size > 9 for value in values)
    return [value for value in values if isinstance(value, th.Tensor)]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_a_transition_takes_four_floats_and_a_byte_beside_what_was_seen_and_done(observation, action):
    buffer, _ = pair(observation, action, n_steps=10, n_envs=3)
    fill((buffer,), 0)
    list(buffer.get(7))
    seen = OBSERVATIONS[observation]
    seen_and_done = 0
    for space in (*(seen.values() if observation == "dict" else [seen]), ACTIONS[action]):
        sample = np.asarray(space.sample(), space.dtype)
        seen_and_done += sample.nbytes
    taken = sum(tensor.element_size() * tensor.nelement() for tensor in stored(buffer))
    assert taken == 10 * 3 * (seen_and_done + 4 * 4 + 1)


@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_everything_is_allocated_once(observation):
    buffer, _ = pair(observation)
    fill((buffer,), 0)
    before, advantages = [tensor.data_ptr() for tensor in stored(buffer)], buffer.advantages.clone()
    for _ in range(2):
        buffer.reset()
        assert (buffer.pos, buffer.full) == (0, False)
        fill((buffer,), 1)
    assert [tensor.data_ptr() for tensor in stored(buffer)] == before
    again, _ = pair(observation)
    fill((again,), 1)
    # Nothing of the first rollout is left.
    np.testing.assert_array_equal(buffer.advantages, again.advantages)
    assert not th.equal(buffer.advantages, advantages)


def test_the_whole_rollout_shares_the_memory_of_the_buffer():
    buffer, _ = pair("dict", n_steps=4, n_envs=3)
    fill((buffer,), 0)
    rollout = buffer.rollout()
    for key, value in rollout.observations.items():
        assert value.data_ptr() == buffer.observations[key].data_ptr()
    for name in ("actions", "values", "advantages"):
        assert getattr(rollout, name).data_ptr() == getattr(buffer, name).data_ptr()
    # Step 2 of environment 1.
    taken = rollout.take(th.tensor([2 * 3 + 1]))
    assert taken.log_prob.item() == buffer.log_probs[2, 1]
    assert th.equal(taken.observations["vector"][0], buffer.observations["vector"][2, 1])


@pytest.mark.parametrize(
    ("sequence_length", "kept"), [(None, [0]), (7, [0]), (3, [0, 3, 6]), (1, [0, 1, 2, 3, 4, 5, 6])]
)
def test_states_are_kept_where_a_sequence_can_start(sequence_length, kept):
    buffer = TensorRolloutBuffer(7, *[spaces.Box(-1, 1, (1,))] * 2, device="cpu", sequence_length=sequence_length)
    for _ in range(2):
        for step in range(7):
            buffer.note_lstm_states(RNNStates(*[(th.full((1, 1, 2), float(step)),) * 2] * 2))
            buffer.add(th.zeros(1, 1), th.zeros(1, 1), *[th.zeros(1)] * 4)
        assert [states.pi[0][0, 0, 0].item() for states in buffer.lstm_states] == kept
        buffer.reset()
        assert buffer.lstm_states == []


def test_an_incomplete_rollout_is_not_learned_from():
    buffer = TensorRolloutBuffer(2, *[spaces.Box(-1, 1, (1,))] * 2, device="cpu")
    buffer.add(th.zeros(1, 1), th.zeros(1, 1), *[th.zeros(1)] * 4)
    with pytest.raises(AssertionError, match="not complete"):
        next(buffer.get(1))
