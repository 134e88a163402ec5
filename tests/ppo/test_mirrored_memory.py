import numpy as np
import pytest
import torch as th
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.ppo import mirrored_memory
from sb3_memaug.vec_env.devices import runs_lstms_in_bfloat16
from tests.ppo.lives import LIVES, CarriedLife
from tests.ppo.test_evaluation import GRUS, POLICIES, every_policy
from tests.ppo.worlds import RandomWorld, ToldOnce, evaluated_parts, random_worlds

every_way = pytest.mark.parametrize("way", LIVES)


def small(env=None, **kwargs):
    return MemAugRecurrentPPO(
        "MlpLstmPolicy",
        env or random_worlds(3),
        **{"n_steps": 12, "n_epochs": 1, "seed": 0, "policy_kwargs": {"lstm_hidden_size": 8}, **kwargs},
    )


@every_policy
@pytest.mark.parametrize("sequence_length", [None, 5])
@pytest.mark.parametrize("end", [0.0, 0.1, 0.9])
def test_memory_equals_that_of_a_policy_that_acts_in_the_mirror(policy_kwargs, sequence_length, end):
    model = small(
        random_worlds(3, end=end),
        learning_rate=1e-2,
        sequence_length=sequence_length,
        policy_kwargs={"lstm_hidden_size": 8, **policy_kwargs},
    )
    life = CarriedLife()
    model.learn(12 * 3 * 5, callback=life)
    life.compare()
    assert life.compared == 5


@pytest.mark.parametrize(
    "policy_kwargs", [POLICIES["default"], POLICIES["shared"], GRUS["gru"]], ids=["default", "shared", "gru"]
)
@pytest.mark.parametrize("sequence_length", [None, 1, 5, 12])
@pytest.mark.parametrize("way", ["zeroed", "copied"])
def test_shortcuts_equal_a_policy_that_is_reset_or_takes_over_the_original_state(way, sequence_length, policy_kwargs):
    model = small(
        learning_rate=1e-2,
        sequence_length=sequence_length,
        mirrored_memory=way,
        policy_kwargs={"lstm_hidden_size": 8, **policy_kwargs},
    )
    life = LIVES[way]()
    model.learn(12 * 3 * 5, callback=life)
    life.compare()
    assert life.compared == 5


@every_way
@pytest.mark.parametrize("sequence_length", [None, 4, 5, 12])
def test_sequences_are_evaluated_from_the_states_of_the_rollout(way, sequence_length):
    """Every step, evaluated before any update, has the value that was predicted in the rollout, in both worlds."""
    model = small(random_worlds(3, end=0.15), learning_rate=0.0, sequence_length=sequence_length, mirrored_memory=way)
    life = LIVES[way]()
    for _ in range(3):  # with a rate of zero the memory of earlier updates stays comparable
        model.learn(12 * 3, callback=life, reset_num_timesteps=False)
        ((evaluation, targets),) = evaluated_parts(model)
        th.testing.assert_close(evaluation.log_prob[:, 0], targets.log_prob, atol=1e-5, rtol=0)
        th.testing.assert_close(evaluation.values[:, 0], targets.values, atol=1e-5, rtol=0)
        of_step = model.rollout_buffer.values.flatten().argsort()[targets.values.argsort().argsort()]
        th.testing.assert_close(evaluation.values[:, 1], th.cat(life.values)[of_step], atol=1e-5, rtol=0)


def parameters(way, env, **kwargs):
    model = small(env, mirrored_memory=way, **kwargs).learn(240)
    return th.cat([parameter.detach().flatten() for parameter in model.policy.parameters()])


def test_ways_differ_where_a_rollout_begins_within_an_episode():
    carried, zeroed, copied = (parameters(way, make_vec_env(ToldOnce, 4, seed=0), n_steps=6) for way in LIVES)
    assert not th.equal(carried, zeroed)
    assert not th.equal(carried, copied)
    assert not th.equal(zeroed, copied)


@pytest.mark.parametrize("n_steps", [ToldOnce.length, 2 * ToldOnce.length])
def test_ways_are_one_where_every_rollout_begins_with_an_episode(n_steps):
    carried, zeroed, copied = (parameters(way, make_vec_env(ToldOnce, 4, seed=0), n_steps=n_steps) for way in LIVES)
    assert th.equal(carried, zeroed)
    assert th.equal(carried, copied)


def test_ways_are_one_without_a_group():
    carried, zeroed, copied = (parameters(way, random_worlds(3), symmetry=False) for way in LIVES)
    assert th.equal(carried, zeroed)
    assert th.equal(carried, copied)
    assert small(symmetry=False, mirrored_memory="copied")._last_mirrored_lstm_states == []


@pytest.mark.parametrize(
    ("way", "sequence_length", "passes"),
    [
        ("carried", None, 1),
        ("carried", 5, 3),
        ("zeroed", None, 0),
        ("zeroed", 5, 2),
        ("copied", None, 0),
        ("copied", 5, 0),
    ],
)
def test_nothing_is_run_that_is_not_needed(way, sequence_length, passes, monkeypatch):
    calls, run = [], mirrored_memory.final_states
    monkeypatch.setattr(mirrored_memory, "final_states", lambda *args: calls.append(1) or run(*args))
    small(mirrored_memory=way, sequence_length=sequence_length).learn(12 * 3)
    assert len(calls) == passes


@every_way
def test_memory_does_not_depend_on_the_number_of_parts(way, monkeypatch):
    life = LIVES[way]()
    monkeypatch.setattr(mirrored_memory, "num_chunks", lambda *_: 2)
    small(mirrored_memory=way, sequence_length=5).learn(12 * 3 * 3, callback=life)
    life.compare()


def test_states_are_shaped_like_the_original_ones():
    model = MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(3), n_steps=4, policy_kwargs={"lstm_hidden_size": 8})
    assert len(model._last_mirrored_lstm_states) == 1
    for pair, original in zip(model._last_mirrored_lstm_states[0], model._last_lstm_states, strict=True):
        assert [x.shape for x in pair] == [x.shape for x in original] == [(1, 3, 8)] * 2
        assert all((x == 0).all() for x in pair)


class Stops(BaseCallback):
    def _on_step(self):
        return self.n_calls < 7


@every_way
def test_a_stopped_training_goes_on_without_a_gap_in_either_world(way):
    model = small(random_worlds(3, end=0.0), mirrored_memory=way)
    model.learn(36)
    model.learn(36, callback=Stops(), reset_num_timesteps=False)
    life = LIVES[way]()
    model.learn(72, callback=life, reset_num_timesteps=False)
    life.compare()


@every_way
def test_another_group_starts_from_zero(way):
    model = small(random_worlds(3, symmetric=False), symmetry=None, mirrored_memory=way)
    assert model._last_mirrored_lstm_states == []
    model.learn(36)
    model.set_env(random_worlds(3))
    life = LIVES[way]()
    assert len(model._last_mirrored_lstm_states) == 1
    model.learn(72, callback=life)
    life.compare()


def test_dropout_is_off_while_the_memory_is_augmented():
    kwargs = {"n_lstm_layers": 2, "lstm_hidden_size": 8, "lstm_kwargs": {"dropout": 0.5}}
    model = MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(3), n_steps=12, n_epochs=2, seed=0, policy_kwargs=kwargs)
    life = CarriedLife()
    model.learn(12 * 3 * 3, callback=life)
    life.compare()


def test_the_environment_is_never_stepped_for_a_mirrored_task(monkeypatch):
    steps = []
    step = RandomWorld.step
    monkeypatch.setattr(RandomWorld, "step", lambda self, action: steps.append(1) or step(self, action))
    MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(3), n_steps=8, n_epochs=1).learn(48)
    assert len(steps) == 48
    assert np.isfinite(steps).all()


def test_bfloat16_leaves_the_memory_in_float32_and_near_that_in_float32():
    states = {}
    for autocast in (None, "bf16"):
        model = MemAugRecurrentPPO(
            "MlpLstmPolicy", random_worlds(3), n_steps=12, n_epochs=1, learning_rate=0.0, seed=0, autocast=autocast
        )
        model.learn(12 * 3 * 3)
        states[autocast] = model._last_mirrored_lstm_states[0].pi[0]
    assert states["bf16"].dtype == th.float32
    # Where the processor has no LSTM in bfloat16, it is computed as without.
    assert th.equal(states["bf16"], states[None]) != runs_lstms_in_bfloat16("cpu")
    th.testing.assert_close(states["bf16"], states[None], atol=0.01, rtol=0)
