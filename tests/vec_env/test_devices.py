"""What a CPU forgives and other devices do not, seen without one."""

from __future__ import annotations

import pytest
import torch as th
from torch.overrides import TorchFunctionMode

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO, SymmetricVecNormalize
from sb3_memaug.envs.rower import Rower
from sb3_memaug.ppo.memory import memory_of, rectangle_of
from sb3_memaug.ppo.update import AdaptiveLearningRate
from sb3_memaug.symmetry import SignedPermutation
from sb3_memaug.vec_env import devices, steppers
from sb3_memaug.vec_env.statistics import TensorOrbitMeanStd
from sb3_memaug.vec_env.steppers import EpisodeWindow
from tests.vec_env.test_steppers import act_asynchronously, make

both = pytest.mark.parametrize("algorithm", [MemAugRecurrentPPO, SymmetricPPO])
META = th.device("meta")


@both
@pytest.mark.parametrize("adapt_rate", ["minibatch", "update"])
def test_a_fused_optimizer_is_given_its_rate_in_float32_on_its_device(algorithm, adapt_rate):
    model = make(algorithm, Rower(8), n_steps=8, n_epochs=3, desired_kl=0.01, adapt_rate=adapt_rate)
    step, given = model.policy.optimizer.step, []
    model.policy.optimizer.step = lambda: given.append(model.policy.optimizer.param_groups[0]["lr"]) or step()
    model.learn(128)
    assert model.policy.optimizer.param_groups[0]["fused"]
    tensors = [rate for rate in given if isinstance(rate, th.Tensor)]
    assert all((rate.dtype, rate.device, rate.dim()) == (th.float32, model.device, 0) for rate in tensors)
    assert bool(tensors) == (adapt_rate == "minibatch")
    assert isinstance(model.policy.optimizer.param_groups[0]["lr"], float)


def test_an_optimizer_that_is_not_fused_is_given_a_number():
    model = make(SymmetricPPO, Rower(8), n_steps=8, desired_kl=0.01, policy_kwargs={"optimizer_class": th.optim.SGD})
    step, given = model.policy.optimizer.step, []
    model.policy.optimizer.step = lambda: given.append(model.policy.optimizer.param_groups[0]["lr"]) or step()
    model.learn(64)
    assert {type(rate) for rate in given} == {float}


@pytest.mark.parametrize("dtype", [th.float32, th.float64])
def test_an_adaptive_rate_comes_back_to_where_it_was(dtype):
    adaptive = AdaptiveLearningRate(1e-3, 0.01)
    rate, up, down = th.tensor(1e-3, dtype=dtype), th.tensor(0.0), th.tensor(1.0)
    for _ in range(3000):
        rate = adaptive.after(adaptive.after(rate, up), down)
        assert rate.dtype == dtype
    assert adaptive.within_bounds(float(rate)) == pytest.approx(1e-3, rel=1e-9 if dtype == th.float64 else 1e-4)
    for kl, bound in ((up, 1e-2), (down, 1e-5)):
        for _ in range(50):
            rate = adaptive.after(rate, kl)
        assert adaptive.within_bounds(float(rate)) == bound


def test_without_float64_there_is_none(monkeypatch):
    """A training on a device whose longest type is float32, as Apple's."""
    monkeypatch.setattr("sb3_memaug.ppo.update.long_float", lambda device: th.float32)
    monkeypatch.setattr("sb3_memaug.vec_env.statistics.long_float", lambda device: th.float32)
    env = SymmetricVecNormalize(Rower(8))
    model = make(MemAugRecurrentPPO, env, n_steps=8, desired_kl=0.01)

    class Types(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            result = func(*args, **(kwargs or {}))
            if isinstance(result, th.Tensor) and result.dtype == th.float64:
                seen.add(getattr(func, "__name__", str(func)))
            return result

    seen: set[str] = set()
    with Types():
        model.learn(128)
    assert seen == set()
    assert 1e-5 <= model.adaptive_rate.rate <= 1e-2


def test_statistics_move_between_devices_of_different_types(monkeypatch):
    statistics = TensorOrbitMeanStd([SignedPermutation([0], [-1])], (1,))
    statistics.update(th.tensor([[1.0], [3.0]]))
    assert statistics.centre.dtype == th.float64
    monkeypatch.setattr("sb3_memaug.vec_env.statistics.long_float", lambda device: th.float32)
    statistics.to(th.device("cpu"))
    assert {x.dtype for x in (statistics.centre, statistics.variance, statistics.weight)} == {th.float32}
    statistics.update(th.tensor([[5.0]]))
    assert statistics.variance.dtype == th.float32
    monkeypatch.undo()
    statistics.to(th.device("cpu"))
    assert statistics.variance.item() == pytest.approx(8 / 3, rel=1e-3)  # of -1, -3 and -5
    assert statistics.variance.dtype == th.float64


def test_a_device_without_an_index_is_the_one_that_tensors_come_to(monkeypatch):
    assert devices.placed(META) == META
    assert devices.placed(th.device("cpu")) == th.zeros(0).device
    # As of two GPUs, of which the second one is in use.
    monkeypatch.setattr(steppers, "placed", lambda d: th.device("cuda", 1) if d == th.device("cuda") else d)
    env = Rower(2)
    env.device = th.device("cuda")
    with pytest.raises(ValueError, match=r"live on cuda:1, the algorithm on cuda:0: give both the same `device`"):
        steppers.DeviceStepper(env, th.device("cuda:0"), 3)
    env.device = META
    source = steppers.DeviceStepper(env, META, 3)
    assert source._all.device == META


@pytest.mark.parametrize("size", [1, 3, 100])
def test_no_two_episodes_are_written_to_one_place(size):
    class Writes(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            if func is th.Tensor.__setitem__:
                places.append(args[1].clone())
            return func(*args, **(kwargs or {}))

    window, places, real = EpisodeWindow(size, th.device("cpu")), [], []
    generator = th.Generator().manual_seed(0)
    for step in range(20):
        ended = th.rand(9, generator=generator) < (step % 3) / 2
        returns = th.arange(9.0) + 10 * step
        with Writes():
            window.add(returns, th.full((9,), step), ended)
        real += [{"r": r, "l": step} for r in returns[ended].tolist()]
        assert window.episodes() == real[-size:]
    assert places
    for place in places:
        kept = place[place < size]
        assert len(kept) == len(kept.unique())


def test_a_window_stays_on_its_device():
    window = EpisodeWindow(3, META)
    window.add(th.zeros(5, device=META), th.zeros(5, device=META, dtype=th.int64), th.zeros(5, device=META) > 0)
    assert {x.device for x in (window._returns, window._lengths, window._count)} == {META}


class RecurrentCalls(TorchFunctionMode):
    """What cuDNN wants of the states of an LSTM or a GRU: one piece of memory, and the type of the weights."""

    def __init__(self):
        super().__init__()
        self.n = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if getattr(func, "__name__", "") in ("lstm", "gru"):
            states, weights = args[1] if isinstance(args[1], (list, tuple)) else [args[1]], args[2]
            assert all(state.is_contiguous() for state in states)
            assert all(weight.is_contiguous() for weight in weights)
            assert {x.dtype for x in (args[0], *states, *weights)} == {th.float32}
            assert {x.device for x in (args[0], *states, *weights)} == {th.device("cpu")}
            self.n += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize(
    "kwargs",
    [{}, {"shared_lstm": True, "enable_critic_lstm": False}, {"memory": "gru"}],
    ids=["own", "shared", "gru"],
)
def test_the_states_of_memories_lie_in_one_piece(n_layers, kwargs, monkeypatch):
    act_asynchronously(monkeypatch)
    small = {"lstm_hidden_size": 8, "n_lstm_layers": n_layers, "net_arch": [8], **kwargs}
    model = make(MemAugRecurrentPPO, Rower(8), n_steps=64, sequence_length=16, policy_kwargs=small)
    with RecurrentCalls() as calls:
        model.learn(3 * 8 * 64)
    assert calls.n > 3 * 64


def test_features_need_not_lie_in_one_piece():
    lstm = th.nn.LSTM(4, 3)
    states = th.zeros(1, 2, 3), th.zeros(1, 2, 3)
    features = th.randn(4, 6).T
    assert not features.is_contiguous()
    filled = th.ones(3, 2, dtype=th.bool).numpy()
    whole, _ = memory_of(lstm).unroll(features, states, rectangle_of(filled, th.device("cpu")))
    expected, _ = memory_of(lstm).unroll(features.contiguous(), states, rectangle_of(filled, th.device("cpu")))
    assert th.equal(whole, expected)
    filled[1, 0] = False
    five = th.randn(4, 5).T
    gaps, _ = memory_of(lstm).unroll(five, states, rectangle_of(filled, th.device("cpu")))
    expected, _ = memory_of(lstm).unroll(five.contiguous(), states, rectangle_of(filled, th.device("cpu")))
    assert th.equal(gaps, expected)


@pytest.mark.filterwarnings("ignore:PyTorch has no LSTM in bfloat16")
def test_asking_what_a_device_can_do_draws_no_random_numbers():
    before = th.get_rng_state()
    assert devices.runs_lstms_in_bfloat16.__wrapped__("cpu") == devices.runs_lstms_in_bfloat16("cpu")
    assert th.equal(th.get_rng_state(), before)
