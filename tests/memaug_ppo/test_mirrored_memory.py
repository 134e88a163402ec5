import numpy as np
import pytest
import torch as th
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.callbacks import BaseCallback

from sb3_memaug import MemAugRecurrentPPO
from tests.common.test_fused_evaluation import POLICIES, zero_states
from tests.memaug_ppo.worlds import RandomWorld, evaluated_parts, random_worlds


class MirroredLife(BaseCallback):
    """Steps a second memory over the mirrored observations, one at a time, beside the training."""

    compared = 0
    states = None
    at_starts = ()

    def _init_callback(self):
        if self.states is None:
            self.states = zero_states(self.model.policy, self.training_env.num_envs)

    def _on_rollout_start(self):
        if self.at_starts:
            self.compare()
        self.at_starts = []

    def _on_step(self):
        model = self.model
        length = model.sequence_length or model.n_steps
        if model.rollout_buffer.pos % length == 0:
            self.at_starts.append(self.states)
        mirrored = model.symmetry_group["left_right"].apply_observation(th.as_tensor(model._last_obs))
        with th.no_grad():
            _, _, _, self.states = model.policy(
                mirrored, self.states, th.as_tensor(model._last_episode_starts, dtype=th.float32)
            )
        return True

    def compare(self):
        (after,) = self.model._last_mirrored_lstm_states
        assert_same_states(after, self.states)
        self.compared += 1


def assert_same_states(states, expected):
    assert isinstance(states, RNNStates)
    for pair, other in zip(states, expected, strict=True):
        for tensor, online in zip(pair, other, strict=True):
            th.testing.assert_close(tensor, online, atol=1e-5, rtol=0)


@pytest.mark.parametrize("policy_kwargs", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("sequence_length", [None, 5])
@pytest.mark.parametrize("end", [0.0, 0.1, 0.9])
def test_memory_equals_that_of_a_policy_that_lived_in_the_mirror(policy_kwargs, sequence_length, end):
    model = MemAugRecurrentPPO(
        "MlpLstmPolicy",
        random_worlds(3, end=end),
        n_steps=12,
        n_epochs=1,
        learning_rate=1e-2,
        seed=0,
        sequence_length=sequence_length,
        policy_kwargs={"lstm_hidden_size": 8, **policy_kwargs},
    )
    life = MirroredLife()
    model.learn(12 * 3 * 5, callback=life)
    life.compare()
    assert life.compared == 5


@pytest.mark.parametrize("sequence_length", [None, 4, 5, 12])
def test_sequences_start_from_the_states_that_were_lived(sequence_length):
    """Every step's log-probability, recomputed before any update, is the one it was taken with, in both worlds."""
    model = MemAugRecurrentPPO(
        "MlpLstmPolicy",
        random_worlds(3, end=0.15),
        n_steps=12,
        n_epochs=1,
        learning_rate=0.0,
        seed=0,
        sequence_length=sequence_length,
        policy_kwargs={"lstm_hidden_size": 8},
    )
    life = MirroredLife()
    for _ in range(3):  # with a rate of zero the memory of earlier updates stays comparable
        model.learn(12 * 3, callback=life, reset_num_timesteps=False)
        ((evaluation, targets),) = evaluated_parts(model)
        th.testing.assert_close(evaluation.log_prob[:, 0], targets.log_prob, atol=1e-5, rtol=0)
        th.testing.assert_close(evaluation.values[:, 0], targets.values, atol=1e-5, rtol=0)
        chunks = -(-12 // (sequence_length or 12))
        assert len(life.at_starts) == chunks == len(model.rollout_buffer.lstm_states)
        stored = model._rollout.states
        for k in range(chunks):
            for image, expected in enumerate((model.rollout_buffer.lstm_states[k], life.at_starts[k])):
                noted = RNNStates(*(tuple(x[:, 3 * k : 3 * k + 3, image] for x in pair) for pair in stored))
                assert_same_states(noted, expected)


def test_states_are_shaped_like_the_original_ones():
    model = MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(3), n_steps=4, policy_kwargs={"lstm_hidden_size": 8})
    assert len(model._last_mirrored_lstm_states) == 1
    for pair, original in zip(model._last_mirrored_lstm_states[0], model._last_lstm_states, strict=True):
        assert [x.shape for x in pair] == [x.shape for x in original] == [(1, 3, 8)] * 2
        assert all((x == 0).all() for x in pair)


class Stops(BaseCallback):
    def _on_step(self):
        return self.n_calls < 7


def test_a_stopped_training_goes_on_without_a_gap_in_either_life():
    model = MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(3, end=0.0), n_steps=12, n_epochs=1, seed=0)
    model.learn(36)
    model.learn(36, callback=Stops(), reset_num_timesteps=False)
    life = MirroredLife()
    model.learn(72, callback=life, reset_num_timesteps=False)
    life.compare()


def test_another_group_starts_another_life():
    model = MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(3, symmetric=False), n_steps=12, symmetry=None)
    assert model._last_mirrored_lstm_states == []
    model.set_env(random_worlds(3))
    assert len(model._last_mirrored_lstm_states) == 1
    model.learn(36)


def test_dropout_is_off_while_the_memory_is_augmented():
    kwargs = {"n_lstm_layers": 2, "lstm_hidden_size": 8, "lstm_kwargs": {"dropout": 0.5}}
    model = MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(3), n_steps=12, n_epochs=2, seed=0, policy_kwargs=kwargs)
    life = MirroredLife()
    model.learn(12 * 3 * 3, callback=life)
    life.compare()


def test_the_environment_is_never_stepped_for_a_mirrored_task(monkeypatch):
    steps = []
    step = RandomWorld.step
    monkeypatch.setattr(RandomWorld, "step", lambda self, action: steps.append(1) or step(self, action))
    MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(3), n_steps=8, n_epochs=1).learn(48)
    assert len(steps) == 48
    assert np.isfinite(steps).all()


def test_bfloat16_leaves_the_memory_in_float32_and_near_what_was_lived():
    states = {}
    for autocast in (None, "bf16"):
        model = MemAugRecurrentPPO(
            "MlpLstmPolicy", random_worlds(3), n_steps=12, n_epochs=1, learning_rate=0.0, seed=0, autocast=autocast
        )
        model.learn(12 * 3 * 3)
        states[autocast] = model._last_mirrored_lstm_states[0].pi[0]
    assert states["bf16"].dtype == th.float32
    assert not th.equal(states["bf16"], states[None])
    th.testing.assert_close(states["bf16"], states[None], atol=0.01, rtol=0)
