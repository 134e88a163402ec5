"""What depends on the device: number types, waiting for it, and how a minibatch is best split."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch as th
from torch import nn
from torch.distributions import Distribution

#: Numbers in the largest array of a part of a minibatch, on a CPU. Past about as many (times the arrays that an LSTM
#: keeps for its gradient) the C library asks the system for fresh memory at each call, which costs a third of the time.
LARGEST = 2**19


def num_chunks(device: th.device, size: int) -> int:
    """
    :param device: to compute on
    :param size: number of samples and images times the width of the widest layer
    :return: in how many parts a minibatch is best evaluated: smaller ones stay in a CPU's caches, while an accelerator
        is best fed as a whole
    """
    return 1 if is_asynchronous(device) else -(-size // LARGEST)


def is_asynchronous(device: th.device) -> bool:
    """
    :param device: of tensors
    :return: whether the host has to wait for the device to read a value
    """
    return device.type != "cpu"


@cache
def runs_lstms_in_bfloat16(device_type: str) -> bool:
    """
    :param device_type: such as ``"cpu"``
    :return: whether PyTorch has an LSTM in bfloat16 there; it has none for CPUs without AVX-512, and warns once
    """
    # Its weights are not drawn: a training that calls this must draw the same random numbers as one that has it cached.
    lstm = nn.LSTM(1, 1, device="meta").to_empty(device=device_type)
    x = th.zeros(1, 1, 1, device=device_type)
    try:
        with th.no_grad(), th.autocast(device_type, dtype=th.bfloat16):
            lstm(x)
    except RuntimeError:
        warnings.warn(
            f"PyTorch has no LSTM in bfloat16 for this {device_type}: with `autocast`, LSTMs run in float32 and only "
            "the other layers in bfloat16, which is hardly faster than float32 alone",
            stacklevel=2,
        )
        return False
    return True


def placed(device: th.device) -> th.device:
    """
    :param device: which may lack its index, as ``"cuda"`` does
    :return: the one that tensors come to there, as ``"cuda:0"``
    """
    return th.empty(0, device=device).device


def long_float(device: th.device) -> th.dtype:
    """
    :param device: of tensors
    :return: the type with the most digits that it has
    """
    return th.float32 if device.type == "mps" else th.float64


def steps_without_sync(optimizer: th.optim.Optimizer, device: th.device) -> bool:
    """
    :param optimizer: of parameters on the device
    :param device: to compute on
    :return: whether the optimizer should decide on the device that it does not step, since the host would have to wait
        for the device; only fused optimizers can
    """
    return is_asynchronous(device) and all(group.get("fused") for group in optimizer.param_groups)


@contextmanager
def no_host_sync() -> Iterator[None]:
    """
    Leave out the checks of PyTorch's distributions, each of which would wait for the device. What is not finite is
    found by checks of our own, which name its origin.
    """
    checks = Distribution._validate_args
    Distribution.set_default_validate_args(False)
    try:
        yield
    finally:
        Distribution.set_default_validate_args(checks)
