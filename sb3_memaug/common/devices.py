"""What is slow on one device and quick on another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch as th
from torch.distributions import Distribution

#: Numbers in the largest array of a part of a minibatch, on a CPU. Past about as many (times the arrays that an LSTM
#: keeps for its gradient) the C library asks the system for fresh memory at each call, which costs a third of the time.
LARGEST = 2**19


def parts_for(device: th.device, size: int) -> int:
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
    :return: whether the host has to wait for the device before it can see a value
    """
    return device.type != "cpu"


@contextmanager
def without_looking(device: th.device) -> Iterator[None]:
    """
    Leave out the checks of PyTorch's distributions where each of them would wait for the device.

    :param device: that the distributions live on
    """
    checks = Distribution._validate_args
    Distribution.set_default_validate_args(checks and not is_asynchronous(device))
    try:
        yield
    finally:
        Distribution.set_default_validate_args(checks)
