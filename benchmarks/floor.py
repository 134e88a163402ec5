"""What updates are held against: their arithmetic at the rate of matrix products, and the networks in bare torch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch as th
from noise import LEARNING_RATE, Sizes
from torch import nn

# Small enough to measure often, large enough for a clock.
OPERATIONS_MEASURED = {"cpu": 2e9, "cuda": 1e12}


def operations(sizes: Sizes, group_size: int = 1) -> float:
    """
    Floating point operations of both LSTMs and both heads in one update, a multiplication and an addition counted as
    two; forward, and backward to the weights and to all inputs but the observations. Products of matrices only.
    """
    lstm_input = 4 * sizes.hidden * sizes.n_observations
    lstm_state = 4 * sizes.hidden * sizes.hidden
    products = 0
    for outputs in (sizes.n_actions, 1):
        head = sum(before * after for before, after in pairwise((sizes.hidden, *sizes.head, outputs)))
        products += 2 * lstm_input + 3 * (lstm_state + head)
    return 2.0 * products * sizes.samples * group_size * sizes.n_epochs


def matrix_products(sizes: Sizes, group_size: int, dtype: th.dtype, device: str) -> dict[str, Product]:
    """The two that most of the arithmetic is in: an LSTM's step, and the first layer of a head."""
    rows = sizes.n_envs * group_size // sizes.n_minibatches
    shapes = [(rows, sizes.hidden, 4 * sizes.hidden), (rows * sizes.n_steps, sizes.hidden, sizes.head[0])]
    products = [Product(*shape, dtype, device) for shape in shapes]
    return {product.name: product for product in products}


class Product:
    """Products of a (rows, inner) and an (inner, columns) matrix, one after another."""

    def __init__(self, rows: int, inner: int, columns: int, dtype: th.dtype, device: str) -> None:
        self.name = f"{rows}×{inner} @ {inner}×{columns}, {str(dtype).removeprefix('torch.')}"
        self.left = th.randn(rows, inner, device=device, dtype=dtype)
        self.right = th.randn(inner, columns, device=device, dtype=dtype)
        once = 2.0 * rows * inner * columns
        self.repetitions = max(1, round(OPERATIONS_MEASURED[th.device(device).type] / once))
        self.operations = self.repetitions * once

    def __call__(self) -> None:
        # cuDNN's LSTMs round float32 to TensorFloat-32 where they may, so the floor may as well.
        th.set_float32_matmul_precision("high")
        for _ in range(self.repetitions):
            self.left @ self.right
        th.set_float32_matmul_precision("highest")


def bare_torch(sizes: Sizes, group_size: int, dtype: th.dtype, device: str) -> Callable[[], None]:
    """
    The same LSTMs, heads, epochs, minibatches and optimizer, on sequences that all last the whole rollout: no episode
    ends, no distribution, no loss of PPO, no mirror, no memory.
    """
    rows = sizes.n_envs * group_size // sizes.n_minibatches
    lstms, heads = nn.ModuleList(), nn.ModuleList()
    for outputs in (sizes.n_actions, 1):
        lstms.append(nn.LSTM(sizes.n_observations, sizes.hidden))
        layers = [nn.Sequential(nn.Linear(*ends), nn.ELU()) for ends in pairwise((sizes.hidden, *sizes.head))]
        heads.append(nn.Sequential(*layers, nn.Linear(sizes.head[-1], outputs)))
    networks = nn.ModuleList([lstms, heads]).to(device)
    optimizer = th.optim.Adam(networks.parameters(), lr=LEARNING_RATE, eps=1e-5)
    observations = th.randn(sizes.n_minibatches, sizes.n_steps, rows, sizes.n_observations, device=device)

    def update() -> None:
        for _ in range(sizes.n_epochs):
            for minibatch in observations:
                with th.autocast(th.device(device).type, dtype, enabled=dtype != th.float32):
                    outputs = [head(lstm(minibatch)[0]) for lstm, head in zip(lstms, heads, strict=True)]
                loss = sum(output.float().square().mean() for output in outputs)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    return update
