import numpy as np
import pytest
import torch as th
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from torch import nn

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.ppo import memory
from sb3_memaug.ppo.memory import (
    MEMORIES,
    GruMemory,
    LstmMemory,
    Memory,
    Rectangle,
    initial_states,
    join_states,
    memory_of,
    rectangle_of,
    select_states,
    stack_images,
    zero_states,
)
from sb3_memaug.vec_env.devices import runs_lstms_in_bfloat16
from tests.ppo.lives import LIVES
from tests.ppo.worlds import random_worlds

FILLED = np.array([[1, 1, 1], [1, 0, 1], [0, 1, 1], [1, 1, 0], [1, 1, 0]], dtype=bool)
N_IMAGES = 2
CPU = th.device("cpu")

every_memory = pytest.mark.parametrize("name", MEMORIES)
every_way = pytest.mark.parametrize("way", LIVES)
#: Of the critic: a memory of its own, none, or that of the actor.
CRITICS = {
    "own": {},
    "none": {"enable_critic_lstm": False},
    "shared": {"shared_lstm": True, "enable_critic_lstm": False},
}
every_critic = pytest.mark.parametrize("critic", CRITICS.values(), ids=CRITICS)


def small(env=None, policy="MlpLstmPolicy", **kwargs):
    defaults = {"n_steps": 12, "n_epochs": 1, "seed": 0, "device": "cpu"}
    kwargs["policy_kwargs"] = {"lstm_hidden_size": 8, "memory": "gru", **kwargs.get("policy_kwargs", {})}
    return MemAugRecurrentPPO(policy, env or random_worlds(3), **{**defaults, **kwargs})


def make(name, layers=1, bias=True, dtype=th.float32, seed=0):
    th.manual_seed(seed)
    module = MEMORIES[name].module_type(4, 6, num_layers=layers, bias=bias).to(dtype)
    features = th.randn(int(FILLED.sum()) * N_IMAGES, 4, dtype=dtype, requires_grad=True)
    state = tuple(th.randn_like(x).requires_grad_() for x in memory_of(module).initial(3 * N_IMAGES))
    return module, features, state


def one_step_at_a_time(module, features, state):
    """The same, with the states set to zero where no sample stands."""
    by_sample = iter(features.view(-1, N_IMAGES, 4))
    outputs = []
    for filled in FILLED:
        keep = th.as_tensor(np.repeat(filled, N_IMAGES)).view(1, -1, 1)
        inputs = th.cat([next(by_sample) if here else features.new_zeros(N_IMAGES, 4) for here in filled])
        output, after = module(inputs.unsqueeze(0), state if len(state) > 1 else state[0])
        state = tuple(x * keep for x in (after if isinstance(after, tuple) else (after,)))
        outputs.append(output[0, keep.flatten()])
    return th.cat(outputs), state


def unroll(module, features, state, filled=FILLED):
    return memory_of(module).unroll(features, state, rectangle_of(filled, CPU))


@every_memory
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
def test_outputs_states_and_gradients_are_those_of_a_module_whose_state_is_set_to_zero(name, layers, bias):
    module, features, state = make(name, layers, bias, th.float64)
    results = []
    for run in (one_step_at_a_time, unroll):
        output, after = run(module, features, state)
        loss = (output**2).sum() + sum((k * x).sum() for k, x in enumerate(after, 1))
        results.append((output, *after, *th.autograd.grad(loss, [features, *state, *module.parameters()])))
    for expected, found in zip(*results, strict=True):
        th.testing.assert_close(found, expected, atol=1e-12, rtol=1e-12)


@every_memory
@pytest.mark.parametrize("layers", [1, 2])
def test_it_is_as_exact_in_float32(name, layers):
    module, features, state = make(name, layers)
    for found, expected in zip(
        unroll(module, features, state), one_step_at_a_time(module, features, state), strict=True
    ):
        th.testing.assert_close(found, expected, atol=1e-6, rtol=1e-6)


@every_memory
@pytest.mark.parametrize("layers", [1, 2])
def test_no_gradient_passes_a_gap(name, layers):
    module, features, state = make(name, layers)
    output, _ = unroll(module, features, state)
    # The third step of column 1, behind a gap.
    (after,) = np.flatnonzero(np.flatnonzero(FILLED.ravel()) == 2 * 3 + 1)
    of_features, of_hidden = th.autograd.grad(output[after * N_IMAGES].sum(), [features, state[0]])
    assert th.equal(of_hidden, th.zeros_like(of_hidden))
    assert of_features.abs().sum(dim=1).nonzero().flatten().tolist() == [after * N_IMAGES]


@every_memory
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_the_states_after_a_column_that_has_ended_are_exactly_zero(name, layers, scale):
    module, features, state = make(name, layers)
    with th.no_grad():
        for parameter in module.parameters():
            parameter *= scale
    for x in unroll(module, features, state)[1]:
        assert (x[:, 2 * N_IMAGES :] == 0).all()
        assert (x[:, : 2 * N_IMAGES] != 0).any()


@every_memory
def test_images_stand_side_by_side(name):
    """As if each image were run alone."""
    module, features, state = make(name, layers=2)
    output, after = unroll(module, features, state)
    for i in range(N_IMAGES):
        alone, after_alone = unroll(module, features[i::N_IMAGES], tuple(x[:, i::N_IMAGES] for x in state))
        th.testing.assert_close(output[i::N_IMAGES], alone)
        th.testing.assert_close(tuple(x[:, i::N_IMAGES] for x in after), after_alone)


@every_memory
def test_a_full_rectangle_is_an_ordinary_call(name):
    module, _, _ = make(name)
    features, state = th.randn(5 * 3, 4), tuple(th.randn_like(x) for x in memory_of(module).initial(3))
    rectangle = rectangle_of(np.ones((5, 3), dtype=bool), CPU)
    assert rectangle.places is None
    output, after = memory_of(module).unroll(features, state, rectangle)
    expected, expected_after = module(features.view(5, 3, 4), state if len(state) > 1 else state[0])
    assert th.equal(output, expected.flatten(0, 1))
    assert th.equal(th.stack(after), th.stack(expected_after) if len(state) > 1 else expected_after.unsqueeze(0))


@every_memory
@pytest.mark.parametrize("layers", [1, 2])
def test_a_step_equals_a_row(name, layers):
    module, _, _ = make(name, layers)
    adapter = memory_of(module)
    features, state = th.randn(3, 4), tuple(th.randn_like(x) for x in adapter.initial(3))
    starts = th.tensor([0.0, 1.0, 0.0])
    output, after = adapter.step(features, state, starts)
    before = tuple(th.stack((x[:, 0], th.zeros_like(x[:, 1]), x[:, 2]), dim=1) for x in state)
    expected, expected_after = adapter.unroll(features, before, Rectangle(1, 3, None))
    assert th.equal(output, expected)
    assert th.equal(th.stack(after), th.stack(expected_after))


@every_memory
def test_dropout_lies_between_the_layers_in_training_alone(name):
    th.manual_seed(0)
    module = MEMORIES[name].module_type(4, 6, num_layers=2, dropout=0.5)
    _, features, state = make(name, layers=2)
    first, second = (unroll(module, features, state)[0] for _ in range(2))
    assert not th.equal(first, second)
    module.eval()
    th.testing.assert_close(unroll(module, features, state)[0], one_step_at_a_time(module, features, state)[0])


@every_memory
def test_it_is_reset_with_autocast_too(name):
    module, features, state = make(name)
    with th.autocast("cpu", dtype=th.bfloat16):
        output, after = unroll(module, features, state)
    expected, _ = one_step_at_a_time(module, features, state)
    in_bfloat16 = name == "lstm" and runs_lstms_in_bfloat16("cpu")
    assert output.dtype == (th.bfloat16 if in_bfloat16 else th.float32)
    th.testing.assert_close(output.float(), expected, atol=0.03, rtol=0)
    assert all((x[:, 2 * N_IMAGES :] == 0).all() for x in after)


@every_memory
def test_what_does_not_run_in_bfloat16_runs_in_float32(name, monkeypatch):
    monkeypatch.setattr(memory, "runs_lstms_in_bfloat16", lambda device_type: False)
    module, features, state = make(name)
    with th.autocast("cpu", dtype=th.bfloat16):
        output, after = unroll(module, features.bfloat16(), state)
    expected, expected_after = unroll(module, features.bfloat16().float(), state)
    assert th.equal(output, expected)
    assert all(th.equal(a, b) for a, b in zip(after, expected_after, strict=True))


def test_the_memory_follows_from_the_type_of_the_module():
    class SpecialLstm(nn.LSTM):
        pass

    assert type(memory_of(nn.LSTM(2, 3))) is LstmMemory
    assert type(memory_of(nn.GRU(2, 3))) is GruMemory
    assert type(memory_of(SpecialLstm(2, 3))) is LstmMemory
    with pytest.raises(TypeError, match="must be one of LSTM, GRU, got RNN: add a `Memory` for it"):
        memory_of(nn.RNN(2, 3))


class Average(nn.Module):
    """A memory of another kind: it reads the mean of the features since the start of the episode."""

    def __init__(self, input_size, hidden_size, num_layers):
        super().__init__()
        self.hidden_size, self.num_layers = hidden_size, num_layers
        self.out = nn.Linear(input_size, hidden_size)


class AverageMemory(Memory):
    """The state is one tensor (1, n, 2, input size): the sum of the features, and their number."""

    module_type = Average

    def initial(self, n):
        return (th.zeros(1, n, 2, self.module.out.in_features),)

    def step(self, features, state, starts):
        before = state[0] * (1.0 - starts).view(1, -1, 1, 1)
        after = before + th.stack((features, th.ones_like(features)), dim=1)
        return self.module.out(after[0, :, 0] / after[0, :, 1]), (after,)

    def unroll(self, features, state, rectangle):
        inputs, outputs = rectangle.arrange(features), []
        for x, gap in zip(inputs, rectangle.gaps(inputs).squeeze(-1), strict=True):
            output, (after,) = self.step(x, state, th.zeros(len(x)))
            outputs.append(output)
            state = (after * (1.0 - gap).view(1, -1, 1, 1),)
        return rectangle.collect(th.stack(outputs)), state


@every_way
def test_a_memory_of_another_kind_is_one_class_and_a_line_in_the_table(way, monkeypatch):
    """Its states have a shape of their own; the mirrored ones equal those of a policy that acts in the mirror."""
    monkeypatch.setitem(MEMORIES, "average", AverageMemory)
    kwargs = {"lstm_hidden_size": 8, "memory": "average"}
    model = small(random_worlds(3), sequence_length=5, mirrored_memory=way, policy_kwargs=kwargs)
    assert isinstance(model.policy.lstm_actor, Average)
    life = LIVES[way]()
    model.learn(12 * 3 * 3, callback=life)
    life.compare()
    assert life.compared == 3
    assert model.predict(np.ones((3, 4), np.float32))[1][0].shape == (1, 3, 2, 4)


def test_states_of_any_number_and_shape_are_arranged():
    def states(k):
        own = th.full((1, 3, 2, 5), float(k)), th.arange(3.0).view(1, 3) + 10 * k
        return RNNStates(own, own[:1])

    stacked = stack_images([states(1), states(2)])
    assert [x.shape for x in stacked.pi] == [(1, 3, 2, 2, 5), (1, 3, 2)]
    assert len(stacked.vf) == 1
    assert stacked.pi[1][0].tolist() == [[10, 20], [11, 21], [12, 22]]
    joined = join_states([stacked, zero_states(stacked)])
    assert [x.shape for x in joined.pi] == [(1, 6, 2, 2, 5), (1, 6, 2)]
    selected = select_states(joined, th.tensor([2, 0, 5]), th.tensor([True, False, True]))
    assert [x.shape for x in selected.pi] == [(1, 6, 2, 5), (1, 6)]
    assert selected.pi[1][0].tolist() == [12, 22, 0, 0, 0, 0]
    assert selected.pi[0][0, :, 0, 0].tolist() == [1, 2, 0, 0, 0, 0]


# ---------------------------------------------------------------- policies


@every_memory
@every_critic
def test_initial_states_are_zeros_for_actor_and_critic(name, critic):
    model = small(policy_kwargs={"n_lstm_layers": 2, "memory": name, **critic})
    n_tensors = {"lstm": 2, "gru": 1}[name]
    for states, n in ((initial_states(model.policy, 5), 5), (model._last_lstm_states, 3)):
        assert isinstance(states, RNNStates)
        for state in states:
            assert [x.shape for x in state] == [(2, n, 8)] * n_tensors
            assert all((x == 0).all() for x in state)


@every_critic
def test_a_policy_has_grus_in_place_of_lstms_and_learns_them(critic):
    kwargs = {"n_lstm_layers": 2, "lstm_kwargs": {"bias": False}, "optimizer_kwargs": {"eps": 1e-3}, **critic}
    policy = small(learning_rate=1e-3, policy_kwargs=kwargs).policy
    modules = [policy.lstm_actor, *([policy.lstm_critic] if policy.lstm_critic else [])]
    assert len(modules) == (2 if critic == {} else 1)
    assert [(type(x), x.input_size, x.hidden_size, x.num_layers, x.bias) for x in modules] == [
        (nn.GRU, 4, 8, 2, False)
    ] * len(modules)
    (group,) = policy.optimizer.param_groups
    assert {id(x) for x in group["params"]} == {id(x) for x in policy.parameters()}
    assert (group["lr"], group["eps"]) == (1e-3, 1e-3)


def test_an_lstm_is_the_default_and_draws_the_same_random_numbers():
    default, named = (
        MemAugRecurrentPPO("MlpLstmPolicy", random_worlds(3), seed=0, policy_kwargs=kwargs).policy
        for kwargs in (None, {"memory": "lstm"})
    )
    assert type(default.lstm_actor) is nn.LSTM
    for a, b in zip(default.parameters(), named.parameters(), strict=True):
        assert th.equal(a, b)


def test_an_unknown_memory_is_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match="`memory` of the policy must be one of 'lstm', 'gru', got 'rnn'"):
        small(policy_kwargs={"memory": "rnn"})


@every_memory
@every_critic
def test_predicting_from_the_state_before_equals_the_policy_step_by_step(name, critic):
    policy = small(policy_kwargs={"memory": name, **critic}).policy
    rng = np.random.default_rng(0)
    states, state = initial_states(policy, 3), None
    for _ in range(5):
        observation, start = rng.normal(size=(3, 4)).astype(np.float32), rng.random(3) < 0.3
        with th.no_grad():
            actions, _, _, states = policy(
                th.as_tensor(observation), states, th.as_tensor(start).float(), deterministic=True
            )
        found, state = policy.predict(observation, state, start, deterministic=True)
        np.testing.assert_array_equal(found, np.clip(actions.numpy(), -1, 1))
        assert all(isinstance(x, np.ndarray) for x in state)
        np.testing.assert_array_equal(np.stack(state), th.stack(states.pi).numpy())
    one, (hidden, *_) = policy.predict(observation[0], deterministic=True)
    assert (one.shape, hidden.shape) == ((2,), (1, 1, 8))


@every_memory
@pytest.mark.parametrize("p_start", [0.0, 0.3])
def test_long_sequences_are_read_in_order_one_behind_another(name, p_start):
    """As sb3-contrib's ``evaluate_actions`` gives them to ``_process_sequence``."""
    policy = small(policy_kwargs={"memory": name}).policy
    th.manual_seed(0)
    features, starts = th.randn(3, 5, 4), (th.rand(3, 5) < p_start).float()
    before = tuple(th.randn_like(x) for x in initial_states(policy, 3).pi)
    found, after = policy._process_sequence(features.flatten(0, 1), before, starts.flatten(), policy.lstm_actor)
    state = before
    for t in range(5):
        expected, state = memory_of(policy.lstm_actor).step(features[:, t], state, starts[:, t])
        th.testing.assert_close(found.view(3, 5, 8)[:, t], expected)
    th.testing.assert_close(after, state)


@pytest.mark.parametrize(
    ("policy", "observation"),
    [("CnnLstmPolicy", "image"), ("MultiInputLstmPolicy", "dict"), ("MlpLstmPolicy", "vector")],
)
@pytest.mark.parametrize("action", ["box", "discrete"])
def test_grus_learn_from_any_observation(policy, observation, action):
    model = small(random_worlds(2, observation=observation, action=action), policy, n_steps=4)
    before = [parameter.clone() for parameter in model.policy.lstm_actor.parameters()]
    model.learn(2 * 2 * 4)
    assert all(x.isfinite().all() for x in model.policy.parameters())
    assert not any(th.equal(a, b) for a, b in zip(before, model.policy.lstm_actor.parameters(), strict=True))


@pytest.mark.parametrize("autocast", [None, "bf16"])
def test_a_gru_learns_with_minibatches_and_parts(autocast, monkeypatch):
    monkeypatch.setattr("sb3_memaug.ppo.mirrored_memory.num_chunks", lambda *_: 2)
    model = small(n_minibatches=2, n_epochs=2, sequence_length=6, autocast=autocast, mirror_loss_coef=0.1)
    model.learn(12 * 3 * 2)
    assert all(x.dtype == th.float32 for state in model._last_mirrored_lstm_states[0] for x in state)
    assert all(x.isfinite().all() for x in model.policy.parameters())


def test_a_policy_of_sb3_contrib_is_mirrored_as_well():
    model = MemAugRecurrentPPO(RecurrentActorCriticPolicy, random_worlds(3), n_steps=12, n_epochs=1, seed=0)
    life = LIVES["carried"]()
    model.learn(12 * 3 * 2, callback=life)
    life.compare()
    assert type(model.policy) is RecurrentActorCriticPolicy


@every_memory
def test_a_saved_model_acts_and_learns_on(name, tmp_path):
    model = small(policy_kwargs={"memory": name, "n_lstm_layers": 2}).learn(12 * 3)
    model.save(tmp_path / "model")
    loaded = MemAugRecurrentPPO.load(tmp_path / "model", random_worlds(3), device="cpu")
    assert type(loaded.policy.lstm_actor) is MEMORIES[name].module_type
    seen, state, state_loaded = np.ones((3, 4), np.float32), None, None
    for _ in range(3):
        action, state = model.predict(seen, state, deterministic=True)
        action_loaded, state_loaded = loaded.predict(seen, state_loaded, deterministic=True)
        np.testing.assert_array_equal(action, action_loaded)
    assert loaded.learn(12 * 3, reset_num_timesteps=False).num_timesteps == 12 * 3 * 2


@every_memory
def test_a_policy_that_is_saved_alone_is_loaded_with_its_memory(name, tmp_path):
    policy = small(policy_kwargs={"memory": name, "lstm_hidden_size": 6, "n_lstm_layers": 2, "net_arch": [8]}).policy
    policy.save(tmp_path / "policy")
    loaded = type(policy).load(tmp_path / "policy", device="cpu")
    seen = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    for (action, states), (expected, of_saved) in [
        (loaded.predict(seen, deterministic=True), policy.predict(seen, deterministic=True))
    ]:
        np.testing.assert_array_equal(action, expected)
        for state, other in zip(states, of_saved, strict=True):
            np.testing.assert_array_equal(state, other)


def test_arguments_of_another_module_do_not_reach_an_lstm(monkeypatch):
    class Plain(memory.LstmMemory):
        module_type = nn.RNN

    monkeypatch.setitem(memory.MEMORIES, "rnn", Plain)
    model = small(policy_kwargs={"memory": "rnn", "lstm_kwargs": {"nonlinearity": "relu"}}, _init_setup_model=True)
    assert model.policy.lstm_actor.nonlinearity == "relu"


def test_a_memory_that_is_no_name_is_refused():
    with pytest.raises(ValueError, match=r"`memory` of the policy must be one of 'lstm', 'gru', got \['gru'\]"):
        small(policy_kwargs={"memory": ["gru"]})
