import numpy as np
import pytest
import torch as th
from torch import nn

from sb3_memaug.ppo import memory
from sb3_memaug.ppo.memory import rectangle_of, run_lstm
from sb3_memaug.vec_env.devices import runs_lstms_in_bfloat16

FILLED = np.array([[1, 1, 1], [1, 0, 1], [0, 1, 1], [1, 1, 0], [1, 1, 0]], dtype=bool)
N_IMAGES = 2


def make(layers=1, bias=True, dtype=th.float32, seed=0):
    th.manual_seed(seed)
    lstm = nn.LSTM(4, 6, num_layers=layers, bias=bias).to(dtype)
    features = th.randn(int(FILLED.sum()) * N_IMAGES, 4, dtype=dtype, requires_grad=True)
    states = tuple(th.randn(layers, 3 * N_IMAGES, 6, dtype=dtype, requires_grad=True) for _ in range(2))
    return lstm, features, states


def one_step_at_a_time(lstm, features, states):
    """The same, with the states set to zero where no sample stands."""
    hidden, cell = states
    by_sample = iter(features.view(-1, N_IMAGES, 4))
    outputs = []
    for filled in FILLED:
        keep = th.as_tensor(np.repeat(filled, N_IMAGES)).view(1, -1, 1)
        inputs = th.cat([next(by_sample) if lives else features.new_zeros(N_IMAGES, 4) for lives in filled])
        output, (hidden, cell) = lstm(inputs.unsqueeze(0), (hidden, cell))
        hidden, cell = hidden * keep, cell * keep
        outputs.append(output[0, keep.flatten()])
    return th.cat(outputs), (hidden, cell)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
def test_outputs_states_and_gradients_are_those_of_an_lstm_whose_state_is_set_to_zero(layers, bias):
    lstm, features, states = make(layers, bias)
    results = []
    for run in (one_step_at_a_time, lambda *args: run_lstm(*args, rectangle_of(FILLED, th.device("cpu")))):
        output, (hidden, cell) = run(lstm, features, states)
        wanted = [features, *states, *lstm.parameters()]
        loss = (output**2).sum() + hidden.sum() + (cell * 3).sum()
        results.append((output, hidden, cell, *th.autograd.grad(loss, wanted)))
    for expected, found in zip(*results, strict=True):
        th.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_nothing_passes_a_step_that_forgets():
    lstm, features, states = make()
    output, _ = run_lstm(lstm, features, states, rectangle_of(FILLED, th.device("cpu")))
    # Sample 6 is the third step of column 1, before which the column forgets.
    order = np.flatnonzero(FILLED.ravel())
    (after,) = np.flatnonzero(order == 2 * 3 + 1)
    gradient_features, gradient_hidden = th.autograd.grad(output[after * N_IMAGES].sum(), [features, states[0]])
    assert th.equal(gradient_hidden, th.zeros_like(gradient_hidden))
    assert gradient_features.abs().sum(dim=1).nonzero().flatten().tolist() == [after * N_IMAGES]


def test_the_states_after_a_lane_that_has_ended_are_zero():
    lstm, features, states = make()
    _, (hidden, cell) = run_lstm(lstm, features, states, rectangle_of(FILLED, th.device("cpu")))
    assert (hidden[:, 2 * N_IMAGES :] == 0).all()
    assert (cell[:, 2 * N_IMAGES :] == 0).all()
    assert (hidden[:, : 2 * N_IMAGES] != 0).all()


def test_a_full_rectangle_is_an_ordinary_call():
    lstm, _, _ = make()
    features, states = th.randn(5 * 3, 4), (th.randn(1, 3, 6), th.randn(1, 3, 6))
    rectangle = rectangle_of(np.ones((5, 3), dtype=bool), th.device("cpu"))
    assert rectangle.places is None
    output, after = run_lstm(lstm, features, states, rectangle)
    expected, expected_after = lstm(features.view(5, 3, 4), states)
    assert th.equal(output, expected.flatten(0, 1))
    assert all(th.equal(a, b) for a, b in zip(after, expected_after, strict=True))


def test_it_forgets_in_bfloat16_too():
    lstm, features, states = make()
    with th.autocast("cpu", dtype=th.bfloat16):
        output, _ = run_lstm(lstm, features, states, rectangle_of(FILLED, th.device("cpu")))
    expected, _ = one_step_at_a_time(lstm, features, states)
    assert output.dtype == (th.bfloat16 if runs_lstms_in_bfloat16("cpu") else th.float32)
    th.testing.assert_close(output.float(), expected, atol=0.03, rtol=0)


def test_where_there_is_no_lstm_in_bfloat16_it_runs_in_float32(monkeypatch):
    monkeypatch.setattr(memory, "runs_lstms_in_bfloat16", lambda device_type: False)
    lstm, features, states = make()
    with th.autocast("cpu", dtype=th.bfloat16):
        output, after = run_lstm(lstm, features.bfloat16(), states, rectangle_of(FILLED, th.device("cpu")))
    expected, expected_after = run_lstm(
        lstm, features.bfloat16().float(), states, rectangle_of(FILLED, th.device("cpu"))
    )
    assert th.equal(output, expected)
    assert all(th.equal(a, b) for a, b in zip(after, expected_after, strict=True))
