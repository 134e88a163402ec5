"""
Where looking at a tensor means to wait for the device, nobody looks during the steps of a rollout or of an update.

No accelerator is needed to see that: the library is told that it has one, and every look is counted.
"""

from __future__ import annotations

from collections import Counter

import pytest
import torch as th
from torch.utils._python_dispatch import TorchDispatchMode

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.envs.rower import Rower
from sb3_memaug.vec_env.normalize import SymmetricVecNormalize
from tests.vec_env.test_steppers import WORLDS, Hidden, act_asynchronously, make

#: Methods that show values to the host, and operations that it waits for: their result, or its size, depends on values.
METHODS = ("numpy", "__array__", "tolist", "cpu")
OPERATIONS = (
    "_local_scalar_dense",
    "item",
    "is_nonzero",
    "nonzero",
    "masked_select",
    "unique",
    "equal",
    "bincount",
    "repeat_interleave",
)
INDEXING = ("index", "index_put", "index_put_", "_unsafe_index")
both = pytest.mark.parametrize("algorithm", [MemAugRecurrentPPO, SymmetricPPO])


class Looks(TorchDispatchMode):
    """Counts the host's looks at tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        by_mask = name in INDEXING and any(i is not None and i.dtype in (th.bool, th.uint8) for i in args[1])
        if by_mask or name.lstrip("_").startswith(tuple(operation.lstrip("_") for operation in OPERATIONS)):
            self.seen[name] += 1
        return func(*args, **(kwargs or {}))

    def __enter__(self):
        self._patch = pytest.MonkeyPatch()
        for name in METHODS:
            self._patch.setattr(th.Tensor, name, self._counted(name, getattr(th.Tensor, name)))
        return super().__enter__()

    def __exit__(self, *error):
        self._patch.undo()
        return super().__exit__(*error)

    def _counted(self, name, method):
        def look(tensor, *args, **kwargs):
            self.seen[name] += 1
            return method(tensor, *args, **kwargs)

        return look


def rollout_looks(algorithm, env, n_steps):
    """Of the second rollout: the first one also makes what is made once."""
    model = make(algorithm, env, n_steps=n_steps)
    _, callback = model._setup_learn(10**6)
    for _ in range(2):
        with Looks() as looks:
            model.collect_rollouts(model.env, callback, model.rollout_buffer, n_steps)
    return looks.seen


def update_looks(algorithm, n_epochs=1, n_minibatches=1, **kwargs):
    """Of the second update."""
    size = {"n_minibatches": n_minibatches} if algorithm is MemAugRecurrentPPO else {}
    size["batch_size"] = 8 * 8 // n_minibatches
    model = make(algorithm, Rower(8), n_steps=8, n_epochs=n_epochs, desired_kl=0.01, **size, **kwargs)
    _, callback = model._setup_learn(10**6)
    for _ in range(2):
        model.collect_rollouts(model.env, callback, model.rollout_buffer, 8)
        with Looks() as looks:
            model.train()
    return looks.seen


PLANTS = {
    "item": lambda x: x.item(),
    "bool": lambda x: bool(x),
    "float": lambda x: float(x),
    "if": lambda x: 1 if x > 0 else 2,
    "format": lambda x: f"{x:.2f}",
    "tolist": lambda x: x.tolist(),
    "numpy": lambda x: x.numpy(),
    "array": lambda x: memoryview(x.__array__()),
    "cpu": lambda x: x.cpu(),
    "nonzero": lambda x: x.view(1).nonzero(),
    "where": lambda x: th.where(x.view(1) > 0),
    "mask": lambda x: x.view(1)[x.view(1) > 0],
    "put by mask": lambda x: th.zeros(1).index_put((x.view(1) > 0,), x),
    "masked_select": lambda x: x.view(1).masked_select(x.view(1) > 0),
    "unique": lambda x: x.view(1).unique(),
    "equal": lambda x: th.equal(x, x),
    "repeat_interleave": lambda x: x.view(1).repeat_interleave(x.view(1).long()),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_a_look_is_seen(plant):
    x = th.tensor(1.5)
    with Looks() as mode:
        PLANTS[plant](x)
    assert mode.seen


def test_nothing_else_is_taken_for_a_look():
    x, rows = th.tensor([1.5, 2.5]), th.tensor([1])
    with Looks() as mode:
        y = th.where(x > 2, x, 0.0)[rows] + x.index_select(0, rows) + x.masked_fill(x > 2, 1.0).sum()
        th.zeros(2).index_put((rows,), y)
        (x.clamp(0, 1).mean() + y.sum()).view(1).to(th.float64)
    assert mode.seen == {}


# On a CPU, and only there, PyTorch looks at labels before it makes them one-hot: no discrete observations.
SEEN = {name: world for name, world in WORLDS.items() if name != "discrete"}


@both
@pytest.mark.parametrize("world", [*SEEN, "normalised"])
def test_no_step_of_a_rollout_looks(algorithm, world, monkeypatch):
    act_asynchronously(monkeypatch)
    worlds = {**SEEN, "normalised": lambda n: SymmetricVecNormalize(Rower(n))}
    short, long = (rollout_looks(algorithm, worlds[world](8), n_steps) for n_steps in (4, 16))
    assert short == long
    # At the episodes, at whether everything is finite, and at what a world logs.
    assert 0 < short.total() < 9


@both
def test_through_numpy_every_step_looks(algorithm):
    short, long = (rollout_looks(algorithm, Hidden(Rower(8)), n_steps).total() for n_steps in (4, 16))
    assert long >= 4 * short - 9 > 9


@both
@pytest.mark.parametrize("adapt_rate", ["minibatch", "update"])
def test_no_gradient_step_of_an_update_looks(algorithm, adapt_rate, monkeypatch):
    act_asynchronously(monkeypatch)
    once = update_looks(algorithm, adapt_rate=adapt_rate)
    for n_epochs, n_minibatches in ((4, 1), (1, 4), (2, 2)):
        assert update_looks(algorithm, n_epochs, n_minibatches, adapt_rate=adapt_rate) == once
    # At the rate and at the log; with memories also at where episodes start.
    assert 0 < once.total() < 6


@both
def test_an_early_stop_looks_at_every_divergence(algorithm, monkeypatch):
    act_asynchronously(monkeypatch)
    once, often = (update_looks(algorithm, n_epochs, target_kl=100.0).total() for n_epochs in (1, 4))
    assert often - once == 3
